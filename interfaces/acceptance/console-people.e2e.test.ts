/** The console's pages for a project's users, files, migrations and settings, in Chromium, on the whole platform. */
import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from './browser-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let browser: Browser;
let token: string;
let id: string;
let anonKey: string;
let page: Page;
/** what the page was refused or threw; each test looks at it */
const faults: string[] = [];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  token = await platform.owner('people');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  anonKey = keys.body.anon_key;
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  await context.request.post(`${platform.url}/api/session`, {
    headers: { 'x-launchdb-console': '1' },
    data: { email: 'people@example.com', password: 'correct horse battery staple' },
  });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
});
afterAll(async () => {
  await browser.close();
  await platform.close();
});

const open = (place: string) => page.goto(`${platform.url}/console/projects/${id}/${place}`);
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
/** not one of those that say in a corner what was done */
const dialog = () => page.locator('[role="dialog"][data-open]:not([aria-modal="false"])');
const row = (text: string) => page.getByRole('row').filter({ hasText: text });
/** of the dialog */
const confirm = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const menu = async (opener: string, item: string) => {
  await button(opener).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};
const signIn = (email: string, password: string) =>
  fetch(`${platform.url}/project/${id}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: anonKey, authorization: `Bearer ${anonKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });

test('a user is created, found, banned, signed out and deleted', async () => {
  await open('users');
  await page.getByText('No users yet').waitFor();
  await menu('Add user', 'Create a user');
  await dialog().getByLabel('E-mail address').fill('ann@example.com');
  await dialog()
    .getByLabel(/^Password/)
    .fill('a long password');
  await dialog()
    .getByLabel(/^Metadata/)
    .fill('{"full_name": }');
  await dialog().getByText('This is no JSON object.').waitFor();
  await dialog()
    .getByLabel(/^Metadata/)
    .fill('{"full_name": "Ann <b>O’Neil</b>"}');
  await confirm('Create user');
  await row('ann@example.com').getByText('Ann <b>O’Neil</b>').waitFor();

  await menu('Add user', 'Create a user');
  await dialog().getByLabel('E-mail address').fill('ANN@example.com');
  await confirm('Create user');
  // the service's own words, where it was asked
  await dialog()
    .getByRole('alert')
    .getByText(/already been registered/)
    .waitFor();
  await dialog().getByRole('button', { name: 'Cancel' }).click();

  await menu('Add user', 'Send an invitation');
  await dialog().getByLabel('E-mail address').fill('ben@example.com');
  await confirm('Send invitation');
  await row('ben@example.com').getByText('Invited').waitFor();
  await page.getByRole('searchbox').fill('o’neil');
  await expect.poll(() => page.getByRole('row').count()).toBe(2);

  expect((await signIn('ann@example.com', 'a long password')).status).toBe(200);
  await row('ann@example.com').press('Enter');
  await page.getByRole('heading', { name: 'ann@example.com', level: 1 }).waitFor();
  await row('127.0.0.1').getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('They are signed in nowhere.').waitFor();

  await menu('More', 'Ban');
  await confirm('Ban');
  await page.getByText('Banned', { exact: true }).waitFor();
  expect((await signIn('ann@example.com', 'a long password')).status).toBe(400);
  await menu('More', 'Lift the ban');
  await page.getByText('The ban is lifted').waitFor();
  expect((await signIn('ann@example.com', 'a long password')).status).toBe(200);

  const app = page.getByLabel('Of your app');
  await app.fill('{"plan": "gold"}');
  await page.getByRole('button', { name: 'Save', exact: true }).nth(2).click();
  await expect
    .poll(() =>
      platform.sql('SELECT raw_app_meta_data AS m FROM auth.users WHERE email = $1', ['ann@example.com'], id),
    )
    .toEqual([{ m: { plan: 'gold' } }]);

  await button('Show activity').click();
  await row('login').first().waitFor();
  await menu('More', 'Delete user');
  await confirm('Delete user');
  await row('ben@example.com').waitFor();
  await expect.poll(() => row('ann@example.com').count()).toBe(0);
  expect(faults.splice(0)).toEqual([expect.stringContaining('422')]);
});

test('a link for a user is made, shown once, and signs them in', async () => {
  await open('users');
  await menu('Add user', 'Make a link');
  await dialog().getByLabel('E-mail address').fill('cleo@example.com');
  await confirm('Make link');
  const link = (await dialog().getByRole('region', { name: 'Link', exact: true }).textContent()) ?? '';
  const answer = await fetch(link.replace('//localhost:', '//127.0.0.1:'), { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([
    303,
    expect.stringContaining('access_token='),
  ]);
  await page.keyboard.press('Escape');
  await row('cleo@example.com').waitFor();
  expect(faults.splice(0)).toEqual([]);
});

/** of a picture that cannot be made smaller */
const picture = () =>
  sharp(randomBytes(900 * 600 * 3), { raw: { width: 900, height: 600, channels: 3 } })
    .png()
    .toBuffer();

test('files: a bucket, folders, uploads with names that are made to fit, a preview, a link, a move and a removal', async () => {
  await open('files');
  await button('New bucket').first().click();
  await dialog().getByLabel('Name').fill('my photos');
  await dialog()
    .getByLabel(/^Largest file/)
    .fill('60 MB');
  await confirm('Create bucket');
  await row('my photos').press('Enter');
  await button('New folder').click();
  await dialog().getByLabel('Name').fill('summer');
  await confirm('Make folder');
  await row('summer').press('Enter');
  await page.getByText('Nothing is here yet').waitFor();
  await page.getByLabel('Upload files').setInputFiles([
    { name: 'Übersee?.png', mimeType: 'image/png', buffer: await picture() },
    {
      name: 'a & b.html',
      mimeType: 'text/html',
      buffer: Buffer.from('<script>document.title = "run"</script><b>x</b>'),
    },
  ]);
  await page.getByText('2 of 2 uploaded').waitFor();
  await page.getByText('A name was changed').waitFor();
  // the question mark is one that the storage takes
  await row('Ubersee?.png').locator('img').waitFor();

  await row('a & b.html').press('Enter');
  await dialog().getByText('<script>document.title = "run"</script><b>x</b>').waitFor();
  expect(await page.title()).not.toBe('run');
  await page.keyboard.press('Escape');

  await menu('What to do with Ubersee?.png', 'Make a link');
  await confirm('Make link');
  const link = (await dialog().getByRole('region', { name: 'Link', exact: true }).textContent()) ?? '';
  const linked = await fetch(link.replace('//localhost:', '//127.0.0.1:'));
  expect([linked.status, linked.headers.get('content-type')]).toEqual([200, 'image/png']);
  await page.keyboard.press('Escape');
  const downloading = page.waitForEvent('download');
  await menu('What to do with Ubersee?.png', 'Download');
  expect((await downloading).suggestedFilename()).toMatch(/^Ubersee/);

  await menu('What to do with Ubersee?.png', 'Move or rename');
  await dialog().getByLabel('New path in the bucket').fill('summer/../x');
  await dialog()
    .getByText(/nothing empty between slashes/)
    .waitFor();
  await dialog().getByLabel('New path in the bucket').fill('winter/sea.png');
  await confirm('Move');
  await page.getByRole('link', { name: 'my photos' }).click();
  await row('winter').press('Enter');
  await row('sea.png').waitFor();
  await page.getByRole('link', { name: 'my photos' }).click();
  await button('Select all').click();
  await button('Delete').click();
  await confirm('Delete');
  await page.getByText('Nothing is here yet').waitFor();
  expect(await platform.sql('SELECT name FROM storage.objects', [], id)).toEqual([]);
  expect(faults.splice(0)).toEqual([]);
});

test('an upload is paused and goes on, and one whose name is taken may replace what is there', async () => {
  await open('files?bucket=my+photos');
  const network = await page.context().newCDPSession(page);
  const speed = (bytes: number) =>
    network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytes,
    });
  await speed(4_000_000);
  const bytes = randomBytes(25_000_000);
  const upload = (name: string, buffer: Buffer) =>
    page.getByLabel('Upload files').setInputFiles([{ name, mimeType: 'application/octet-stream', buffer }]);
  await upload('large.bin', bytes);
  const sent = async () => Number(await page.getByRole('progressbar').getAttribute('value'));
  await expect.poll(sent).toBeGreaterThan(7_000_000);
  await button('Pause large.bin').click();
  const far = await sent();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await sent()).toBeLessThanOrEqual(far);
  await button('Go on with large.bin').click();
  await expect.poll(sent).toBeGreaterThan(far);
  // by itself, when the connection is there again
  await page.context().setOffline(true);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await page.context().setOffline(false);
  await speed(-1);
  await row('large.bin').getByText('23.8 MiB').waitFor();
  const stored = await platform.sql("SELECT metadata ->> 'size' AS size FROM storage.objects", [], id);
  expect(stored).toEqual([{ size: '25000000' }]);

  await upload('large.bin', Buffer.from('small'));
  await page.getByText('There is a file of this name already.').waitFor();
  await button('Replace').click();
  await row('large.bin').getByText('5 bytes').waitFor();

  await open('files');
  await menu('What to do with my photos', 'Empty bucket');
  await dialog()
    .getByLabel(/^Type my photos/)
    .fill('my photos');
  await confirm('Empty bucket');
  await expect.poll(() => platform.sql('SELECT name FROM storage.objects', [], id)).toEqual([]);
  await menu('What to do with my photos', 'Delete bucket');
  await dialog()
    .getByLabel(/^Type my photos/)
    .fill('my photos');
  await confirm('Delete bucket');
  await page.getByText('No buckets yet').waitFor();
  // the lost connection and the one conflict, as the browser notes them
  expect(faults.splice(0).filter((text) => !/409|ERR_INTERNET_DISCONNECTED/.test(text))).toEqual([]);
});

test('a migration is tried, mended where PostgreSQL says, applied and shown; of a folder what is pending is told', async () => {
  await open('migrations');
  await page.getByRole('link', { name: 'New migration' }).click();
  await page.getByLabel('What it does').fill('Make the todos');
  const sql = page.getByLabel('SQL');
  await sql.fill('CREATE TABLE todos (id int PRIMARY KEY);\nINSERT INTO todo VALUES (1);');
  await button('Dry run').click();
  await page.getByText('0001_make_the_todos.sql, line 2, column 13').waitFor();
  // the cursor is where it is wrong
  const selected = await sql.evaluate((box) => {
    const { selectionStart, value } = box as unknown as { selectionStart: number; value: string };
    return value.slice(selectionStart, selectionStart + 4);
  });
  expect(selected).toBe('todo');
  const text = 'CREATE TABLE todos (id int PRIMARY KEY);\nINSERT INTO todos VALUES (1);';
  await sql.fill(text);
  await button('Dry run').click();
  await page.getByText('Would be applied').waitFor();
  expect(await platform.sql("SELECT to_regclass('public.todos') AS t", [], id)).toEqual([{ t: null }]);
  await button('Apply').click();
  await confirm('Apply');
  await dialog().waitFor({ state: 'hidden' });
  expect(await platform.sql("SELECT to_regclass('public.todos')::text AS t", [], id)).toEqual([
    { t: 'todos' },
  ]);

  await page.getByLabel('Open files').setInputFiles([
    {
      name: '0001_make_the_todos.sql',
      mimeType: 'text/plain',
      buffer: Buffer.from(text.replace('\n', '\r\n')),
    },
    { name: '0002_more.sql', mimeType: 'text/plain', buffer: Buffer.from('INSERT INTO todos VALUES (2)') },
    { name: 'notes.sql', mimeType: 'text/plain', buffer: Buffer.from('SELECT 1') },
  ]);
  for (const [name, state] of [
    ['0001_make_the_todos.sql', 'Applied'],
    ['0002_more.sql', 'Pending'],
    ['notes.sql', 'Not named like'],
  ] as const)
    await page.getByRole('listitem').filter({ hasText: name }).getByText(state).first().waitFor();
  // the dialog of before may still be fading away
  await page.getByRole('main').getByRole('button', { name: 'Apply', exact: true }).click();
  await confirm('Apply');
  await expect
    .poll(() => platform.sql('SELECT id FROM todos ORDER BY id', [], id))
    .toEqual([{ id: 1 }, { id: 2 }]);

  await page.getByRole('link', { name: 'All migrations' }).click();
  await row('0001_make_the_todos.sql').press('Enter');
  await page.getByRole('region', { name: 'SQL' }).getByText('CREATE TABLE todos').waitFor();
  await page.getByText('Tried and taken back').first().waitFor();
  expect(faults.splice(0).filter((line) => !line.includes('422'))).toEqual([]);
});

test('settings: what was changed is saved, faults stand at their fields, a secret is set and never shown', async () => {
  const settings = async <T>() =>
    (await platform.call<{ settings: T }>('GET', `/api/projects/${id}/auth/settings`, { token })).body
      .settings;
  await open('settings/auth');
  const passwords = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Passwords' }) });
  await passwords.getByLabel('Shortest password').fill('100');
  await passwords.getByRole('button', { name: 'Save' }).click();
  await passwords.getByText(/from 6 to 72|<=72/).waitFor();
  // whoever leaves is asked
  let asked = '';
  page.once('dialog', (question) => {
    asked = question.message();
    void question.dismiss();
  });
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  expect([asked, page.url().endsWith('/settings/auth')]).toEqual([
    expect.stringContaining('not saved'),
    true,
  ]);
  await passwords.getByLabel('Shortest password').fill('12');
  await passwords.getByRole('button', { name: 'Save' }).click();
  await expect.poll(settings).toMatchObject({ password: { min_length: 12 }, sign_ups_open: true });

  await page.getByRole('tab', { name: 'Mails' }).click();
  const server = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Mail server' }) });
  await server.getByRole('switch', { name: 'A mail server of your own' }).click();
  await server.getByLabel('Host').fill('mail.example.com');
  await server.getByLabel('Address of the sender').fill('not an address');
  await server.getByRole('group', { name: 'Password' }).getByRole('button', { name: 'Set' }).click();
  await server.getByLabel('Password').fill('hunter2 is secret');
  await server.getByRole('button', { name: 'Save' }).click();
  await server.getByText('Needed: an e-mail address.').waitFor();
  await server.getByLabel('Address of the sender').fill('shop@example.com');
  await server.getByRole('button', { name: 'Save' }).click();
  await server.getByText('Set. It is kept sealed and shown to nobody.').waitFor();
  expect(await page.content()).not.toContain('hunter2');
  expect(await settings()).toMatchObject({
    smtp: { host: 'mail.example.com', port: 587, sender_email: 'shop@example.com', password: 'set' },
  });
  // somebody else changes something meanwhile: theirs is not written over
  await platform.call('PATCH', `/api/projects/${id}/auth/settings`, {
    token,
    body: { settings: { otp: { digits: 8 } } },
  });
  const codes = page
    .locator('section')
    .filter({ has: page.getByRole('heading', { name: 'Codes and links' }) });
  await codes.getByLabel('Codes and links are good for').fill('600');
  await codes.getByRole('button', { name: 'Save' }).click();
  await codes.getByText(/Somebody else has changed these settings/).waitFor();
  await expect.poll(() => codes.getByLabel('Digits of a code').inputValue()).toBe('8');
  await codes.getByRole('button', { name: 'Save' }).click();
  await expect.poll(settings).toMatchObject({ otp: { digits: 8, expiry_seconds: 600 } });

  await page.getByRole('tab', { name: 'API' }).click();
  await page.getByLabel('Most rows of an answer').fill('5');
  await button('Save').click();
  await page.locator('[aria-busy="true"]').waitFor();
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
  const project = await platform.call<{ settings: unknown }>('GET', `/api/projects/${id}`, { token });
  expect(project.body.settings).toMatchObject({ data_api: { max_rows: 5, schemas: ['public'] } });

  await page.getByRole('tab', { name: 'Extensions' }).click();
  await page.getByRole('searchbox').fill('citext');
  await row('citext').getByRole('button', { name: 'Install' }).click();
  await row('citext').getByText('Installed').waitFor();
  expect(faults.splice(0).filter((line) => !/40[0-9]|412/.test(line))).toEqual([]);
});

test('keys: an access key’s secret is shown once, a new database password ends the old one', async () => {
  await open('settings/storage');
  await button('New access key').click();
  await dialog().getByLabel('Name').fill('backups');
  await confirm('Make key');
  const secret = (await page.getByRole('region', { name: 'Secret key' }).textContent()) ?? '';
  expect(secret.length).toBeGreaterThan(20);
  await page.keyboard.press('Escape');
  await row('backups').waitFor();
  expect(await page.content()).not.toContain(secret);
  await row('backups').getByRole('button', { name: 'Revoke' }).click();
  await confirm('Revoke');
  await page.getByText('There are none.').waitFor();

  const before = await platform.call<{ db_uri: string }>('GET', `/api/projects/${id}/connection`, { token });
  await page.getByRole('tab', { name: 'Keys and passwords' }).click();
  await button('Make a new password').click();
  await confirm('Make a new password');
  await dialog().getByRole('heading', { name: 'The password is new' }).waitFor();
  const after = await platform.call<{ db_uri: string }>('GET', `/api/projects/${id}/connection`, { token });
  expect(after.body.db_uri).not.toBe(before.body.db_uri);
  // whoever goes by keyboard is in it
  await expect
    .poll(() => page.evaluate('document.activeElement?.closest("[role=dialog]")?.textContent'))
    .toMatch(/^The password is new/);
  // masked where it is shown, and copied whole
  expect(await dialog().textContent()).not.toContain(new URL(after.body.db_uri).password);
  await dialog().getByRole('button', { name: 'Copy' }).first().click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(after.body.db_uri);
  expect(faults.splice(0)).toEqual([]);
});
