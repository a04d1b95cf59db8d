/** Projects that stand ready before anybody asks: claimed, made anew, given up. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EVERYTHING, NOTHING, statusAtRest } from './crash-points.ts';
import { LaterRelease } from './later-release.ts';
import { patience } from './patience.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { databasesOf, readySpares, sparesOf } from './spares-under-test.ts';

interface Project {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly created_at: string;
  readonly revision: number;
}

/** (98 - 40 reserved - 25 of the platform's own) / 11 for each project in service */
const THREE_PLACES = { SPARE_PROJECTS: '2', POSTGRES_MAX_CONNECTIONS: '98' };
let platform: PlatformUnderTest;
let token: string;
beforeAll(async () => {
  platform = await PlatformUnderTest.create(THREE_PLACES);
  await platform.start();
  token = await platform.owner('spares');
});
afterAll(() => platform.close());

const call = <T = Project>(method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  platform.call<T>(method, `/api/projects${path}`, {
    token,
    ...(body !== undefined && { body }),
    ...(headers && { headers }),
  });
const create = (name: string, headers?: Record<string, string>) => call('POST', '', { name }, headers);
const ready = (count: number) => readySpares(platform, count);
const purge = async ({ id, name }: Project) => {
  await call('DELETE', `/${id}?purge=true`, { name });
  expect(await statusAtRest(platform, token, id)).toBe('purged');
  expect(await platform.resources(id)).toEqual(NOTHING);
};
const typesOf = (chain: readonly { readonly type: string }[]) => chain.map(({ type }) => type);

async function serves({ id }: Project): Promise<void> {
  await call('POST', `/${id}/sql`, { query: 'CREATE TABLE kept AS SELECT 42 AS n' });
  const { anon_key: apikey } = (await call<{ anon_key: string }>('GET', `/${id}/keys`)).body;
  const row = () => platform.call<unknown>('GET', `/project/${id}/rest/v1/kept`, { headers: { apikey } });
  await vi.waitFor(async () => expect((await row()).body).toEqual([{ n: 42 }]), patience(50));
}

test('whoever creates a project has one of them, which begins for them at that moment', async () => {
  const spares = await ready(2);
  for (const id of spares) expect(await platform.resources(id)).toEqual(EVERYTHING);
  expect((await call<{ projects: Project[] }>('GET', '')).body.projects).toEqual([]);
  for (const id of spares) expect((await call('GET', `/${id}`)).status).toBe(404);

  const plan = await call<{ process: null; takes: string[]; effects: string[] }>('POST', '?plan=true', {
    name: 'shop',
  });
  expect(plan.body).toMatchObject({ allowed: true, process: null, steps: [], connections: { change: 0 } });
  expect(plan.body.takes).toContain('a database');

  const asked = Date.now();
  const { status, body: shop } = await create('shop');
  expect([status, shop.id, shop.status]).toEqual([201, spares[0], 'active']);
  expect(Date.parse(shop.created_at)).toBeGreaterThan(asked - 5_000);
  expect(await platform.resources(shop.id)).toEqual(EVERYTHING);
  await serves(shop);

  const { chain } = (await call<{ chain: { type: string; text: string }[] }>('GET', `/${shop.id}/why`)).body;
  expect(typesOf(chain)).toEqual(['SpareClaimed', 'ProjectActivated']);
  expect(chain[0]?.text).toContain('stood ready');
  const { entries } = (await call<{ entries: { type: string }[] }>('GET', `/${shop.id}/audit`)).body;
  expect(
    typesOf(entries)
      .filter((type) => !/Sql|Keys/.test(type))
      .toReversed(),
  ).toEqual(['ProjectNameReserved', 'SpareClaimed', 'ProjectActivated']);
  expect((await call<{ processes: unknown[] }>('GET', `/${shop.id}/progress`)).body.processes).toEqual([]);
  const before = new Date(Date.parse(shop.created_at) - 1).toISOString();
  for (const point of ['revision=0', `revision=${shop.revision - 2}`, `at=${before}`])
    expect([point, (await call('GET', `/${shop.id}?${point}`)).status]).toEqual([point, 404]);
  expect((await call('GET', `/${shop.id}?revision=${shop.revision}`)).body.status).toBe('active');
  const moments = await call<{ moments: { type: string }[] }>('GET', `/${shop.id}/moments`);
  expect(typesOf(moments.body.moments)).toEqual(['SpareClaimed', 'ProjectActivated']);
  const { output } = await platform.launchdb('why', shop.id);
  for (const words of ['A spare project was requested', 'stands ready for whoever comes next', 'stood ready'])
    expect(output).toContain(words);

  // the last of three places is nobody's spare
  expect(await ready(1)).toEqual([spares[1]]);
  await purge(shop);
  // its name is free again
  const again = await create('shop');
  expect(again.status).toBe(201);
  await purge(again.body);
});

test('asked again by its key it is the same one; two at once get two, and whoever comes then is served the long way', async () => {
  const spares = await ready(2);
  const key = { 'idempotency-key': 'once' };
  const made = await Promise.all([create('first', key), create('second')]);
  expect(new Set(made.map(({ body }) => body.id))).toEqual(new Set(spares));
  expect(made.map(({ status }) => status)).toEqual([201, 201]);
  expect((await create('first', key)).body.id).toBe(made[0].body.id);
  const last = await create('third');
  expect([last.status, last.body.status]).toEqual([201, 'active']);
  expect(spares).not.toContain(last.body.id);
  expect((await create('fourth')).body).toMatchObject({
    type: '/docs#platform/capacity-reached',
    used: 3,
    limit: 3,
  });
  for (const { body } of [...made, last]) await purge(body);
  await ready(2);
  expect(await databasesOf(platform)).toBe(2);
});

test('where places run short they go first, and whoever needs one waits for it', async () => {
  const away: Project[] = [];
  for (const name of ['left', 'right']) {
    await ready(2);
    const { body } = await create(name);
    await call('POST', `/${body.id}/pause`);
    expect(await statusAtRest(platform, token, body.id)).toBe('paused');
    away.push(body);
  }
  const spares = await ready(2);
  // one has the last place, the other one a spare's
  const back = await Promise.all(away.map(({ id }) => call('POST', `/${id}/resume`)));
  for (const { status } of back) expect(status).toBeLessThan(300);
  for (const { id } of away) expect(await statusAtRest(platform, token, id)).toBe('active');
  const left = await ready(1);
  expect(spares).toContain(left[0]);
  const [gone] = spares.filter((id) => id !== left[0]);
  expect(await platform.resources(gone!)).toEqual(NOTHING);
  for (const one of away) await purge(one);
});

test('after a crash they are adopted as they stand', async () => {
  const spares = await ready(2);
  const programs = async () =>
    (await platform.programs('.conf')).map(({ pid }) => pid).toSorted((a, b) => a - b);
  const before = await programs();
  await platform.kill();
  await platform.start();
  expect(await ready(2)).toEqual(spares);
  for (const id of spares) expect(await platform.resources(id)).toEqual(EVERYTHING);
  expect(await programs()).toEqual(before);
  const { body } = await create('adopted');
  expect(spares).toContain(body.id);
  await serves(body);
  await purge(body);
});

test('a REST API of one that ends is started again, and the spare can be had', async () => {
  const [first] = await ready(2);
  await platform.killDataApis(first);
  await vi.waitFor(async () => expect(await platform.resources(first!)).toEqual(EVERYTHING), patience(100));
  const repaired = () =>
    platform.sql(
      "SELECT FROM log.events WHERE stream = $1 AND type = 'DriftRepaired'",
      [`project-${first}`],
      'launchdb',
    );
  if (platform.store === 'postgres')
    await vi.waitFor(async () => expect(await repaired()).toHaveLength(1), patience(100));
  const { body } = await create('mended');
  await serves(body);
  await purge(body);
});

test('with the template of a later release all of them are made anew', async () => {
  const old = await ready(2);
  await platform.kill();
  const release = await LaterRelease.of(platform);
  await release.add(
    'greeting',
    "CREATE FUNCTION public.greeting() RETURNS text LANGUAGE sql AS $$ SELECT 'hello' $$",
  );
  await platform.start();
  await vi.waitFor(async () => {
    const spares = await sparesOf(platform);
    expect(spares.map((one) => [one.status, one.template_version])).toEqual([
      ['spare', release.version],
      ['spare', release.version],
    ]);
  }, patience(100));
  for (const id of old) expect(await platform.resources(id)).toEqual(NOTHING);
  expect(await databasesOf(platform)).toBe(2);
});

test('switched off, those that are left go', async () => {
  const spares = await ready(2);
  await platform.kill();
  platform.environment['SPARE_PROJECTS'] = '0';
  await platform.start();
  await ready(0);
  for (const id of spares) expect(await platform.resources(id)).toEqual(NOTHING);
  expect(await databasesOf(platform)).toBe(0);
  const { status, body } = await create('cold');
  expect([status, body.status]).toEqual([201, 'active']);
  const progress = await call<{ processes: { process: string }[] }>('GET', `/${body.id}/progress`);
  expect(progress.body.processes.map(({ process }) => process)).toEqual(['provision']);
});
