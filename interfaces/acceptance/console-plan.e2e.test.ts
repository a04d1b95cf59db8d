/** Commands in the console: their plan, their steps as they happen, and why, in Chromium on the whole platform. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from './browser-under-test.ts';
import { axeViolations } from './console-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const FIRST_STEPS = ['create-database', 'register-pool', 'create-database-users', 'migrate-schema'];
// of the page
declare const document: {
  querySelectorAll: (selector: string) => Iterable<{ getAttribute: (name: string) => string | null }>;
};
declare const MutationObserver: new (look: () => void) => {
  observe: (where: unknown, what: object) => void;
};

let platform: PlatformUnderTest;
let browser: Browser;
let page: Page;
/** what a page threw or our policy refused */
const faults: string[] = [];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  [browser] = await Promise.all([startBrowser(), platform.start({ refuseProbe: true })]);
  page = await browser.newPage();
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(platform.url);
  await page.getByRole('link', { name: 'Make one' }).click();
  await page.getByLabel('E-mail address').fill('planner@example.com');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('Make your first project').waitFor();
});
afterAll(async () => {
  await browser.close();
  await platform.close();
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const main = () => page.getByRole('main');
const planned = () => page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
const namesOf = (steps: ReturnType<typeof planned>) =>
  steps.evaluateAll((all) => all.map((one) => one.getAttribute('data-step')));
const run = (process: string, state: string) =>
  page.locator(`ol[data-process="${process}"][data-state="${state}"]`);
const statesOf = (process: string) =>
  page
    .locator(`ol[data-process="${process}"] > li`)
    .evaluateAll((all) => all.map((one) => [one.getAttribute('data-step'), one.getAttribute('data-state')]));

const expectUsable = async () => expect([page.url(), ...(await axeViolations(page))]).toEqual([page.url()]);

async function askFor(name: string): Promise<void> {
  await page.goto(`${platform.url}/console/projects/new`);
  await page.getByLabel('Short name').fill(name);
  await planned().first().waitFor();
}

test('a creation that fails is undone step by step, and why leads to what helps', async () => {
  await askFor('doomed');
  expect((await namesOf(planned())).slice(0, 4)).toEqual(FIRST_STEPS);
  await page.getByText('It has not run here yet').waitFor();
  await expectUsable();
  await button('Create project').click();
  await run('provision', 'failed').waitFor();
  expect(await statesOf('provision')).toEqual([
    ['create-database', 'undone'],
    ['register-pool', 'undone'],
    ['create-database-users', 'undone'],
    ['migrate-schema', 'undone'],
    ['spawn-postgrest', 'undone'],
    ['verify-data-api', 'failed'],
  ]);
  await button('Delete and free the name').click();
  // what never was in service is purged
  await dialog().getByText('it never held data').waitFor();
  expect((await namesOf(planned())).at(-1)).toBe('conclude-purge');
  const confirm = dialog().getByRole('button', { name: 'Delete project' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog()
    .getByLabel(/^Type doomed/)
    .fill('doomed');
  await confirm.click();
  await main().getByText('There is no such project').waitFor();
});

test('a platform that dies at a step and comes back: the page goes on there, without a gap', async () => {
  await platform.kill();
  await platform.start({});
  await askFor('shop');
  // a program has been started by then, and so the page has had time to hear of the first steps
  await platform.crashAt('provision/spawn-postgrest/do/after-effect');
  await button('Create project').click();
  await page.getByText('The connection was lost; reconnecting').waitFor();
  // what it died of may have come before its last event was told
  const states = (await statesOf('provision')).map(([, state]) => state);
  expect([states[0], states.includes('running'), states.at(-1)]).toEqual(['done', true, 'pending']);
  await platform.start({});
  await run('provision', 'done').waitFor();
  expect(new Set((await statesOf('provision')).map(([, state]) => state))).toEqual(new Set(['done']));
  expect(await page.getByText('The connection was lost').count()).toBe(0);
  await main().getByText('Active', { exact: true }).waitFor();
  await expectUsable();
});

test('a step is on the screen soon after its event', async () => {
  await askFor('quick');
  await planned()
    .first()
    .getByText(/ms|\d s/)
    .waitFor();
  await page.evaluate(() => {
    const seen: Record<string, number> = {};
    Object.assign(globalThis, { seen });
    const look = () => {
      for (const one of document.querySelectorAll('ol[data-process] > li[data-state="done"]'))
        seen[one.getAttribute('data-step') ?? ''] ??= Date.now();
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await button('Create project').click();
  await run('provision', 'done').waitFor();
  const shown = await page.evaluate(() => (globalThis as unknown as { seen: Record<string, number> }).seen);
  const project = new URL(page.url()).pathname.split('/').at(-1);
  const answer = await page.request.get(`${platform.url}/api/projects/${project}/audit`);
  const { entries } = (await answer.json()) as { entries: { type: string; recorded_at: string }[] };
  const recordedAt = (type: string) =>
    Date.parse(entries.find((entry) => entry.type === type)?.recorded_at ?? '');
  const lags = [
    (shown['spawn-postgrest'] ?? NaN) - recordedAt('PostgrestSpawned'),
    (shown['verify-data-api'] ?? NaN) - recordedAt('ProjectActivated'),
  ];
  // 100 ms when nothing else is at work on the machine
  expect(Math.min(...lags)).toBeLessThan(1_000);
});

test('what takes a project down tells what is cut off, and does what it told', async () => {
  await button('Pause').click();
  await dialog().getByText('Clients are cut off').waitFor();
  await expectUsable();
  const steps = await namesOf(planned());
  await dialog().getByRole('button', { name: 'Pause project' }).click();
  await run('pause', 'done').waitFor();
  expect((await statesOf('pause')).map(([step]) => step)).toEqual(steps);
  await button('Resume').click();
  await dialog().getByText('Clients reach it again').waitFor();
  await dialog().getByRole('button', { name: 'Resume project' }).click();
  await run('resume', 'done').waitFor();
  await main().getByText('Active', { exact: true }).waitFor();
  await button('Delete').click();
  const deletion = dialog().getByRole('button', { name: 'Delete project' });
  await dialog().getByText('everything of it is removed for good').waitFor();
  expect(await deletion.isDisabled()).toBe(true);
  await dialog()
    .getByLabel(/^Type quick/)
    .fill('quick');
  await deletion.click();
  await main().getByText('Deleted', { exact: true }).waitFor();
  await button('Take the deletion back').click();
  await dialog().getByRole('button', { name: 'Undelete project' }).click();
  await run('undelete', 'done').waitFor();
});

test('a plan that refuses has no button to press', async () => {
  await button('Pause').waitFor();
  const project = new URL(page.url()).pathname.split('/').at(-1);
  // somebody else pauses it, and this page hears nothing of it
  await page.route('**/events**', (route) => route.abort());
  const before = await page.request.get(`${platform.url}/api/projects/${project}`);
  await page.route(`**/api/projects/${project}`, (route) => route.fulfill({ response: before }));
  await page.reload();
  await button('Pause').waitFor();
  const answer = await page.request.post(`${platform.url}/api/projects/${project}/pause`, {
    headers: { 'x-launchdb-console': '1' },
  });
  expect(answer.status()).toBe(200);
  await button('Pause').click();
  await dialog().getByText('There is nothing to do').waitFor();
  expect(await dialog().getByRole('button', { name: 'Pause project' }).isDisabled()).toBe(true);
  expect(faults).toEqual([]);
});
