/** The whole platform with its projects in containers, as a new user goes; and what happens behind its back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import type { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';
import { ContainersUnderTest } from './containers-under-test.ts';
import { statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { readySpares } from './spares-under-test.ts';

let platform: PlatformUnderTest;
let engine: DockerEngine;
let token: string;
let id: string;
let key: string;
let containers: ContainersUnderTest;

beforeAll(async () => {
  containers = new ContainersUnderTest(inject('dockerHost'));
  ({ engine } = containers);
  platform = await PlatformUnderTest.create(containers.variables);
  await platform.start();
  token = await platform.owner('first');
  const made = await platform.call<{ id: string; status: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
  const query = `CREATE TABLE todos AS SELECT 1 AS id, 'milk' AS title`;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  key = keys.body.anon_key;
});
afterAll(async () => {
  await platform.close();
  await containers.close();
});

const answer = () =>
  platform.call<unknown>('GET', `/project/${id}/rest/v1/todos`, { headers: { apikey: key } });
const served = () =>
  vi.waitFor(async () => expect((await answer()).body).toEqual([{ id: 1, title: 'milk' }]), {
    timeout: 30_000,
    interval: 50,
  });
const ask = (method: string, path: string, body?: unknown) =>
  platform.call(method, `/api/projects/${id}${path}`, { token, ...(body !== undefined && { body }) });

test('a project is served by a container of its own', async () => {
  expect((await ask('GET', '')).body).toMatchObject({ id, status: 'active' });
  await served();
  expect(await containers.names()).toEqual([`postgrest-${id}`]);
  expect(await platform.programs('postgrest')).toEqual([]);
});

test('keys and the password are rotated without a refused request', async () => {
  let rotating = true;
  const refused: number[] = [];
  const asking = (async () => {
    while (rotating) {
      const { status } = await answer();
      if (status !== 200) refused.push(status);
    }
  })();
  expect((await ask('POST', '/keys/rotate')).status).toBeLessThan(300);
  expect((await ask('POST', '/database-password/rotate')).status).toBeLessThan(300);
  expect(await statusAtRest(platform, token, id)).toBe('active');
  await sleep(1_500);
  rotating = false;
  await asking;
  expect(refused).toEqual([]);
});

test('it goes straight to PostgreSQL when its owner says so, past the pooler, and back', async () => {
  const choose = (route: string | null) => ask('PATCH', '', { settings: { data_api: { route } } });
  const addresses = async () => {
    const rows = await platform.sql<{ address: string }>(
      `SELECT DISTINCT host(client_addr) AS address FROM pg_stat_activity WHERE usename = '${id}_authenticator'
       AND backend_start > now() - interval '5 s'`,
    );
    return rows.map(({ address }) => address);
  };
  expect((await choose('direct')).status).toBe(200);
  await served();
  const [running] = await containers.running(id);
  const { NetworkSettings: network } = await engine.docker.getContainer(running ?? '').inspect();
  const own = Object.values(network.Networks)[0]?.IPAddress;
  await vi.waitFor(async () => {
    await served();
    expect(await addresses()).toContain(own);
  });
  expect((await choose(null)).status).toBe(200);
  await served();
});

test('removed or stopped by hand, it comes back, and the log says so', async () => {
  await engine.docker.getContainer(`postgrest-${id}`).remove({ force: true, v: true });
  await served();
  await engine.docker.getContainer(`postgrest-${id}`).stop({ t: 0 });
  await served();
  await vi.waitFor(
    async () => {
      const { output } = await platform.launchdb('events', id);
      expect(output.match(/DriftRepaired/g)?.length).toBeGreaterThanOrEqual(2);
    },
    { timeout: 60_000, interval: 500 },
  );
});

test('after a kill -9 of the platform its containers go on and are adopted', async () => {
  const before = await engine.inspect(`postgrest-${id}`);
  await platform.kill();
  expect((await engine.inspect(`postgrest-${id}`))?.State.Running).toBe(true);
  await platform.start();
  await served();
  expect((await engine.inspect(`postgrest-${id}`))?.Id).toBe(before?.Id);
});

test('a stop ends the containers, a start brings them back', async () => {
  expect(await platform.stop()).toBe(0);
  expect(await containers.names()).toEqual([]);
  await platform.start();
  await served();
});

test('paused, resumed, deleted, purged', async () => {
  await ask('POST', '/pause');
  expect(await statusAtRest(platform, token, id)).toBe('paused');
  expect(await containers.names()).toEqual([]);
  await ask('POST', '/resume');
  expect(await statusAtRest(platform, token, id)).toBe('active');
  await served();
  await ask('DELETE', '?purge=true', { name: 'shop' });
  expect(await statusAtRest(platform, token, id)).toBe('purged');
  expect(await containers.names()).toEqual([]);
});

test('a spare project stands ready in a container, which is its owner’s from the claim on', async () => {
  await platform.stop();
  platform.environment['SPARE_PROJECTS'] = '1';
  await platform.start();
  const [spare = ''] = await readySpares(platform, 1);
  const before = await engine.inspect(`postgrest-${spare}`);
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'quick' },
  });
  expect([made.status, made.body.id]).toEqual([201, spare]);
  id = spare;
  await ask('POST', '/sql', { query: `CREATE TABLE todos AS SELECT 1 AS id, 'milk' AS title` });
  key = (await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token })).body
    .anon_key;
  await served();
  expect((await engine.inspect(`postgrest-${id}`))?.Id).toBe(before?.Id);
  // the next one, and switched off it goes
  const [next = ''] = await readySpares(platform, 1, spare);
  expect((await containers.names()).toSorted()).toEqual([`postgrest-${id}`, `postgrest-${next}`].toSorted());
  await platform.stop();
  platform.environment['SPARE_PROJECTS'] = '0';
  await platform.start();
  await readySpares(platform, 0);
  expect(await containers.names()).toEqual([`postgrest-${id}`]);
});

test('without an engine the start says what to do', async () => {
  await platform.stop();
  const { code, output } = await platform.startSecond({ DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  expect(code).toBe(1);
  expect(output).toMatch(/needs a Docker engine.*none answers.*ENOENT[\s\S]*DOCKER_HOST/);
  expect(await platform.programs('')).toEqual([]);
});
