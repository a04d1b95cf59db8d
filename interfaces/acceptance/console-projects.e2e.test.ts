/** The console's way in, its projects and the account, in Chromium, on the whole platform. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from './browser-under-test.ts';
import { axeViolations } from './console-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const KIB = 1024;
const PASSWORD = 'correct horse battery staple';
let platform: PlatformUnderTest;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** what a page threw or our policy refused */
const faults: string[] = [];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  context = await browser.newContext();
  page = await newPage();
});
afterAll(async () => {
  await browser.close();
  await platform.close();
});

async function newPage(): Promise<Page> {
  const made = await context.newPage();
  made.setDefaultTimeout(60_000);
  made.on('pageerror', (error) => faults.push(error.message));
  // what is refused is shown where it was asked; a browser says it once more
  made.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource'))
      faults.push(line.text());
  });
  return made;
}
const open = (place = '') => page.goto(`${platform.url}/console${place}`);
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const pathname = () => new URL(page.url()).pathname;

/** Nothing that a screen reader or weak eyes could not use. */
const expectUsable = async () => expect([page.url(), ...(await axeViolations(page))]).toEqual([page.url()]);

async function signInAs(email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button('Sign in').click();
}

test('whoever is new makes an account, and is in', async () => {
  await page.goto(platform.url);
  await page.getByRole('heading', { name: 'Sign in to LaunchDB' }).waitFor();
  await expectUsable();
  await page.getByRole('link', { name: 'Make one' }).click();
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await button('Make the account').click();
  await page.getByText('At least 10 characters are needed.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await expectUsable();
  await button('Make the account').click();
  await page.getByText('Make your first project').waitFor();
  await expectUsable();
  // no script can read what shows who it is
  expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')).toEqual([
    '',
    0,
    0,
  ]);
});

test('a project is made by its name, and is served', async () => {
  await page.getByRole('link', { name: 'New project' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Café Zwölf');
  await page.getByText('This name is free.').waitFor();
  expect(await page.getByLabel('Short name').inputValue()).toBe('cafe-zwolf');
  await page.getByLabel('Short name').fill('No');
  await page.getByText('3 to 64 of a-z').waitFor();
  expect(await button('Create project').isDisabled()).toBe(true);
  await page.getByLabel('Short name').fill('cafe');
  await expectUsable();
  await button('Create project').click();
  await page.waitForURL(/\/console\/projects\/proj_/);
  await page.getByRole('main').getByText('Active', { exact: true }).waitFor();
  await expectUsable();
  await open('/projects/new');
  await page.getByLabel('Short name').fill('cafe');
  await page.getByText('You have a project of this name.').waitFor();
});

test('the list is searched, and leads to the project by keyboard', async () => {
  await open();
  const row = page.getByRole('row').filter({ hasText: 'Café Zwölf' });
  await row.waitFor();
  await expectUsable();
  await page.getByLabel('Search projects').fill('zw');
  expect(await row.count()).toBe(1);
  await page.getByLabel('Search projects').fill('nothing like it');
  await button('Show all projects').click();
  await row.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/console\/projects\/proj_/);
});

test('keys are hidden until somebody asks, which is on record', async () => {
  const project = pathname().split('/').at(-1) ?? '';
  await button('Show keys and passwords').waitFor();
  expect(await page.content()).not.toContain('eyJ');
  const entries = async () => {
    const answer = await page.request.get(`${platform.url}/api/projects/${project}/audit`);
    const { entries: all } = (await answer.json()) as { entries: { type: string }[] };
    return all.filter(({ type }) => type === 'ApiKeysRevealed').length;
  };
  expect(await entries()).toBe(0);
  await button('Show keys and passwords').click();
  await page.getByText('eyJ').first().waitFor();
  await expect.poll(entries).toBe(1);
  await expectUsable();
  await button('Hide them').click();
  expect(await page.content()).not.toContain('eyJ');
});

test('it is paused and resumed after its plan was seen, and purged by its name', async () => {
  await button('Pause').click();
  await dialog().waitFor();
  await expectUsable();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await dialog().waitFor({ state: 'detached' });
  await button('Pause').click();
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await dialog().waitFor({ state: 'detached' });
  await button('Resume').click();
  await dialog().getByRole('button', { name: 'Resume project' }).click();
  await page.getByRole('main').getByText('Active', { exact: true }).waitFor();
  await button('Purge').click();
  const purge = dialog().getByRole('button', { name: 'Purge' });
  await dialog()
    .getByLabel(/^Type cafe/)
    .fill('caf');
  expect(await purge.isDisabled()).toBe(true);
  await dialog()
    .getByLabel(/^Type cafe/)
    .fill('cafe');
  await purge.click();
  await page.getByText('There is no such project').waitFor();
});

test('a token is shown once, works, and is revoked', async () => {
  await open('/account');
  await button('New token').click();
  await dialog().getByLabel('Name', { exact: true }).fill('CI');
  await expectUsable();
  await button('Create token').click();
  const token = await dialog().getByRole('region', { name: 'Your new token' }).innerText();
  await button('I have copied it').click();
  await page.getByRole('row').filter({ hasText: 'CI' }).waitFor();
  expect(await page.content()).not.toContain(token);
  await expectUsable();
  const list = () => platform.call('GET', '/api/projects', { token });
  expect((await list()).status).toBe(200);
  await button('Revoke: CI').click();
  await dialog().getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('The token is revoked').waitFor();
  expect((await list()).status).toBe(401);
});

test('a session that has ended leads to the sign-in and back, with nothing of it left', async () => {
  const other = await newPage();
  await other.goto(`${platform.url}/console/account`);
  await other.getByText('ada@example.com').waitFor();
  await button('Sign out everywhere').click();
  await dialog().getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('heading', { name: 'Sign in to LaunchDB' }).waitFor();
  // the other window hears of it when it asks next
  await other.reload();
  await other.getByText('Sign in to go on where you were.').waitFor();
  await other.close();
  await open('/account');
  await signInAs('ada@example.com', 'wrong password');
  await page.getByText('The e-mail address or the password is wrong.').waitFor();
  await expectUsable();
  await signInAs('ada@example.com');
  await page.getByRole('heading', { name: 'Personal tokens' }).waitFor();
  expect(pathname()).toBe('/console/account');
});

test('while the platform is away the page says so, and goes on by itself', async () => {
  await open();
  await page.getByText('Make your first project').waitFor();
  await platform.kill();
  // the list is asked for again by itself
  await page.getByText('The platform does not answer.').waitFor();
  await platform.start();
  await page.getByText('The platform does not answer.').waitFor({ state: 'detached' });
});

test('an account is erased by its password', async () => {
  await open('/account');
  await button('Erase account').click();
  await dialog().getByLabel('Your password').fill('not it at all');
  await dialog().getByRole('button', { name: 'Erase account' }).click();
  await dialog().getByText('That is not your password.').waitFor();
  await dialog().getByLabel('Your password').fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Erase account' }).click();
  await page.getByRole('heading', { name: 'Sign in to LaunchDB' }).waitFor();
});

test('what is needed to see the projects is small', async () => {
  await platform.owner('small');
  const fresh = await browser.newContext();
  await fresh.request.post(`${platform.url}/api/session`, {
    data: { email: 'small@example.com', password: PASSWORD },
  });
  const first = await fresh.newPage();
  await first.goto(platform.url);
  await first.getByText('Make your first project').waitFor();
  await first.waitForLoadState('networkidle');
  const bytes = await first.evaluate<number>(
    `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
  );
  expect(bytes).toBeGreaterThan(50 * KIB);
  expect(bytes).toBeLessThan(150_000);
  await fresh.close();
});

test('no page threw anything, and our policy refused nothing', () => {
  expect(faults).toEqual([]);
});
