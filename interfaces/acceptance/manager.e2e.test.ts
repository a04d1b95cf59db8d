/** The manager's internal API, as other parts of the platform and operators use it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYTHING } from './crash-points.ts';
import { statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const KEYS = ['the key that is on its way out', 'the key that takes its place'] as const;

let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({ INTERNAL_API_KEY: KEYS.join(',') });
  // as docker-compose.yml has them wait for one another
  await platform.start(undefined, true);
  token = await platform.owner('manager');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'managed' },
  });
  ({ id } = made.body);
});
afterAll(() => platform.close());

async function ask<T>(method: string, path: string, key: string | undefined = KEYS[0]) {
  const response = await fetch(`http://127.0.0.1:${platform.environment['MANAGER_PORT']}/internal${path}`, {
    method,
    headers: { ...(key !== '' && { 'x-internal-api-key': key }) },
  });
  return { status: response.status, body: (await response.json()) as T };
}
const rest = async () => {
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const headers = { apikey: keys.body.anon_key };
  return (await platform.call('GET', `/project/${id}/rest/v1/`, { headers })).status;
};

test('only who shows one of the keys is heard; no owner and no project key is', async () => {
  for (const key of KEYS) expect((await ask('GET', '/pools', key)).status).toBe(200);
  for (const key of ['', 'wrong', token, `${KEYS[0]} `, KEYS.join(',')]) {
    expect((await ask('GET', '/pools', key)).status).toBe(key === `${KEYS[0]} ` ? 200 : 401);
  }
  // it listens on this machine only, and the gateway leads nowhere near it
  expect((await platform.call('GET', '/internal/pools')).status).toBe(404);
});

test('spawn does nothing where all is well, and brings back what was taken away', async () => {
  expect((await ask('POST', `/postgrest/${id}/spawn`)).status).toBe(200);
  expect((await ask('DELETE', `/postgrest/${id}`)).status).toBe(200);
  expect((await ask('DELETE', `/postgrest/${id}`)).status).toBe(200);
  expect(await platform.resources(id)).toMatchObject({ pools: 0, postgrests: 0 });
  expect((await ask('POST', `/postgrest/${id}/spawn`)).status).toBe(201);
  expect(await platform.resources(id)).toEqual(EVERYTHING);
  expect(await rest()).toBe(200);
});

test('a restart drops no request', async () => {
  let restarting = true;
  const statuses = new Set<number>();
  const asking = (async () => {
    while (restarting) statuses.add(await rest());
  })();
  for (let times = 0; times < 3; times++)
    expect((await ask('POST', `/postgrest/${id}/restart`)).status).toBe(200);
  restarting = false;
  await asking;
  expect([...statuses]).toEqual([200]);
});

test('lists what shall stand and what does', async () => {
  const { body } = await ask<{ data_apis: unknown[] }>('GET', '/postgrest');
  expect(body.data_apis).toEqual([{ project_id: id, wanted: true, state: 'as-wanted' }]);
  expect((await ask('GET', '/pools')).body).toEqual({ enabled: true, wanted: [id], served: [id] });
  expect((await ask('POST', '/reconcile')).body).toEqual({ checked: [] });
});

test('what shall not run is not started, whoever asks', async () => {
  expect((await ask('POST', '/postgrest/proj_0123456789abcdef/spawn')).status).toBe(404);
  expect((await ask('POST', '/postgrest/launchdb/spawn')).status).toBe(400);
  await platform.call('POST', `/api/projects/${id}/pause`, { token });
  expect(await statusAtRest(platform, token, id)).toBe('paused');
  expect((await ask('POST', `/postgrest/${id}/spawn`)).status).toBe(409);
  expect(await platform.resources(id)).toMatchObject({ pools: 0, postgrests: 0 });
  await platform.call('POST', `/api/projects/${id}/resume`, { token });
  await expect.poll(rest, { timeout: 60_000 }).toBe(200);
});
