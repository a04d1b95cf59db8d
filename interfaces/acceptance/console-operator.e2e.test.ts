/** The operator's pages in Chromium, on a platform that has just been updated. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from './browser-under-test.ts';
import { axeViolations } from './console-under-test.ts';
import { earlierRelease, LaterRelease } from './later-release.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

/** of the release before there were users */
const BEFORE_USERS = 11;
let platform: PlatformUnderTest;
let browser: Browser;
let page: Page;
let token: string;
let owner: string;
const ids: string[] = [];
const faults: string[] = [];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await earlierRelease(platform, BEFORE_USERS);
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  token = await platform.operatorToken();
  owner = await platform.owner('ada');
  for (const name of ['shop', 'blog', 'wiki']) {
    const made = await platform.call<{ id: string }>('POST', '/api/projects', {
      token: owner,
      body: { name },
    });
    ids.push(made.body.id);
  }
  await LaterRelease.of(platform);
  await platform.stop();
  await platform.start();
  page = await newPage();
});
afterAll(async () => {
  await browser.close();
  await platform.close();
});

async function newPage(): Promise<Page> {
  const made = await (await browser.newContext()).newPage();
  made.setDefaultTimeout(60_000);
  made.on('pageerror', (error) => faults.push(error.message));
  made.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource'))
      faults.push(line.text());
  });
  return made;
}
const open = (place = '') => page.goto(`${platform.url}/console/operator${place}`);
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const heading = (name: string) => page.getByRole('heading', { name, exact: true });

/** Nothing that a screen reader or weak eyes could not use. */
const expectUsable = async () => expect([page.url(), ...(await axeViolations(page))]).toEqual([page.url()]);

async function signIn(shown: string): Promise<void> {
  await page.getByLabel('Operator’s token').fill(shown);
  await button('Sign in').click();
}

test('the token opens it, nothing else does, and no script can read what shows who it is', async () => {
  await open();
  await heading('For whoever runs this platform').waitFor();
  await expectUsable();
  await signIn(`${token}x`);
  await page.getByText('This is no token of an operator, or not any more.').waitFor();
  await signIn(token);
  await heading('Overview').waitFor();
  expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')).toEqual([
    '',
    0,
    0,
  ]);
});

test('how the platform stands is on one page', async () => {
  await page.getByText(/^3 of \d+ in service$/).waitFor();
  await page.getByText('Nothing is stuck.').waitFor();
  const views = page.getByRole('table', { name: 'Views' });
  await views.getByRole('row').filter({ hasText: 'audit-trail' }).waitFor();
  const tasks = page.getByRole('table', { name: 'Background work' });
  await tasks.getByRole('row').filter({ hasText: 'sweep' }).filter({ hasText: 'fine' }).first().waitFor();
  await page
    .getByRole('table', { name: 'Connection pools' })
    .getByText(ids[0] ?? '')
    .waitFor();
  await expectUsable();
});

test('it follows what happens while somebody looks: a REST API that ends is seen to be repaired', async () => {
  await platform.killDataApis(ids[0]);
  const drift = page.getByRole('table', { name: 'Drift' });
  await drift
    .getByRole('row')
    .filter({ hasText: ids[0] ?? '' })
    .first()
    .waitFor();
});

test('a project of any owner is found, explained and given limits', async () => {
  await page.getByRole('link', { name: 'Projects' }).click();
  const rows = page.getByRole('table', { name: 'Projects' }).locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(3);
  await page.getByLabel('Name, or beginning of an id').fill('SHO');
  await expect.poll(() => rows.count()).toBe(1);
  await expectUsable();
  await rows.getByRole('button', { name: 'Why' }).click();
  await dialog().getByText('The project "shop" was requested').waitFor();
  await expectUsable();
  await dialog().getByRole('button', { name: 'Limits' }).click();
  await dialog().getByLabel('Database, in MB').fill('many');
  await dialog().getByText('A whole number, or empty.').waitFor();
  await dialog().getByLabel('Database, in MB').fill('700');
  await expectUsable();
  await button('Save').click();
  await page.getByText('The limits are changed').waitFor();
  const told = await platform.launchdb('limits', ids[0] ?? '');
  expect(told.output).toMatch(/database size +700 MB +its own/);
});

test('projects are brought to the new version, canary first, and that is seen as it goes', async () => {
  await page.getByRole('link', { name: 'Upgrades' }).click();
  const behind = page.getByRole('table', { name: 'Behind' }).locator('tbody tr');
  await expect.poll(() => behind.count()).toBe(3);
  await expectUsable();
  await button('Upgrade all').click();
  await dialog().getByRole('combobox', { name: 'Canary' }).click();
  await page.getByRole('option', { name: /^blog/ }).click();
  await page.getByRole('listbox').waitFor({ state: 'hidden' });
  await expectUsable();
  await dialog().getByRole('button', { name: 'Upgrade all' }).click();
  await page.getByRole('progressbar', { name: 'Upgrade of all' }).waitFor();
  await page.getByText('Done', { exact: true }).waitFor();
  await page.getByText('Every project is at the newest version').waitFor();
  await page.getByText('3 of 3').waitFor();
  await expectUsable();
  const events = await platform.launchdb('events', 'platform-upgrades', '--json');
  expect(events.output).toContain(`"canary":"${ids[1]}"`);
});

test('a project that is stuck is there with why, and with the button that helps', async () => {
  const id = ids[2] ?? '';
  const command = (what: string) =>
    platform.call('POST', `/api/projects/${id}/${what}`, { token: owner, headers: { prefer: 'wait=0' } });
  const [found] = await platform.sql<{ mark: string }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1`,
    [id],
  );
  const status = async () => {
    const answer = await platform.call<{ status: string }>('GET', `/api/projects/${id}`, { token: owner });
    return answer.body.status;
  };
  await command('pause');
  await expect.poll(status, { timeout: 60_000 }).toBe('paused');
  await platform.sql(`COMMENT ON DATABASE ${id} IS 'of somebody else'`);
  await command('resume');
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('exists and is not LaunchDB').waitFor();
  await expectUsable();
  await platform.sql(`COMMENT ON DATABASE ${id} IS '${found?.mark}'`);
  await button('Try again').click();
  await page.getByText('Nothing is stuck.').waitFor();
  await expect.poll(status, { timeout: 60_000 }).toBe('active');
});

test('the log is verified and views are replayed, with what came of it', async () => {
  await page.getByRole('link', { name: 'Log and views' }).click();
  await button('Verify now').click();
  await page.getByText(/The log is as it was written, up to position \d+/).waitFor();
  await button('Replay').click();
  await expect.poll(() => page.getByText('equal to what was there').count()).toBe(4);
  await page.getByText('Nothing is parked.').waitFor();
  await expectUsable();
});

test('an invite and a token are shown once', async () => {
  await page.getByRole('link', { name: 'Invites' }).click();
  await page.getByText('No invites yet').waitFor();
  await expectUsable();
  await button('New invite').click();
  await button('Make the invite').click();
  const code = (await dialog().getByText(/^ldi_/).textContent()) ?? '';
  await expectUsable();
  await button('I have copied it').click();
  await page.getByText('not used').waitFor();
  expect(await page.content()).not.toContain(code);
  await platform.owner('grace', code);

  await page.getByRole('link', { name: 'Tokens' }).click();
  await button('New token').click();
  await dialog().getByLabel('Name').fill('looks only');
  await button('Make the token').click();
  const made = (await dialog().getByText(/^ldo_/).textContent()) ?? '';
  await button('I have copied it').click();
  await page.getByRole('row').filter({ hasText: 'looks only' }).waitFor();
  await expectUsable();
  token = made;
});

test('who did what is there; the one who may look only is offered nothing else', async () => {
  await page.getByRole('link', { name: 'Who did what' }).click();
  await page.getByText('The operator\'s token "looks only" was made').waitFor();
  await expectUsable();
  await button('Sign out').click();
  await signIn(token);
  await page.getByText('This token may look only').waitFor();
  await open('/tokens');
  await page.getByRole('row').filter({ hasText: 'this one' }).waitFor();
  expect(await button('New token').count()).toBe(0);
  expect(await page.getByRole('button', { name: /^Revoke/ }).count()).toBe(0);
});

test('whoever is revoked meanwhile is out: nothing of the page is to be seen or reached, and nothing is left when they go', async () => {
  const listed = await platform.launchdb('operator-token', 'list');
  const id = /^(opt_\w+) .*looks only$/m.exec(listed.output)?.[1] ?? '';
  await platform.launchdb('operator-token', 'revoke', id);
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  expect(await page.evaluate('document.elementFromPoint(5, 5).tagName')).toBe('DIALOG');
  await dialog().getByLabel('Operator’s token').fill(token);
  await dialog().getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This is no token of an operator, or not any more.').waitFor();
  await dialog().getByRole('button', { name: 'Leave the page' }).click();
  await heading('For whoever runs this platform').waitFor();
  expect(await page.content()).not.toContain('looks only');
});

test('no page threw anything, and our policy let all of it through', () => {
  expect(faults).toEqual([]);
});
