/** The platform with the built console, a browser, and pages in it, read as people read them: by role and name. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { startBrowser } from './browser-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

// of the page
declare const axe: { run: (options: object) => Promise<AxeResults> };
declare const document: {
  readonly cookie: string;
  readonly documentElement: { readonly scrollWidth: number };
  querySelector: (selector: string) => unknown;
};

export const PASSWORD = 'correct horse battery staple';
/** more than a loaded machine takes to make a project */
const PATIENCE_MS = 120_000;

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
}

export class ConsoleUnderTest {
  readonly platform: PlatformUnderTest;
  readonly #browser: Browser;
  /** what pages did that no page may do: broke its policy, threw, logged an error, or was answered 500 */
  readonly faults: string[] = [];

  private constructor(platform: PlatformUnderTest, browser: Browser) {
    this.platform = platform;
    this.#browser = browser;
  }

  /**
   * @param variables of the platform
   * @param prepare what is done to it before its first start
   */
  static async start(
    variables: Readonly<Record<string, string>> = {},
    prepare: (platform: PlatformUnderTest) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<ConsoleUnderTest> {
    const platform = await PlatformUnderTest.create(variables);
    await prepare(platform);
    const [browser] = await Promise.all([startBrowser(), platform.start()]);
    return new ConsoleUnderTest(platform, browser);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.platform.close();
  }

  get url(): string {
    return this.platform.url;
  }

  /** A browser that nobody was in before. */
  async visitor(options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({
      baseURL: this.url,
      viewport: { width: 1400, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on('page', (page) => this.#watch(page));
    return { context, page: await context.newPage() };
  }

  /** A browser in which a new owner is signed in: by one log-in, of which an address has ten a minute. */
  async owner(name: string, options: BrowserContextOptions = {}): Promise<Visitor & { ask: Ask }> {
    await this.signUp(name);
    const visitor = await this.visitor(options);
    await signIn(visitor.context, name);
    return { ...visitor, ask: asking(visitor.context) };
  }

  /** A browser in which the operator is signed in. */
  async operator(): Promise<Visitor> {
    const token = await this.platform.operatorToken();
    const visitor = await this.visitor();
    const answer = await visitor.context.request.post('/api/operator/session', { data: { token } });
    if (answer.status() !== 201) throw new Error(`not signed in: ${await answer.text()}`);
    return visitor;
  }

  async signUp(name: string): Promise<void> {
    const body = { email: `${name}@example.com`, password: PASSWORD };
    const { status } = await this.platform.call('POST', '/api/owners/signup', { body });
    if (status !== 201) throw new Error(`no account for ${name}: ${status}`);
  }

  #watch(page: Page): void {
    const note = (text: string) => void this.faults.push(`${new URL(page.url()).pathname}: ${text}`);
    page.on('pageerror', (error) => note(error.message));
    page.on('console', (message) => {
      // what is refused is shown where it was asked; a browser says it once more
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) note(message.text());
    });
    page.on('response', (response) => {
      if (response.status() === 500) note(`500 of ${response.url()}`);
    });
  }
}

/** Of the platform, as the page asks: by the cookie. */
export type Ask = (method: string, path: string, data?: object) => Promise<Record<string, unknown>>;

const asking =
  (context: BrowserContext): Ask =>
  async (method, path, data) => {
    const headers = { 'x-launchdb-console': '1', prefer: 'wait=60' };
    const answer = await context.request.fetch(path, { method, headers, ...(data && { data }) });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
    const text = await answer.text();
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  };

/** As the console's own page does it, without its form. */
export async function signIn(context: BrowserContext, name: string): Promise<void> {
  const data = { email: `${name}@example.com`, password: PASSWORD };
  const answer = await context.request.post('/api/session', { data });
  if (answer.status() !== 201) throw new Error(`not signed in: ${await answer.text()}`);
}

export const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name, exact: true });
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
export const fill = (page: Page, label: string | RegExp, text: string) =>
  page.getByLabel(label, typeof label === 'string' ? { exact: true } : {}).fill(text);

/** Everything that scripts of the page can read. */
export const readable = (page: Page) =>
  page.evaluate(() => ({
    cookies: document.cookie,
    kept: JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]),
  }));

/** How many pixels wide it is, without a cut. */
export const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

/** Where the navigation leads, and those pages that no link of it does. */
export async function pagesFrom(page: Page, start: string): Promise<string[]> {
  await page.goto(start);
  await page.getByRole('navigation').first().waitFor();
  const links = await page.getByRole('navigation').first().getByRole('link').all();
  const paths = await Promise.all(links.map((link) => link.getAttribute('href')));
  return paths.filter((path) => path !== null);
}

/** When it has its heading, and nothing is being read any more. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('[class*=skeleton]') === null);
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Of what runs, and not for ever: a dialog that fades in. */
const ANIMATIONS_END = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
  .map(({ finished }) => finished))`;

/** What axe finds, in a line each: rule, how many, the first place. */
export async function axeViolations(page: Page): Promise<string[]> {
  // what is still fading in is paler than it will be
  await page.evaluate(ANIMATIONS_END);
  // by the debugger: the page's own policy lets no such script in
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html ?? ''}`);
}
