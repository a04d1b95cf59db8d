/** How a project is used, when it was last, and what its owner does when it has given up: in Chromium, and by the API. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PLATFORM_DATABASE } from '../../infrastructure/postgres/platform-database.ts';
import { axeViolations, ConsoleUnderTest, heading, press, type Ask } from './console-under-test.ts';

const REQUESTS = 7;

interface Used {
  readonly from: string;
  readonly step_seconds: number;
  readonly requests: number[];
  readonly connections: number[];
  readonly database_size_bytes: (number | null)[];
}

let consoles: ConsoleUnderTest;
let page: Page;
let ask: Ask;
let id: string;

beforeAll(async () => {
  consoles = await ConsoleUnderTest.start();
  ({ page, ask } = await consoles.owner('viewer'));
  id = String((await ask('POST', '/api/projects', { name: 'shop' }))['id']);
});
afterAll(() => consoles.close());

const usageOf = async (range = 'hour') =>
  (await ask('GET', `/api/projects/${id}/usage?range=${range}`)) as unknown as Used;
const projectNow = () => ask('GET', `/api/projects/${id}`);
const sum = (figures: readonly number[]) => figures.reduce((all, one) => all + one, 0);
const patient = { timeout: 60_000, interval: 300 };

async function request(times: number): Promise<void> {
  const { anon_key: key } = await ask('GET', `/api/projects/${id}/keys`);
  for (let time = 0; time < times; time++) {
    const { status } = await consoles.platform.call('GET', `/project/${id}/rest/v1/`, {
      headers: { apikey: String(key) },
    });
    expect(status).toBe(200);
  }
}

test('requests are counted, and the last of them is the last use', async () => {
  expect(await projectNow()).toMatchObject({ last_used_at: null });
  const before = Date.now();
  await request(REQUESTS);
  await expect.poll(async () => sum((await usageOf()).requests), patient).toBe(REQUESTS);
  for (const range of ['day', 'month']) expect(sum((await usageOf(range)).requests)).toBe(REQUESTS);
  await expect.poll(async () => (await usageOf()).database_size_bytes.at(-1), patient).toBeGreaterThan(1e6);
  const { last_used_at: at } = await projectNow();
  expect(Date.parse(String(at))).toBeGreaterThanOrEqual(before);
  const { projects } = (await ask('GET', '/api/projects')) as unknown as { projects: object[] };
  expect(projects).toEqual([expect.objectContaining({ id, last_used_at: at })]);
});

test('figures are its owner’s alone, of ranges that there are', async () => {
  const token = await consoles.platform.owner('stranger');
  const call = (path: string, given?: string) =>
    consoles.platform.call('GET', `/api/projects/${id}/${path}`, given === undefined ? {} : { token: given });
  expect((await call('usage', token)).status).toBe(404);
  expect((await call('usage')).status).toBe(401);
  const own = await consoles.platform.login('viewer');
  expect((await call('usage?range=century', own)).status).toBe(400);
  expect((await call('usage', own)).status).toBe(200);
});

test('the overview draws them, tells them in words and in a table, and axe finds nothing', async () => {
  await page.goto(`/console/projects/${id}`);
  const chart = (name: string) => page.getByRole('img', { name });
  await chart(`API requests: ${REQUESTS} in all`).waitFor();
  await chart('Pooled connections:').waitFor();
  await chart('Database size:').waitFor();
  expect(await page.locator('canvas').count()).toBe(3);
  await page.getByText('Show as a table').click();
  const table = page.getByRole('table', { name: 'Use' });
  expect(await table.getByRole('cell', { name: String(REQUESTS), exact: true }).count()).toBe(1);
  await page.getByText('30 days', { exact: true }).click();
  await table
    .getByText(/^[A-Z][a-z]{2} \d+, \d\d:\d\d$/)
    .first()
    .waitFor();
  await chart(`API requests: ${REQUESTS} in all`).waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

test('nothing moves when the figures come', async () => {
  let go = (): void => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route('**/usage?*', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`/console/projects/${id}`);
  const below = page.getByRole('heading', { name: 'Details' });
  await below.waitFor();
  await page.getByRole('heading', { name: 'API requests' }).waitFor();
  // what stands below comes in its own time
  await page.getByText('The REST API answered').first().waitFor();
  const top = async () => (await below.boundingBox())?.y;
  const before = await top();
  go();
  await page.getByRole('img', { name: 'API requests' }).waitFor();
  expect(await top()).toBe(before);
  await page.unroute('**/usage?*');
});

test('the list shows the last use, which a restart of the platform changes nothing of', async () => {
  const { last_used_at: before } = await projectNow();
  await consoles.platform.kill();
  await consoles.platform.start();
  await expect.poll(() => projectNow().catch(() => ({})), patient).toMatchObject({ last_used_at: before });
  await page.goto('/console');
  const row = page.getByRole('row', { name: /shop/ });
  await row.waitFor();
  expect(await page.getByRole('columnheader', { name: 'Last use' }).count()).toBe(1);
  expect(await row.getByText('not yet').count()).toBe(0);
  expect(await row.locator(`time[datetime="${String(before)}"]`).count()).toBe(1);
});

test('who is signed in, the list and its code are asked for at once', async () => {
  // whoever is signed in is told when the list has been asked for: one after the other would wait for ever
  const fresh = await page.context().newPage();
  const listed = fresh.waitForRequest(/\/api\/projects\?/);
  await fresh.route('**/api/session', async (route) => {
    await listed;
    await route.continue();
  });
  await fresh.goto('/console');
  await fresh.getByRole('link', { name: 'shop' }).waitFor();
  // and so is the code of any other page
  const coded = fresh.waitForRequest(/assets\/settings-.*\.js/);
  await fresh.unroute('**/api/session');
  await fresh.route('**/api/session', async (route) => {
    await coded;
    await route.continue();
  });
  await fresh.goto(`/console/projects/${id}/settings`);
  await heading(fresh, 'Settings').waitFor();
  await fresh.close();
});

test('a page is shown as soon as its code is there, by no clock', async () => {
  // a clock is that of all pages of a browser
  const { page: fresh, context } = await consoles.visitor({
    storageState: await page.context().storageState(),
  });
  await fresh.clock.install();
  await fresh.goto('/console');
  await fresh.getByRole('link', { name: 'shop' }).waitFor();
  // what waits for a time from here on waits for ever
  await fresh.clock.pauseAt(new Date(Date.now() + 3_600_000));
  await fresh.getByRole('link', { name: 'Account' }).click();
  await heading(fresh, 'Account').waitFor();
  await context.close();
});

test('who is not signed in is led to where one signs in', async () => {
  const { page: strange } = await consoles.visitor();
  await strange.goto('/console');
  await heading(strange, 'Sign in to LaunchDB').waitFor();
});

test('what nobody waits for cannot be retried', async () => {
  const token = await consoles.platform.login('viewer');
  const answer = await consoles.platform.call('POST', `/api/projects/${id}/retry`, { token });
  expect([answer.status, answer.body['type']]).toEqual([
    409,
    expect.stringContaining('project/nothing-to-retry') as string,
  ]);
});

test('a project that has given up is tried once more by its owner, as often as the platform can bear', async () => {
  await ask('POST', `/api/projects/${id}/pause`);
  await consoles.platform.kill();
  await consoles.platform.start({ refuseProbe: true });
  expect(await ask('POST', `/api/projects/${id}/resume`)).toMatchObject({ status: 'suspended' });
  await page.goto(`/console/projects/${id}`);
  await page.getByText('Suspended', { exact: true }).first().waitFor();
  const events = async () => {
    const { entries } = (await ask('GET', `/api/projects/${id}/audit?limit=50`)) as unknown as {
      entries: { type: string; actor: { kind: string } }[];
    };
    return entries;
  };
  const suspensions = async () => (await events()).filter(({ type }) => type === 'ProjectSuspended').length;
  expect(await suspensions()).toBe(1);
  expect(await axeViolations(page)).toEqual([]);
  await press(page, 'Try now');
  await expect.poll(suspensions, patient).toBe(2);
  expect((await events()).find(({ type }) => type === 'StepRetryRequested')?.actor.kind).toBe('owner');
  await consoles.platform.kill();
  await consoles.platform.start();
  await page.goto(`/console/projects/${id}`);
  await press(page, 'Try now');
  await page.getByRole('main').getByText('Active', { exact: true }).waitFor();
  const token = await consoles.platform.login('viewer');
  const answers = [];
  for (let time = 0; time < 7; time++)
    answers.push((await consoles.platform.call('POST', `/api/projects/${id}/retry`, { token })).status);
  expect(answers.filter((status) => status === 409).length).toBeGreaterThan(0);
  expect(answers.at(-1)).toBe(429);
});

test('of a project that is purged no figure is left', async () => {
  const kept = () =>
    consoles.platform.sql(
      'SELECT 1 FROM project_usage.samples UNION ALL SELECT 1 FROM project_usage.projects',
      [],
      PLATFORM_DATABASE,
    );
  expect((await kept()).length).toBeGreaterThan(1);
  await ask('DELETE', `/api/projects/${id}?purge=true`, { name: 'shop' });
  await expect.poll(kept, { ...patient, timeout: 120_000 }).toEqual([]);
});

test('no page broke its policy or threw', () => {
  expect(consoles.faults).toEqual([]);
});
