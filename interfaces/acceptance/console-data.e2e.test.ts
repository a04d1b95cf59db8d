/** A project's data in the console: tables, SQL and policies, in Chromium, on the whole platform. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startBrowser } from './browser-under-test.ts';
import { axeViolations } from './console-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const PASSWORD = 'correct horse battery staple';
let platform: PlatformUnderTest;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let token: string;
let project: string;
/** what a page said that it should not */
const complaints: string[] = [];

// of the page
declare const document: {
  querySelector: (selector: string) => { scrollTop: number; scrollHeight: number } | null;
};

async function sql<T = unknown[]>(query: string): Promise<T[]> {
  const answer = await platform.call<{ rows: T[] }>('POST', `/api/projects/${project}/sql`, {
    token,
    body: { query, row_format: 'array' },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body.rows;
}
const open = (path: string) => page.goto(`${platform.url}/console/projects/${project}${path}`);
const grid = () => page.getByRole('grid');
/** the cell that the keys are at */
const activeCell = async () => page.locator(`[id="${await grid().getAttribute('aria-activedescendant')}"]`);
const cellWith = (text: string) => page.getByRole('gridcell', { name: text, exact: true });

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  token = await platform.owner('ann');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  project = made.body.id;
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const signedIn = await context.request.post(`${platform.url}/api/session`, {
    data: { email: 'ann@example.com', password: PASSWORD },
    headers: { 'x-launchdb-console': '1' },
  });
  if (!signedIn.ok()) throw new Error(`no session: ${await signedIn.text()}`);
  await sql(`
    CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note text,
      balance numeric(40, 20), prefs jsonb);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers (id), total numeric(12, 2));
    INSERT INTO customers (name, note, balance, prefs) VALUES
      ('Ann', '', 12345678901234567890.12345678901234567890, '{"n": 12345678901234567890}'),
      ('Bob', NULL, 0.10, NULL), ('Cid', 'long ' || repeat('x', 1000), NULL, NULL);
    INSERT INTO orders VALUES (1, 1, 9.50), (2, 2, 1);
    CREATE TABLE many AS SELECT n AS id, 'row ' || n AS label FROM generate_series(1, 100000) n;
    ALTER TABLE many ADD PRIMARY KEY (id);
    ALTER TABLE many ENABLE ROW LEVEL SECURITY;
    CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid, body text);
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    ANALYZE`);
});
afterAll(async () => {
  await browser?.close();
  await platform.close();
});
beforeEach(async () => {
  await page?.close();
  page = await context.newPage();
  complaints.length = 0;
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4/.test(message.text())) complaints.push(message.text());
  });
});

test('the list says which tables are open to everybody; a table is made with row-level security on', async () => {
  await open('/tables');
  await page.getByRole('row', { name: /^customers/ }).waitFor();
  expect(await page.getByText('tables are open to everybody').isVisible()).toBe(true);
  expect(await page.getByRole('row', { name: /^many/ }).textContent()).toContain('Closed: no policies');
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'New table' }).click();
  await page.getByLabel('Name', { exact: true }).first().fill('made here');
  await page.getByRole('button', { name: 'Create the table' }).click();
  await page.getByRole('heading', { name: 'made here', exact: true }).waitFor();
  expect(await sql(`SELECT relrowsecurity FROM pg_class WHERE relname = 'made here'`)).toEqual([[true]]);
  expect(complaints).toEqual([]);
});

test('values are shown without loss and changed by keyboard alone; what is refused is as it was', async () => {
  await open('/tables/public/customers');
  await cellWith('Ann').waitFor();
  expect(await cellWith('12345678901234567890.12345678901234567890').count()).toBe(1);
  expect(await cellWith('{"n": 12345678901234567890}').count()).toBe(1);
  expect(await axeViolations(page)).toEqual([]);
  await grid().focus();
  for (const key of ['ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
  expect(await (await activeCell()).textContent()).toBe('Bob');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Bobby');
  await page.keyboard.press('Tab');
  expect(await (await activeCell()).textContent()).toBe('NULL');
  await expect.poll(() => sql('SELECT name, note FROM customers WHERE id = 2')).toEqual([['Bobby', null]]);
  await page.keyboard.type('hello');
  await page.keyboard.press('Escape');
  expect(await (await activeCell()).textContent()).toBe('NULL');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('not a number');
  await page.keyboard.press('Enter');
  await page.getByText('balance is not saved').first().waitFor();
  expect(await sql('SELECT balance::text FROM customers WHERE id = 2')).toEqual([['0.10000000000000000000']]);
  await expect.poll(() => cellWith('0.10000000000000000000').count()).toBe(1);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Control+Backspace');
  await expect.poll(() => sql('SELECT balance FROM customers WHERE id = 2')).toEqual([[null]]);
  expect(complaints).toEqual([]);
});

test('a row that somebody else changed meanwhile is not overwritten', async () => {
  await open('/tables/public/customers');
  await cellWith('Ann').dblclick();
  await sql(`UPDATE customers SET name = 'Anna' WHERE id = 1`);
  await page.keyboard.type('Annie');
  await page.keyboard.press('Enter');
  await page.getByText('Somebody else changed or deleted this row').first().waitFor();
  await cellWith('Anna').waitFor();
  expect(await sql('SELECT name FROM customers WHERE id = 1')).toEqual([['Anna']]);
});

test('a reference is followed, a row is added and deleted, conditions stand in the address', async () => {
  await open('/tables/public/orders');
  await grid().getByRole('link', { name: 'Go to customers' }).first().click();
  await page.getByText('id is 1').waitFor();
  await expect.poll(() => grid().getByRole('row').count()).toBe(2);
  expect(page.url()).toContain('/tables/public/customers?filter=id.eq.1');
  await page.getByRole('button', { name: 'Remove the filter id is 1' }).click();
  await page.getByRole('button', { name: 'New row' }).click();
  await page.getByRole('dialog').getByLabel(/^name/).first().fill('Dora');
  await page.getByRole('button', { name: 'Add the row' }).click();
  await cellWith('Dora').click();
  await page.keyboard.press('Delete');
  await page.getByRole('button', { name: 'Delete 1 row' }).click();
  await expect.poll(() => sql(`SELECT 1 FROM customers WHERE name = 'Dora'`)).toEqual([]);
  await cellWith('Dora').waitFor({ state: 'detached' });
});

test('100,000 rows are scrolled through, to the last one', async () => {
  await open('/tables/public/many');
  await cellWith('row 1').waitFor();
  await page.evaluate(() => {
    const element = document.querySelector('[role=grid]');
    if (element) element.scrollTop = element.scrollHeight / 2;
  });
  await cellWith('row 50000').waitFor();
  await grid().focus();
  await page.keyboard.press('Control+End');
  await cellWith('row 100000').waitFor();
  // no more than what is on the screen is drawn
  expect(await grid().getByRole('row').count()).toBeLessThan(80);
});

async function write(text: string) {
  // what is offered for completion may lie over the middle of it
  await page.locator('.cm-content').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

test('several statements have a result each; an error is marked at its place; a plan is drawn', async () => {
  await open('/sql');
  await write('SELECT 9007199254740993::int8 AS big;\nSELECT nope FROM customers');
  await page.keyboard.press('Control+Shift+Enter');
  await page.getByText('column "nope" does not exist').first().waitFor();
  expect(await page.getByText('Line 2, column 8').isVisible()).toBe(true);
  expect(await page.locator('.cm-lintRange-error').textContent()).toBe('nope');
  await page.getByRole('tab', { name: /^1/ }).click();
  await cellWith('9007199254740993').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await write('SELECT * FROM many WHERE id < 10');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('menuitem', { name: /with times/ }).click();
  await page.getByText('by many_pkey').waitFor();
  expect(complaints).toEqual([]);
});

test('nothing changes by looking at a plan; a statement under way is given up', async () => {
  await open('/sql');
  await write('DELETE FROM many');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('menuitem', { name: /with times/ }).click();
  await page.getByText('Here it may only read').first().waitFor();
  expect(await sql('SELECT count(*)::int FROM many')).toEqual([[100_000]]);
  await write('SELECT pg_sleep(25)');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled').first().waitFor();
  await expect
    .poll(() => sql(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`))
    .toEqual([]);
});

test('what is offered for completion does not come over a menu opened meanwhile', async () => {
  await open('/sql');
  for (const wait of [0, 70, 100, 140]) {
    await page.locator('.cm-content').focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT * FROM ma');
    await page.waitForTimeout(wait);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.waitForTimeout(300);
    expect(await page.locator('.cm-tooltip-autocomplete').count()).toBe(0);
    await page.keyboard.press('Escape');
  }
});

test('a policy is made from a template and tried as a user, as nobody, and as one who writes', async () => {
  const [ann, bob] = ['6f1d0c1e-0000-4000-8000-000000000001', '6f1d0c1e-0000-4000-8000-000000000002'];
  await sql(`INSERT INTO auth.users (id, email, created_at) VALUES ('${ann}', 'ann@shop.test', now()), ('${bob}', 'bob@shop.test', now());
    INSERT INTO notes (user_id, body) VALUES ('${ann}', 'of ann'), ('${bob}', 'of bob')`);
  await open('/policies?table=public.notes');
  const section = page.getByRole('region', { name: 'public.notes' });
  await section.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await section.getByRole('button', { name: 'New policy' }).click();
  expect(await page.getByRole('dialog').getByText('CREATE POLICY "Own rows"').isVisible()).toBe(true);
  await page.getByRole('button', { name: 'Create the policy' }).click();
  await section.getByText('Own rows').waitFor();
  await section.getByRole('button', { name: 'Try it' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('the policies let this visitor see none').waitFor();
  await dialog.getByRole('combobox', { name: 'As' }).click();
  await page.getByRole('option', { name: 'A user' }).click();
  await dialog.getByRole('combobox', { name: 'User' }).click();
  await page.getByRole('option', { name: 'ann@shop.test' }).click();
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await cellWith('of ann').waitFor();
  expect(await cellWith('of bob').count()).toBe(0);
  await dialog.getByLabel('Statement').fill('DELETE FROM notes');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('It would change 1 row').waitFor();
  expect(await sql('SELECT count(*)::int FROM notes')).toEqual([[2]]);
  await dialog.getByLabel('Statement').fill('UPDATE notes SET user_id = gen_random_uuid()');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('Not allowed').waitFor();
  expect(complaints).toEqual([]);
});
