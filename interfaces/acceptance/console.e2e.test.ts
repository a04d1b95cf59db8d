/** The console as a whole, in Chromium, on the whole platform: what must not happen to whoever works in it, on any page. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { project as texts } from '../console/src/texts/en/project.ts';
import { projects } from '../console/src/texts/en/projects.ts';
import { session } from '../console/src/texts/en/session.ts';
import { shell } from '../console/src/texts/en/shell.ts';
import { root } from './compose-file.ts';
import {
  axeViolations,
  ConsoleUnderTest,
  fill,
  heading,
  pagesFrom,
  PASSWORD,
  press,
  readable,
  settled,
  signIn,
  type Visitor,
  widthOf,
  type Ask,
} from './console-under-test.ts';

let consoles: ConsoleUnderTest;
beforeAll(async () => {
  consoles = await ConsoleUnderTest.start();
});
afterAll(() => consoles.close());

const at = (page: Page) => new URL(page.url()).pathname + new URL(page.url()).search;
const newProject = async (ask: Ask, name: string) =>
  String((await ask('POST', '/api/projects', { name }))['id']);
async function signOut(page: Page): Promise<void> {
  await press(page, shell.accountMenu);
  await page.getByRole('menuitem', { name: shell.signOut }).click();
  await heading(page, session.signInTitle).waitFor();
}
const told = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

test('what a browser keeps of a session no script can read, and it goes with signing out', async () => {
  const { context, page } = await consoles.owner('kept');
  await page.goto('/');
  await told(page, projects.emptyTitle);
  const [cookie, ...others] = await context.cookies();
  expect([cookie, others.length]).toMatchObject([
    { name: 'launchdb', httpOnly: true, sameSite: 'Strict', path: '/' },
    0,
  ]);
  const { cookies, kept } = await readable(page);
  expect([cookies, kept.includes(cookie?.value ?? ''), /token|eyJ/i.test(kept)]).toEqual(['', false, false]);
  await signOut(page);
  expect(await context.cookies()).toEqual([]);
  await context.close();
});

// one log-in for all three: an address has ten a minute, and this file needs the others
let once: Promise<Visitor> | undefined;
test.each(['/', '/console', '/console/account'])(
  '%s asks for who is there once, and before its code runs',
  async (path) => {
    once ??= consoles.owner('once');
    const page = await (await once).context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(path);
    await settled(page);
    const wanted = path.endsWith('account') ? ['/api/session'] : ['/api/session', '/api/projects'];
    expect(asked.filter((one) => wanted.includes(one))).toEqual(wanted);
    // by a file of its own, with what the first page is made of in one
    const first = asked.filter((one) => /assets[/](ahead|index)-.*[.]js$/.test(one));
    expect(first.length).toBe(2);
    await page.close();
  },
);

test('the menus of the bar open by keyboard and give the focus back, also the first time', async () => {
  const { context, page } = await consoles.owner('keys');
  await page.goto('/');
  await told(page, projects.emptyTitle);
  const opener = page.getByRole('button', { name: shell.accountMenu });
  for (const key of ['ArrowDown', 'Enter']) {
    await opener.focus();
    await page.keyboard.press(key);
    await page.locator('[role=menuitem]:focus').getByText(shell.account).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await opener.and(page.locator(':focus')).waitFor();
  }
  await page.reload();
  await told(page, projects.emptyTitle);
  await opener.click();
  await page.getByRole('menuitem', { name: shell.account }).click();
  await heading(page, shell.account).waitFor();
  await context.close();
});

test('an address that was sent leads there after signing in, and to no other site', async () => {
  await consoles.signUp('linked');
  const { context, page } = await consoles.visitor();
  await page.goto('/console/account');
  await heading(page, session.signInTitle).waitFor();
  expect(at(page)).toBe('/console/sign-in?next=%2Faccount');
  await signIn(context, 'linked');
  await page.reload();
  await page.waitForURL('**/console/account');
  for (const next of ['//evil.example/x', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    await page.goto(`/console/sign-in?next=${encodeURIComponent(next)}`);
    await heading(page, projects.title).waitFor();
    expect(new URL(page.url()).origin).toBe(consoles.url);
  }
  await context.close();
});

test('of two windows the other follows: what is made, what is paused, and that nobody is in any more', async () => {
  const { context, page, ask } = await consoles.owner('windows');
  const id = await newProject(ask, 'first');
  const other = await context.newPage();
  await Promise.all([page.goto('/'), other.goto(`/console/projects/${id}`)]);
  await heading(other, 'first').waitFor();
  await newProject(ask, 'second');
  await page.getByRole('link', { name: 'second' }).waitFor();
  await ask('POST', `/api/projects/${id}/pause`);
  await told(other, texts.paused);
  await signOut(page);
  await other.getByRole('dialog', { name: session.endedTitle }).waitFor();
  await context.close();
});

test('a lost connection is said, and nothing of what happened meanwhile is missing when it is back', async () => {
  const { context, page, ask } = await consoles.owner('cut-off');
  const id = await newProject(ask, 'cut');
  await page.goto(`/console/projects/${id}`);
  await heading(page, 'cut').waitFor();
  // what comes when it is wanted has come: charts
  await settled(page);
  await context.setOffline(true);
  await press(page, texts.show);
  await told(page, shell.unreachable);
  await ask('POST', `/api/projects/${id}/pause`);
  await context.setOffline(false);
  await told(page, texts.paused);
  await page.getByText(shell.unreachable).waitFor({ state: 'detached' });
  await context.close();
});

test('a session that has ended leads to signing in, and back to where one was', async () => {
  const { context, page, ask } = await consoles.owner('expired');
  const id = await newProject(ask, 'kept');
  await page.goto(`/console/projects/${id}`);
  await heading(page, 'kept').waitFor();
  const token = await consoles.platform.login('expired');
  await consoles.platform.call('DELETE', '/api/session?everywhere=true', { token });
  // whatever is asked next hears of it: if nothing was yet, this
  const showing = page.getByRole('button', { name: texts.show, exact: true });
  await showing.click({ timeout: 5_000 }).catch(() => {});
  await page.getByRole('dialog', { name: session.endedTitle }).waitFor();
  await fill(page, session.password, PASSWORD);
  await press(page, session.signIn);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await heading(page, 'kept').waitFor();
  expect(at(page)).toBe(`/console/projects/${id}`);
  await context.close();
});

describe('every page', () => {
  test('is one that axe finds nothing in, dark and light, and fits a phone', async () => {
    const { context, page, ask } = await consoles.owner('every');
    const id = await newProject(ask, 'pages');
    const query = `CREATE TABLE todos (id int PRIMARY KEY, title text); INSERT INTO todos VALUES (1, 'milk')`;
    await ask('POST', `/api/projects/${id}/sql`, { query });
    const paths = new Set([
      ...(await pagesFrom(page, '/')),
      ...(await pagesFrom(page, `/console/projects/${id}`)),
      '/console/projects/new',
      `/console/projects/${id}/tables/public/todos`,
      '/console/operator',
      '/console/nothing-is-here',
    ]);
    expect(paths.size).toBeGreaterThan(4);
    const open = await consoles.visitor();
    const visits = [
      ...[...paths].map((path) => [page, path] as const),
      ...['/console/sign-in', '/console/sign-up'].map((path) => [open.page, path] as const),
    ];
    const found: string[] = [];
    for (const [shown, path] of visits) {
      await shown.goto(path);
      await settled(shown);
      for (const colorScheme of ['light', 'dark'] as const) {
        await shown.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        found.push(...(await axeViolations(shown)).map((line) => `${path}, ${colorScheme}: ${line}`));
      }
      await shown.setViewportSize({ width: 360, height: 740 });
      const wide = await widthOf(shown);
      if (wide > 360) found.push(`${path}: ${wide} px wide on a phone of 360`);
      await shown.setViewportSize({ width: 1400, height: 900 });
    }
    expect(found).toEqual([]);
    await Promise.all([context.close(), open.context.close()]);
  });
});

test('in all of that no page broke its policy, threw or was answered 500', () => {
  expect(consoles.faults).toEqual([]);
});

test('everything together has at most 500 kB, compressed', async () => {
  const folder = join(root, 'interfaces', 'console', 'dist', 'assets');
  const names = (await readdir(folder)).filter((name) => /[.](js|css|svg)$/.test(name));
  const bytes = (name: string) => stat(join(folder, `${name}.br`)).catch(() => stat(join(folder, name)));
  const sizes = await Promise.all(names.map(async (name) => (await bytes(name)).size));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  expect(all).toBeGreaterThan(50_000);
  expect(all).toBeLessThanOrEqual(500_000);
});
