/** The console's log, its slider through time and its palette of commands, in Chromium, on the whole platform. */
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectId, projectStream } from '../../domain/project/project-id.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { startBrowser } from './browser-under-test.ts';
import { axeViolations } from './console-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const RENAMES = 120;
let platform: PlatformUnderTest;
let browser: Browser;
let token: string;
let id: string;
let page: Page;
/** what the page was refused or threw */
const faults: string[] = [];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  token = await platform.owner('log');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
  for (let nth = 1; nth <= RENAMES; nth++) await rename(`Shop ${nth}`);
  await change('/auth/settings', { settings: { autoconfirm: true } });
  await change('', { settings: { data_api: { max_rows: 500 } } });
  await platform.call('GET', `/api/projects/${id}/keys`, { token });
  await change('/auth/settings', { settings: { password: { min_length: 10 } } });
  await change('', { settings: { data_api: { max_rows: 20 } } });
  await rename('Shop');
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  await context.request.post(`${platform.url}/api/session`, {
    headers: { 'x-launchdb-console': '1' },
    data: { email: 'log@example.com', password: 'correct horse battery staple' },
  });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => faults.push(error.message));
  // what is refused is shown where it was asked; a browser says it once more
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource'))
      faults.push(line.text());
  });
});
afterAll(async () => {
  await browser.close();
  await platform.close();
});

const change = (below: string, body: unknown) =>
  platform.call('PATCH', `/api/projects/${id}${below}`, { token, body });
const rename = (name: string) => change('', { display_name: name });
const open = (place: string) => page.goto(`${platform.url}/console/projects/${id}${place}`);
const dialog = () => page.locator('[role="dialog"]:not([aria-modal="false"])');
const entries = () => page.getByRole('list', { name: 'Entries, newest first' }).getByRole('link');
const button = (name: string) => page.getByRole('button', { name, exact: true });
const slider = () => page.getByRole('slider', { name: 'Moment' });
const search = () => new URL(page.url()).searchParams;

/** more than a list can show, four times over */
const MANY = 2_000;

/** Straight into the log, as the platform itself writes there; each at a time of its own. */
async function appendRenames(project: string, count: number): Promise<void> {
  const connection = platform.superuser('launchdb');
  const pool = new pg.Pool(connection);
  const store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue });
  const { owner_id: owner } = (await platform.call<{ owner_id: string }>('GET', '/api/owners/me', { token }))
    .body;
  const actor = { kind: 'owner', id: owner } as const;
  const metadata = { correlationId: 'many', causationId: null, actor, reason: 'test' };
  for (let nth = 1; nth <= count; nth++) {
    const event = { type: 'ProjectRenamed', data: { displayName: `Name ${nth}` } };
    await store.append(projectStream(projectId(project)), 'exists', [
      { id: randomUUID(), ...event, metadata },
    ]);
    const written = Date.now();
    // a moment is a rounded millisecond
    while (Date.now() <= written + 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await store.close();
  await pool.end();
}

const momentsOf = async (project: string) =>
  (await platform.call<{ total: number }>('GET', `/api/projects/${project}/moments`, { token })).body;

/** When the project got a name of those. */
async function atOf(project: string, nth: number): Promise<string> {
  const [row] = await platform.sql<{ recorded_at: Date }>(
    `SELECT recorded_at FROM view_audit_trail.entries WHERE project_id = $1 AND data->>'displayName' = $2`,
    [project, `Name ${nth}`],
    'launchdb',
  );
  return row!.recorded_at.toISOString();
}

const first = () => entries().filter({ hasText: 'The project "shop" was requested' });

/** Scrolls down until that is there. */
const readOn = (place: Locator) =>
  expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 4000);
        return place.isVisible();
      },
      { timeout: 60_000 },
    )
    .toBe(true);

/** Nothing that a screen reader or weak eyes could not use. */
const expectUsable = async () => expect([page.url(), ...(await axeViolations(page))]).toEqual([page.url()]);

test('who revealed the keys, and what the settings were then', async () => {
  await open('');
  await page.getByRole('link', { name: 'Who saw the keys' }).click();
  const revealed = entries().filter({ hasText: 'The API keys were shown' });
  await revealed.first().waitFor();
  expect(await entries().count()).toBe(1);
  expect(await revealed.textContent()).toContain('You');
  await revealed.click();
  await dialog().getByText('As it was written').waitFor();
  expect(await dialog().getByText('127.0.0.1').count()).toBe(1);
  expect(
    await dialog()
      .getByText(/^[0-9a-f]{64}$/)
      .count(),
  ).toBe(1);
  // shot: entry
  await expectUsable();
  await dialog().getByRole('link', { name: 'How everything was set then' }).click();
  await page.getByText('Max rows: from 500 to 20').waitFor();
  await page.getByText('Password: min length: from 6 to 10').waitFor();
  const row = page.getByRole('row').filter({ hasText: 'Max rows' });
  expect(await row.getByRole('cell').allTextContents()).toEqual(['500', '20']);
  // at that time nothing was set: what stands there is what came before
  await page.getByText(/^After: The REST API's settings were changed/).waitFor();
  // shot: time
  await expectUsable();
});

test('what is filtered stands in the address, and an entry leads to its cause and its effects', async () => {
  await open('/log');
  await entries().first().waitFor();
  // shot: log
  await expectUsable();
  await page.getByRole('combobox', { name: 'What happened' }).fill('project requested');
  await page.getByRole('option', { name: 'Project requested' }).click();
  await entries().filter({ hasText: 'was requested' }).waitFor();
  await expect.poll(() => search().get('type')).toBe('ProjectRequested');
  await page.reload();
  await entries().filter({ hasText: 'was requested' }).click();
  await dialog().getByText('Nothing before it').waitFor();
  await dialog()
    .getByRole('link', { name: /was created/ })
    .click();
  await dialog()
    .getByRole('heading', { name: /The database .* was created/ })
    .waitFor();
  // what caused it is the way back
  await dialog()
    .getByRole('link', { name: /was requested/ })
    .click();
  await dialog()
    .getByRole('heading', { name: /was requested/ })
    .waitFor();
  await dialog().getByRole('link', { name: 'Show all of it' }).click();
  await entries().filter({ hasText: 'the project is active' }).waitFor();
  expect(search().get('correlation')).toBeTruthy();
  expect(await page.getByText('What one request set off').count()).toBe(1);
  await button('Show everything').first().click();
  await expect.poll(() => page.url()).not.toContain('?');
});

test('new entries come by themselves; whoever reads further down is asked first', async () => {
  await open('/log');
  await entries().first().waitFor();
  await rename('Shop of news');
  await entries().filter({ hasText: 'Shop of news' }).waitFor();
  await page.mouse.wheel(0, 1500);
  await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(1000);
  const seen = await page.evaluate<number>('scrollY');
  await rename('Shop of more news');
  await button('Show 1 new entry').waitFor();
  expect(await page.evaluate<number>('scrollY')).toBe(seen);
  await button('Show 1 new entry').click();
  await entries().filter({ hasText: 'Shop of more news' }).waitFor();
});

test('a long log is read to its end with few entries on the page; the arrows go through it', async () => {
  await open('/log');
  await entries().first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const position = await entries().nth(2).getAttribute('data-position');
  expect(await page.evaluate('document.activeElement.dataset.position')).toBe(position);
  await page.keyboard.press('Enter');
  await dialog().getByText('As it was written').waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  expect(search().get('entry')).toBeNull();
  await readOn(first());
  await page.getByText('That is everything.').waitFor();
  expect(await entries().count()).toBeLessThan(80);
});

test('where the rest of a long log cannot be read it says so, and goes on when asked to', async () => {
  const rest = /\/audit\?.*cursor=/;
  // what is not answered at all would be asked again as soon as anything is
  await page.route(rest, (route) => route.fulfill({ status: 503 }));
  await open('/log');
  await entries().first().waitFor();
  await readOn(button('Try again'));
  await page.getByText('The rest of the log cannot be shown').waitFor();
  expect(await page.getByText('That is everything.').count()).toBe(0);
  await page.unroute(rest);
  await button('Try again').click();
  await readOn(first());
  expect(await button('Try again').count()).toBe(0);
});

test('the arrows step from moment to moment, and nothing moves on the page', async () => {
  await open('/time');
  await page.getByText('As it is now').waitFor();
  await slider().focus();
  const table = page.getByRole('region', { name: 'Everything, then and now' });
  const place = async () => (await table.boundingBox())?.y;
  await table.waitFor();
  const before = await place();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('Name: from Shop of news to Shop of more news').waitFor();
  expect(await slider().getAttribute('aria-valuetext')).toContain(
    'The display name became "Shop of more news"',
  );
  await expect.poll(() => search().get('at')).toBeTruthy();
  for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowLeft');
  await page.getByText('Max rows: from 500 to 20').first().waitFor();
  expect(await place()).toBe(before);
  await page.keyboard.press('Home');
  await page.getByText('Here the project begins.').waitFor();
  const status = page.getByRole('row').filter({ hasText: 'Status' }).getByRole('cell');
  await expect.poll(() => status.allTextContents()).toEqual(['Being created', 'Active']);
  expect(await place()).toBe(before);
  await page.keyboard.press('End');
  await page.getByText('This is now. Go back to see what was different.').waitFor();
});

test('who changed something is found', async () => {
  await open('/time');
  await slider().focus();
  await page.keyboard.press('Home');
  const difference = page.getByRole('listitem').filter({ hasText: 'Max rows: from 1,000 to 20' });
  await difference.getByRole('button', { name: 'Find who changed it' }).click();
  await page.getByText('Max rows: from 1,000 to 500').waitFor();
  await page
    .getByText(/by you/)
    .first()
    .waitFor();
  await page.getByRole('link', { name: 'Its entry in the log' }).click();
  await dialog()
    .getByRole('heading', { name: /at most 500 rows/ })
    .waitFor();
});

test('a time that is typed is gone to, and one before the project is told', async () => {
  await open('/time?at=2020-01-01T00:00:00.000Z');
  await page.getByText('Then there was no such project yet.').waitFor();
  expect(await page.getByLabel('Go to').inputValue()).toMatch(/^20(19|20)-/);
  await page.getByLabel('Go to').fill('2999-01-01T00:00:00');
  await page.getByText('As it is now').waitFor();
});

test('the log is verified and exported', async () => {
  await open('/log?type=ProjectRenamed');
  await button('Verify the log').click();
  await dialog().getByText('The log is as it was written').waitFor();
  await page.keyboard.press('Escape');
  const downloading = page.waitForEvent('download');
  await button('Export').click();
  await page.getByRole('menuitem', { name: /^NDJSON/ }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`audit-${id}.ndjson`);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
  expect(lines.length).toBeGreaterThan(RENAMES);
  const [first] = lines.map((line) => JSON.parse(line) as { type: string; hash: string });
  expect(first).toMatchObject({
    type: 'ProjectRenamed',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
});

test('the account has a log of its own, which names projects', async () => {
  await page.goto(`${platform.url}/console/log`);
  await entries().filter({ hasText: 'Shop of more news' }).first().waitFor();
  expect(await entries().first().textContent()).toMatch(/Shop of more news|Account/);
  await page.goto(`${platform.url}/console/log?type=OwnerSignedIn`);
  await entries().filter({ hasText: 'Somebody signed in' }).first().waitFor();
  expect(await entries().first().textContent()).toContain('Account');
});

test('of any number of moments each can be come to: closer, wider, and over the ends of a list, by keyboard', async () => {
  // the other store takes only its own clients'
  if (platform.store !== 'postgres') return;
  const many = (
    await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'many' } })
  ).body.id;
  await appendRenames(many, MANY);
  await expect
    .poll(async () => (await momentsOf(many)).total, { timeout: 120_000 })
    .toBeGreaterThanOrEqual(MANY);
  const { total } = await momentsOf(many);
  await page.goto(`${platform.url}/console/projects/${many}/time`);
  // those of one instant are one
  const shown = new RegExp(`^${total.toLocaleString('en')} moments; (4\\d\\d|500) of them are shown`);
  await page.getByText(shown).waitFor();
  // shot: time-many
  await expectUsable();
  await slider().focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('+');
  await page.getByText(/^Moments 1 to \d+ of /).waitFor();
  expect(await page.getByText(/of them are shown/).count()).toBe(0);
  const words = async () => (await slider().getAttribute('aria-valuetext')) ?? '';
  const named = async () => Number(/"Name (\d+)"/.exec(await words())?.[1] ?? Number.NaN);
  await page.keyboard.press('End');
  await expect.poll(named).toBeGreaterThan(0);
  const last = await named();
  // one step over the end is the very next moment, in the next list
  await page.keyboard.press('ArrowRight');
  await expect.poll(named).toBe(last + 1);
  await page.getByText(/^Moments (?!1 )[\d,]+ to /).waitFor();
  await page.keyboard.press('ArrowRight');
  await expect.poll(named).toBe(last + 2);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(named).toBe(last);
  await page.keyboard.press('-');
  await page.getByText(/of them are shown/).waitFor();
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await page.getByText('As it is now').waitFor();
  await button('Look closer').click();
  await page.getByText(new RegExp(`to ${total.toLocaleString('en')} of `)).waitFor();
  await button('The moment before').click();
  await expect.poll(named).toBe(MANY);
  // who gave it a name is found exactly, however many there are
  await page.goto(
    `${platform.url}/console/projects/${many}/time?at=${encodeURIComponent(await atOf(many, 1_321))}`,
  );
  await expect.poll(async () => /Name \d+/.test(await words())).toBe(true);
  await page.getByRole('button', { name: 'Find who changed it' }).first().click();
  await page.getByText('Name: from Name 1321 to Name 1322').waitFor();
});

test('what is filtered is saved as a file, for spreadsheets and for programs; the menu and what is said are there for everybody', async () => {
  await open('/log?type=ApiKeysRevealed');
  await entries().first().waitFor();
  for (const format of ['csv', 'ndjson']) {
    await button('Export').click();
    const item = page.getByRole('menuitem', { name: new RegExp(`^${format}`, 'i') });
    await item.waitFor();
    await expectUsable();
    const [download] = await Promise.all([page.waitForEvent('download'), item.click()]);
    expect(download.suggestedFilename()).toBe(`audit-${id}.${format}`);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(format === 'csv' ? 2 : 1);
    expect(text).toContain('ApiKeysRevealed');
  }
  await entries().first().click();
  await dialog().getByRole('button', { name: 'Copy the entry as JSON' }).click();
  await page.getByText('The entry is on the clipboard').first().waitFor();
  await expectUsable();
});

test('the palette finds pages, projects and what can be done, and signs out', async () => {
  await open('/log');
  await entries().first().waitFor();
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: 'Go to or do' });
  await field.waitFor();
  expect(
    await page.evaluate('document.activeElement.role ?? document.activeElement.getAttribute("role")'),
  ).toBe('combobox');
  // shot: palette
  await expectUsable();
  await field.fill('tim');
  await expect.poll(() => page.getByRole('option').first().textContent()).toContain('Time');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/projects/${id}/time`);
  await slider().waitFor();
  await page.keyboard.press('Control+k');
  await field.fill('zzzz');
  await page.getByText('Nothing like that').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await field.fill('switch to');
  const theme = () => page.evaluate('document.documentElement.dataset.theme');
  const before = await theme();
  await page.keyboard.press('Enter');
  await expect.poll(theme).not.toBe(before);
  await page.keyboard.press('Control+k');
  await field.fill('sign out');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/sign-in');
});

test('nothing failed on the way', () => {
  expect(faults).toEqual([]);
});
