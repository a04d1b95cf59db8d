/** The console in Chromium, as somebody sees it: from what they do to the frame that shows it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { serveApp, startBrowser } from '../../acceptance/browser-under-test.ts';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { newName, ownerOf, servedProject, servedProjects } from '../bench-project.ts';
import type { Context, FigureSpec, Group, Section, Way } from '../section.ts';

const PROJECTS = { quick: 2, whole: 5 };
const ROWS = 1_000_000;
const SOON_MS = 300;
const STEP_SOON_MS = 100;
const SHOWN_WITHIN_MS = 20_000;
const [COLD, WARM] = ['a new browser', 'the same browser again'];
const PLAIN = 'a page of plain HTML with as many rows';
const ROOT = join(import.meta.dirname, '..', '..', '..');

/** When the frame is painted in which this is true, by the page's own clock. */
const SHOWN = `globalThis.shown = (isThere) => new Promise((resolve) => {
  const look = () => isThere() ? setTimeout(() => resolve(performance.now())) : requestAnimationFrame(look);
  requestAnimationFrame(look);
});`;
const listOf = (count: number): string =>
  `globalThis.list = shown(() => document.querySelectorAll('tbody tr').length >= ${count});`;
const OPEN_TABLE = `(() => {
  const from = performance.now();
  [...document.querySelectorAll('tbody a')].find(({ textContent }) => textContent.includes('many')).click();
  return shown(() => document.querySelector('[role=grid]')?.textContent.includes('row 1 ')).then((at) => at - from);
})()`;
/** When each step is shown as done, by the clock of the machine. */
const STEPS = `globalThis.steps = {};
new MutationObserver(() => {
  for (const { dataset } of document.querySelectorAll('ol[data-process] > li[data-state="done"]'))
    if (!(dataset.step in steps)) {
      steps[dataset.step] = NaN;
      requestAnimationFrame(() => setTimeout(() => (steps[dataset.step] = Date.now())));
    }
}).observe(document, { subtree: true, childList: true, attributes: true });`;
/** those that come when the page surely stands, and what is recorded of them */
const WATCHED = { 'spawn-postgrest': 'PostgrestSpawned', 'verify-data-api': 'ProjectActivated' };

export const section: Section = {
  name: 'console',
  summary: `the console in Chromium: its list of ${PROJECTS.whole} projects (quick: ${PROJECTS.quick}), a table of ${ROWS.toLocaleString('en')} rows, the steps of a creation`,
  groups: [
    { name: 'project list', main: true, prepare: projectList },
    { name: 'table', prepare: table },
    { name: 'steps', prepare: steps },
  ],
};

async function projectList(context: Context): Promise<Group> {
  const { platform, browser } = await consoleOf(context);
  const count = context.quick ? PROJECTS.quick : PROJECTS.whole;
  await servedProjects(platform, count);
  const listAt = (url: string) => async (page: Page) => {
    await page.addInitScript(SHOWN + listOf(count));
    await page.goto(url, { waitUntil: 'commit' });
    return page.evaluate<number>('list');
  };
  const rows = '<tr><td>a project</td></tr>'.repeat(count);
  const text = `<!doctype html><title>Projects</title><table><tbody>${rows}</tbody></table>`;
  const plain = await serveApp({ '/': { type: 'text/html', text } });
  context.atEnd(() => plain.close());
  const sight = { see: listAt(`${platform.url}/console`), what: `list of ${count} projects` };
  return twice(context, platform, browser, { ...sight, beside: listAt(plain.url) });
}

async function table(context: Context): Promise<Group> {
  const { platform, browser } = await consoleOf(context);
  const { id } = await servedProject(platform);
  const query = `CREATE TABLE many AS SELECT id, 'row ' || id || ' of many' AS words, now() AS made_at
    FROM generate_series(1, ${ROWS}) AS id; ALTER TABLE many ADD PRIMARY KEY (id); ANALYZE many`;
  const body = { query };
  const made = await platform.call('POST', `/api/projects/${id}/sql`, {
    token: await ownerOf(platform),
    body,
  });
  if (made.status !== 200) throw new Error(`no table: ${JSON.stringify(made.body)}`);
  const see = async (page: Page) => {
    await page.addInitScript(SHOWN);
    await page.goto(`${platform.url}/console/projects/${id}/tables`);
    await page.getByRole('table').getByRole('link', { name: 'many' }).waitFor();
    // somebody looks before they choose
    await page.waitForLoadState('networkidle');
    return page.evaluate<number>(OPEN_TABLE);
  };
  return twice(context, platform, browser, { see, what: `table of ${ROWS.toLocaleString('en')} rows` });
}

interface Sight {
  readonly what: string;
  /** @returns how long it took, in ms */
  readonly see: (page: Page) => Promise<number>;
  /** the same of what costs next to nothing */
  readonly beside?: (page: Page) => Promise<number>;
}

/** In a browser that nobody was in before, and in one that has seen it. */
async function twice(
  context: Context,
  platform: PlatformUnderTest,
  browser: Browser,
  { see, what, beside }: Sight,
): Promise<Group> {
  const known = await signedIn(browser, platform);
  context.atEnd(() => known.close());
  const inPage = async (where: BrowserContext, look = see) => {
    const page = await where.newPage();
    const ms = await inTime(page, look(page));
    await page.close();
    return { ms };
  };
  // Chromium keeps compiled code of what it has seen twice
  for (let before = 0; before < 2; before++) await inPage(known);
  const cold: Way = async () => {
    const fresh = await signedIn(browser, platform);
    const measured = await inPage(fresh);
    await fresh.close();
    return measured;
  };
  const figures: FigureSpec[] = [COLD, WARM].map((way) => ({
    name: `${what}, ${way}`,
    unit: 'ms',
    of: [way, 'ms'] as const,
    ...(beside && way === WARM && { beside: [PLAIN, 'ms'] as const }),
    goal: { valueAtMost: SOON_MS },
  }));
  const ways = { [COLD]: cold, [WARM]: () => inPage(known) };
  return {
    rounds: 10,
    ways: beside ? { ...ways, [PLAIN]: () => inPage(known, beside) } : ways,
    figures,
  };
}

/** What a page says by itself has no end of its own. @throws what is there instead, when it does not come */
async function inTime(page: Page, shown: Promise<number>): Promise<number> {
  const over = new AbortController();
  const late = sleep(SHOWN_WITHIN_MS, undefined, { signal: over.signal }).then(async () => {
    const text = await page.locator('body').innerText();
    throw new Error(`not shown within ${SHOWN_WITHIN_MS} ms; at ${page.url()} there is:\n${text}`);
  });
  try {
    return await Promise.race([shown, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}

async function steps(context: Context): Promise<Group> {
  const { platform, browser } = await consoleOf(context);
  const where = await signedIn(browser, platform);
  context.atEnd(() => where.close());
  const way = 'a creation';
  const ways = { [way]: async () => ({ ms: await watchCreation(await where.newPage(), platform) }) };
  const figure = (name: string, quantile?: number): FigureSpec => ({
    name: `from a step's event to the screen, ${name}`,
    unit: 'ms',
    of: [way, 'ms'],
    ...(quantile !== undefined && { quantile }),
    goal: { valueAtMost: STEP_SOON_MS },
  });
  return { ways, figures: [figure('median'), figure('slowest', 1)] };
}

/** @returns of each watched step how long after its event it was there to see */
async function watchCreation(page: Page, platform: PlatformUnderTest): Promise<number[]> {
  await page.goto(`${platform.url}/console/projects/new`);
  await page.getByLabel('Short name').fill(newName());
  await page.evaluate(STEPS);
  await page.getByRole('button', { name: 'Create project', exact: true }).click();
  await page.locator('ol[data-process="provision"][data-state="done"]').waitFor();
  // the last one is to be painted, too
  await page.waitForFunction(`Object.values(steps).every((at) => at > 0)`);
  const shown = await page.evaluate<Record<string, number>>('steps');
  const project = new URL(page.url()).pathname.split('/').at(-1);
  const answer = await page.request.get(`${platform.url}/api/projects/${project}/audit`);
  const { entries } = (await answer.json()) as { entries: { type: string; recorded_at: string }[] };
  await page.close();
  return Object.entries(WATCHED).map(([step, type]) => {
    const recorded = entries.find((entry) => entry.type === type)?.recorded_at ?? '';
    const ms = (shown[step] ?? NaN) - Date.parse(recorded);
    if (Number.isNaN(ms)) throw new Error(`${step} was never shown`);
    return ms;
  });
}

/** A platform with the console as it is built from these sources, and a browser, for the whole section. */
async function consoleOf(context: Context) {
  await context.share('console', async () => {
    const build = join(ROOT, 'interfaces', 'console', 'build', 'build-console.ts');
    await promisify(execFile)(process.execPath, [build, '--if-changed'], { cwd: ROOT });
    return { close: async () => {} };
  });
  const browser = await context.share('browser', startBrowser);
  return { platform: await context.platform(), browser };
}

/** A browser that nobody was in before, but for whoever signed in. */
async function signedIn(browser: Browser, platform: PlatformUnderTest): Promise<BrowserContext> {
  const viewport = { width: 1400, height: 900 };
  const session = await sessionOf(browser, platform);
  return browser.newContext({ viewport, storageState: session });
}

type Session = Awaited<ReturnType<BrowserContext['storageState']>>;
const sessions = new WeakMap<PlatformUnderTest, Promise<Session>>();

/** One log-in for all: an address has few of them in a minute. */
function sessionOf(browser: Browser, platform: PlatformUnderTest): Promise<Session> {
  const session = sessions.get(platform) ?? logIn(browser, platform);
  sessions.set(platform, session);
  return session;
}

async function logIn(browser: Browser, platform: PlatformUnderTest): Promise<Session> {
  await ownerOf(platform);
  const context = await browser.newContext();
  const data = { email: 'bench@example.com', password: 'correct horse battery staple' };
  const answer = await context.request.post(`${platform.url}/api/session`, { data });
  if (answer.status() !== 201) throw new Error(`not signed in: ${await answer.text()}`);
  const session = await context.storageState();
  await context.close();
  return session;
}
