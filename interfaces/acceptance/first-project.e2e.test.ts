/** From nothing to a REST row, as a new user goes; and what they would notice on the way. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EVERYTHING, statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { MANY_PROJECTS } from './test-tier.ts';

let platform: PlatformUnderTest;
let token: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('first');
});
afterAll(() => platform.close());

const create = (name: string, headers: Record<string, string> = {}) =>
  platform.call<{ id: string; status: string }>('POST', '/api/projects', { token, body: { name }, headers });
const sql = (id: string, query: string) =>
  platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });

test('a new project answers REST queries, and is there again after a stop', async () => {
  const made = await create('shop');
  expect(made).toMatchObject({ status: 201, body: { status: 'active' } });
  const { id } = made.body;
  expect((await sql(id, `CREATE TABLE todos AS SELECT 1 AS id, 'milk' AS title`)).status).toBe(200);
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const rows = () =>
    platform.call<unknown>('GET', `/project/${id}/rest/v1/todos`, {
      headers: { apikey: keys.body.anon_key },
    });
  await vi.waitFor(async () => expect((await rows()).body).toEqual([{ id: 1, title: 'milk' }]), {
    timeout: 30_000,
  });
  expect(await platform.stop()).toBe(0);
  expect(await platform.programs('')).toEqual([]);
  await platform.start();
  expect((await rows()).body).toEqual([{ id: 1, title: 'milk' }]);
});

test('of ten requests for one name exactly one wins; the same key gives the same project', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => create('wanted')));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
    201,
    ...Array<number>(9).fill(409),
  ]);
  const key = { 'idempotency-key': 'once' };
  const [first, again] = [await create('again', key), await create('again', key)];
  expect(again.body.id).toBe(first.body.id);
  expect((await create('other', key)).status).toBe(409);
});

test('a request has one id: to its client, in the log of each part, and in its events', async () => {
  // as short as the shortest, with every sign that it may have
  const requestId = 'a:1._-';
  const made = await create('traced', { 'x-request-id': requestId });
  expect(made.headers.get('x-request-id')).toBe(requestId);
  const { body } = await platform.call<{ entries: { request_id: string; correlation_id: string }[] }>(
    'GET',
    `/api/projects/${made.body.id}/audit`,
    { token },
  );
  const ids = body.entries.map((entry) => [entry.request_id, entry.correlation_id]);
  expect(ids).toContainEqual([requestId, requestId]);
  await vi.waitFor(() =>
    expect(platform.output).toMatch(new RegExp(`"server":"platform-api","requestId":"${requestId}"`)),
  );
});

test("another owner's project does not exist", async () => {
  const { id } = (await create('mine')).body;
  const stranger = await platform.owner('stranger');
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/keys'],
    ['GET', '/connection'],
    ['GET', '/progress'],
    ['GET', '/events'],
    ['GET', '/audit'],
    ['POST', '/pause'],
    ['DELETE', ''],
  ] as const) {
    const answer = await platform.call(method, `/api/projects/${id}${path}`, { token: stranger });
    expect([method, path, answer.status]).toEqual([method, path, 404]);
  }
});

// fifty in containers are a minute's work for two idle cores
test(`${MANY_PROJECTS} projects at once all get there`, async () => {
  const made = await Promise.all(
    Array.from({ length: MANY_PROJECTS }, (_, at) => create(`many-${at}`, { prefer: 'respond-async' })),
  );
  for (const { body } of made) expect(await statusAtRest(platform, token, body.id)).toBe('active');
  expect(await platform.resources(made.at(-1)?.body.id ?? '')).toEqual(EVERYTHING);
});

test('a second start on the same folder says so and changes nothing', async () => {
  const second = await platform.startSecond();
  expect(second.code).toBe(1);
  expect(second.output).toContain('Stop it first');
  expect((await platform.call('GET', '/health')).status).toBe(200);
});

test('no secret of any project is in what the platform printed', async () => {
  const { id } = (await create('discreet')).body;
  const { body } = await platform.call<{ db_uri: string; service_role_key: string }>(
    'GET',
    `/api/projects/${id}/connection`,
    { token },
  );
  expect(platform.output).not.toContain(new URL(body.db_uri).password);
  expect(platform.output).not.toContain(body.service_role_key);
});
