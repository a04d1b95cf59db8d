/** The operator's pages for whoever has no mouse, weak eyes or a phone; how they follow what happens; what a session's end leaves. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operator } from '../console/src/texts/en/operator.ts';
import { palette } from '../console/src/texts/en/palette.ts';
import { session } from '../console/src/texts/en/session.ts';
import {
  axeViolations,
  ConsoleUnderTest,
  heading,
  pagesFrom,
  press,
  readable,
  settled,
  widthOf,
} from './console-under-test.ts';

const LOOKS = [360, 1400].flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ width, theme })));
const SLOW_POLL_MS = 15_000;

let consoles: ConsoleUnderTest;
let context: BrowserContext;
let page: Page;
let token: string;
const ids: string[] = [];

beforeAll(async () => {
  consoles = await ConsoleUnderTest.start();
  token = await consoles.platform.operatorToken();
  const owner = await consoles.platform.owner('operated');
  for (const name of ['shop', 'blog']) {
    const body = { name };
    const made = await consoles.platform.call<{ id: string }>('POST', '/api/projects', {
      token: owner,
      body,
    });
    ids.push(made.body.id);
  }
  ({ context, page } = await consoles.visitor());
  await signIn(token);
});
afterAll(() => consoles.close());

async function signIn(shown: string): Promise<void> {
  const answer = await context.request.post('/api/operator/session', { data: { token: shown } });
  expect(answer.status()).toBe(201);
}
/** As by another window. */
const endSession = () =>
  context.request.delete('/api/operator/session', { headers: { 'x-launchdb-console': '1' } });
const open = async (place: string) => {
  await page.goto(`/console/operator${place}`);
  await settled(page);
};
const dialog = (name?: string) => page.getByRole('dialog', name === undefined ? {} : { name });
const over = () => dialog(session.endedTitle);
const focused = () =>
  page.evaluate(
    '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()',
  );
/** Goes on by Tab until what has the focus is what is wanted. */
async function tabUntil(wanted: () => Promise<boolean>): Promise<void> {
  for (let times = 0; times < 80; times++) {
    if (await wanted()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab goes on to ${String(await focused())}, and does not reach what is wanted`);
}
const tabTo = (name: string) => tabUntil(async () => (await focused()) === name);
const hasFocus = (what: Locator) => what.evaluate((one) => one.matches(':focus'));
const expectUsable = async (what: string) => expect([what, ...(await axeViolations(page))]).toEqual([what]);

test.each(LOOKS)('every page is usable and fits at $width px, $theme', async ({ width, theme }) => {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: theme });
  const places = await pagesFrom(page, '/console/operator');
  expect(places).toHaveLength(7);
  for (const place of places) {
    await page.goto(place);
    await settled(page);
    await expectUsable(place);
    expect([place, await widthOf(page)]).toEqual([place, width]);
    // where one is can be seen
    const box = await page.getByRole('navigation').first().locator('[aria-current]').boundingBox();
    expect([place, (box?.x ?? -1) >= 0, (box?.x ?? 0) + (box?.width ?? 0) <= width]).toEqual([
      place,
      true,
      true,
    ]);
  }
});

test.each(LOOKS)('so is what opens over them, at $width px, $theme', async ({ width, theme }) => {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: theme });
  const each = async (name: string) => {
    await dialog(name).waitFor();
    await expectUsable(name);
    expect([name, await widthOf(page)]).toEqual([name, width]);
  };
  const close = async () => {
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  };
  await open('/projects');
  await page.getByRole('row', { name: 'shop' }).press('Enter');
  await dialog().getByText('The project "shop" was requested').waitFor();
  await each(`${operator.whyShort}: shop`);
  await dialog().getByRole('button', { name: operator.limits }).click();
  await dialog().getByLabel(operator.limit.files).waitFor();
  await each(operator.limitsTitle('shop'));
  await close();
  await open('/invites');
  await press(page, operator.newInvite);
  await each(operator.newInvite);
  await close();
  await open('/tokens');
  await press(page, operator.newToken);
  await each(operator.newToken);
  await close();
  await page
    .getByRole('button', { name: new RegExp(`^${operator.revoke}: `) })
    .first()
    .click();
  await dialog().getByText(operator.revokeCurrent).waitFor();
  await expectUsable(operator.revoke);
  await close();
  await page.keyboard.press('Control+k');
  await page.getByRole('option').first().waitFor();
  await each(palette.title);
  await close();
});

test('all of it goes without a mouse', async () => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await open('');
  // past what is the same everywhere
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('page');
  // each table can be scrolled, so each can be reached
  for (const table of [operator.views, operator.background]) await tabTo(table);
  await open('');
  await tabTo(operator.pages.projects);
  await page.keyboard.press('Enter');
  await heading(page, operator.pages.projects).waitFor();
  await page.getByRole('row', { name: 'shop' }).waitFor();
  await tabUntil(() => hasFocus(page.getByLabel(operator.search)));
  await page.keyboard.type('nothing');
  await page.getByText(operator.noMatch).waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.getByRole('row', { name: 'shop' }).waitFor();
  const row = (at: number) => page.getByRole('row').nth(at);
  await tabUntil(() => hasFocus(row(1)));
  await page.keyboard.press('ArrowDown');
  expect(await hasFocus(row(2))).toBe(true);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await dialog().getByText('The project "blog" was requested').waitFor();
  await tabTo(operator.limits);
  await page.keyboard.press('Enter');
  // where something is to be typed it can be
  const first = dialog().getByLabel(operator.limit.database_size_mb);
  await first.waitFor();
  await tabUntil(() => hasFocus(first));
  await page.keyboard.type('640');
  await tabTo(operator.save);
  await page.keyboard.press('Enter');
  await page.getByText(operator.saved).first().waitFor();
  await dialog().waitFor({ state: 'detached' });
  // anywhere from anywhere
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: palette.title }).fill('tok');
  await expect.poll(() => page.getByRole('option').first().textContent()).toContain(operator.pages.tokens);
  await page.keyboard.press('Enter');
  await heading(page, operator.pages.tokens).waitFor();
  await tabTo(operator.newToken);
  await page.keyboard.press('Enter');
  await dialog(operator.newToken).waitFor();
  // who closes it is where they were
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await expect.poll(focused).toBe(operator.newToken);
  const theme = () => page.evaluate('document.documentElement.dataset.theme');
  const before = await theme();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: palette.title }).fill('switch to');
  await page.keyboard.press('Enter');
  await expect.poll(theme).not.toBe(before);
});

test('what has changed is asked for, the rest seldom', async () => {
  const asked = (part: string) => questions.filter(({ path }) => path === `/api/operator/${part}`);
  const questions: { readonly path: string; readonly at: number }[] = [];
  page.on('request', (request) =>
    questions.push({ path: new URL(request.url()).pathname, at: performance.now() }),
  );
  await open('');
  const background = () => asked('background').length;
  const [before, began] = [background(), performance.now()];
  // processes tell what they do every 5 s
  await expect.poll(background, { timeout: 120_000, interval: 200 }).toBeGreaterThan(before + 3);
  const polls = (performance.now() - began) / SLOW_POLL_MS;
  // when it is opened, when its stream is, and the slow poll
  expect(asked('drift').length).toBeLessThanOrEqual(3 + polls);
  expect(asked('events')).toHaveLength(1);
  // a view has gone on, and so has the project's list
  await open('/projects');
  const named = page.getByRole('row', { name: 'shop' });
  await named.getByRole('button', { name: operator.whyShort }).click();
  await dialog().getByText('The project "shop" was requested').waitFor();
  const ofLimits = () =>
    dialog()
      .getByRole('listitem')
      .filter({ hasText: /limits/i })
      .count();
  expect(await ofLimits()).toBe(0);
  await consoles.platform.launchdb('limits', ids[0] ?? '', '--database-size', '700MB');
  await expect.poll(ofLimits).toBeGreaterThan(0);
});

test('a window that nobody sees hears nothing, and catches up when it is seen again', async () => {
  const hide = (hidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, 'visibilityState', { configurable: true, value: ${
        hidden ? "'hidden'" : "'visible'"
      } }); document.dispatchEvent(new Event('visibilitychange'))`,
    );
  await open('/invites');
  await page.getByText(operator.noInvites).waitFor();
  const isStream = (one: { url: () => string }) => one.url().endsWith('/api/operator/events');
  const ended = page.waitForEvent('requestfailed', isStream);
  await hide(true);
  await ended;
  await consoles.platform.launchdb('invite');
  const begun = page.waitForRequest(isStream);
  await hide(false);
  await begun;
  await page.getByText(operator.unused).waitFor();
});

test('a session that ends leaves what is half typed: the page waits behind the way back', async () => {
  await open('/projects');
  await page.getByRole('row', { name: 'blog' }).getByRole('button', { name: operator.limits }).click();
  const files = dialog(operator.limitsTitle('blog')).getByLabel(operator.limit.files);
  await files.fill('4321');
  await endSession();
  await over().waitFor();
  await expectUsable(session.endedTitle);
  expect(await page.evaluate('document.elementFromPoint(5, 5).tagName')).toBe('DIALOG');
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await expect.poll(() => page.evaluate('document.elementFromPoint(5, 5).tagName')).toBe('DIALOG');
  await over().getByLabel(operator.token).fill(`${token}x`);
  await over().getByRole('button', { name: session.signIn, exact: true }).click();
  await over().getByText(operator.wrongToken).waitFor();
  await over().getByLabel(operator.token).fill(token);
  await over().getByRole('button', { name: session.signIn, exact: true }).click();
  await over().waitFor({ state: 'detached' });
  expect(await files.inputValue()).toBe('4321');
  const { kept } = await readable(page);
  expect(kept).not.toMatch(/4321|ldo_/);
  await press(page, operator.save);
  await page.getByText(operator.saved).first().waitFor();
  const told = await consoles.platform.launchdb('limits', ids[1] ?? '');
  expect(told.output).toContain('4321');
});

test('of another token nothing of it is there, nor for who leaves the page', async () => {
  const made = await consoles.platform.launchdb('operator-token', '--scope', 'read', '--name', 'looks');
  const other = /^(ldo_\S+)$/m.exec(made.output)?.[1] ?? '';
  const halfTyped = async () => {
    await open('/invites');
    await press(page, operator.newInvite);
    await dialog(operator.newInvite).getByLabel(operator.email).fill('half@example.com');
    await endSession();
    await over().waitFor();
  };
  await halfTyped();
  // they sign in by another window
  await signIn(other);
  await page.evaluate("dispatchEvent(new Event('focus'))");
  await over().waitFor({ state: 'detached' });
  await page.getByText(operator.readOnly).waitFor();
  expect(await dialog().count()).toBe(0);
  expect(await page.content()).not.toContain('half@example.com');
  await signIn(token);
  await halfTyped();
  await over().getByRole('button', { name: operator.leave }).click();
  await heading(page, operator.signInTitle).waitFor();
  expect(await page.content()).not.toMatch(/half@example\.com|table/);
  expect(await dialog().count()).toBe(0);
  expect(consoles.faults).toEqual([]);
});
