/** Programs die and others stand in the way: the platform stays up, retries, recovers and says so. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { signal } from '../../infrastructure/process/process-table.ts';
import { EVERYTHING, NOTHING, projectIdOf, statusAtRest } from './crash-points.ts';
import { patience } from './patience.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { MANY_PROJECTS } from './test-tier.ts';

let platform: PlatformUnderTest;
let token: string;
let ownerId: string;
let pids: readonly number[];

beforeAll(async () => {
  // room for all projects that these tests make, at 11 connections each
  platform = await PlatformUnderTest.create({ POSTGRES_MAX_CONNECTIONS: '1000' });
  await platform.start();
  token = await platform.owner('faults');
  ownerId = (await platform.call<{ owner_id: string }>('GET', '/api/owners/me', { token })).body.owner_id;
  ({ pids } = platform);
});
afterAll(() => platform.close());

/** a test that is run once more finds the names of its first run taken */
let attempts = 0;
const unique = (name: string) => `${name}-${(attempts += 1)}`;
const create = (name: string, headers: Record<string, string> = {}) =>
  platform.call<{ id: string; status: string }>('POST', '/api/projects', { token, body: { name }, headers });

/** A project with a table of one row, and a question for that row. */
async function served(name: string) {
  const { id, status } = (await create(unique(name))).body;
  expect(status).toBe('active');
  const query = `CREATE TABLE milk AS SELECT 1 AS id`;
  const made = await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  expect(made.status).toBe(200);
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const headers = { apikey: keys.body.anon_key };
  const rows = () => platform.call<unknown>('GET', `/project/${id}/rest/v1/milk`, { headers });
  const answers = (timeout: number) =>
    vi.waitFor(async () => expect((await rows()).body).toEqual([{ id: 1 }]), { timeout, interval: 50 });
  await answers(30_000);
  return { id, answers };
}

async function eventTypes(id: string): Promise<string[]> {
  const audit = await platform.call<{ entries: { type: string }[] }>(
    'GET',
    `/api/projects/${id}/audit?limit=500`,
    { token },
  );
  return audit.body.entries.map(({ type }) => type).reverse();
}

async function killProgram(name: string): Promise<void> {
  const found = await vi.waitFor(
    async () => {
      const programs = await platform.programs(name);
      expect(programs.length).toBeGreaterThan(0);
      return programs;
    },
    { timeout: 60_000 },
  );
  // one of them may be a child that was just forked, and end with its parent
  for (const { pid } of found) signal(pid, 'SIGKILL');
}

test('E70 a killed REST API is back by itself, and the log tells it', async () => {
  const { id, answers } = await served('killed-api');
  await platform.killDataApis(id);
  await answers(30_000);
  await vi.waitFor(
    async () =>
      expect(await eventTypes(id)).toEqual(expect.arrayContaining(['DriftDetected', 'DriftRepaired'])),
    { timeout: 30_000 },
  );
  expect(await platform.resources(id)).toEqual(EVERYTHING);
});

test('a killed PgBouncer is back by itself, and the platform never went away', async () => {
  const { answers } = await served('killed-pooler');
  await killProgram('pgbouncer');
  await answers(30_000);
  expect((await create(unique('after-pooler'))).body.status).toBe('active');
  expect(platform.pids).toEqual(pids);
});

test('a killed PostgreSQL is back by itself, also when one of its processes hangs; what was asked for meanwhile is done', async () => {
  const { answers } = await served('killed-database');
  const key = unique('meanwhile');
  const ask = () => create(key, { prefer: 'respond-async', 'idempotency-key': key });
  const asked = ask();
  // one of each server's own does not notice, and holds on to its memory
  for (const { pid } of await platform.programs('bin/postgres -D')) {
    const [, child] = await family(pid);
    if (child !== undefined) signal(child, 'SIGSTOP');
  }
  await killProgram('bin/postgres -D');
  await asked;
  await answers(30_000);
  // it was done, refused or nobody knows: asked again with its key it is done once. The log's server may come back later
  const { id } = await vi.waitFor(async () => {
    const { status, body } = await ask();
    expect(status).toBeLessThan(300);
    return body;
  }, patience(200));
  expect(await statusAtRest(platform, token, id)).toBe('active');
  expect(await platform.resources(id)).toEqual(EVERYTHING);
  expect(platform.pids).toEqual(pids);
});

test('PostgreSQL killed again and again, in the middle of everything: the platform never goes away', async () => {
  const ids: string[] = [];
  const name = unique('again');
  for (let round = 0; round < 6; round++) {
    const key = `${name}-${round}`;
    const ask = () => create(key, { prefer: 'respond-async', 'idempotency-key': key });
    const asked = [ask(), ask(), ask()];
    await sleep(40 * round);
    await killProgram('bin/postgres -D');
    await Promise.all(asked);
    await vi.waitFor(
      async () => {
        const { status, body } = await ask();
        // with what is away, when it is
        expect(status < 300 ? 'done' : body).toBe('done');
        ids[round] = body.id;
      },
      { timeout: 30_000, interval: 200 },
    );
  }
  for (const id of ids) expect(await statusAtRest(platform, token, id)).toBe('active');
  expect(platform.pids).toEqual(pids);
});

/** What owners and operators ask of the platform, none of which needs a project's database. */
async function controlPlaneAnswers(id: string, name: string): Promise<void> {
  const newcomer = await platform.owner(name);
  const ask = async (path: string, by: string) => (await platform.call('GET', path, { token: by })).status;
  expect(await ask('/api/owners/me', newcomer)).toBe(200);
  for (const path of ['', `/${id}`, `/${id}/why`, `/${id}/audit`, `/${id}/progress`])
    expect([path, await ask(`/api/projects${path}`, token)]).toEqual([path, 200]);
}

test("an owner who takes all locks of the projects' server does not stop the control plane", async () => {
  const { id } = await served('locks');
  const connection = `/api/projects/${id}/connection`;
  const { body } = await platform.call<{ db_uri: string }>('GET', connection, { token });
  const client = new pg.Client(body.db_uri);
  client.on('error', () => {});
  await client.connect();
  try {
    const taken = client.query(
      'SELECT count(pg_advisory_lock(n, g)) FROM generate_series(1, 85000) g, generate_series(1, 4) n',
    );
    // out of shared memory, or ended by who watches for it
    const outcome = await taken.catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: expect.stringMatching(/^(53200|57P01)$/) as string });
    await controlPlaneAnswers(id, unique('newcomer-locks'));
  } finally {
    await client.end().catch(() => {});
  }
});

test("without the projects' server the control plane answers and the log goes on", async () => {
  const { id, answers } = await served('frozen');
  const [server] = await platform.programs(`${platform.serverFolder('postgres')}/data`);
  const all = await family(server?.pid ?? 0);
  for (const pid of all) signal(pid, 'SIGSTOP');
  try {
    await controlPlaneAnswers(id, unique('newcomer-frozen'));
    const sql = { token, body: { query: 'SELECT 1' } };
    const asked = await platform.call('POST', `/api/projects/${id}/sql`, sql);
    // whoever reads it hears what is away
    expect(asked).toMatchObject({ status: 503, body: { away: 'postgres' } });
    expect(asked.body['detail']).toContain('The PostgreSQL of projects');
  } finally {
    for (const pid of all) signal(pid, 'SIGCONT');
  }
  await answers(30_000);
});

test('a list is answered by a view that stands still; who asks for a position waits, and hears of it', async () => {
  const { id } = (await create('renamed')).body;
  const holder = new pg.Client(platform.superuser('launchdb'));
  await holder.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE view_project_list.projects IN SHARE MODE');
    const body = { display_name: 'Unseen' };
    expect((await platform.call('PATCH', `/api/projects/${id}`, { token, body })).status).toBe(200);
    const { body: trail } = await platform.call<{ entries: { position: string }[] }>(
      'GET',
      `/api/projects/${id}/audit?limit=1`,
      { token },
    );
    const list = (query = '') =>
      platform.call<{ projects: { id: string; display_name: string }[] }>('GET', `/api/projects${query}`, {
        token,
      });
    const shown = async (query?: string) =>
      (await list(query)).body.projects.find((one) => one.id === id)?.display_name;
    expect(await shown()).toBe('renamed');
    const upTo = `?min_position=${trail.entries[0]?.position}`;
    expect(await list(upTo)).toMatchObject({ status: 503, body: { type: '/docs#platform/behind' } });
    await holder.query('COMMIT');
    expect(await shown(upTo)).toBe('Unseen');
  } finally {
    await holder.end();
  }
});

/** A program with those that it has started. */
async function family(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
}

test('E67 a project that is stuck holds up no other', async () => {
  const key = unique('stuck');
  const stuck = projectIdOf(ownerId, key);
  const holder = new pg.Client(platform.superuser());
  await holder.connect();
  // what everything that is done to this project's database waits for
  await holder.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [stuck]);
  try {
    const headers = { prefer: 'respond-async', 'idempotency-key': key };
    expect((await create(key, headers)).body.id).toBe(stuck);
    for (const name of ['free-one', 'free-two', 'free-three']) {
      expect((await create(unique(name))).body.status).toBe('active');
    }
    const read = await platform.call<{ status: string }>('GET', `/api/projects/${stuck}`, { token });
    expect(read.body.status).toBe('provisioning');
  } finally {
    await holder.end();
  }
  expect(await statusAtRest(platform, token, stuck)).toBe('active');
});

test('E69 what somebody else made under the name is refused and left alone', async () => {
  const key = unique('foreign');
  const id = projectIdOf(ownerId, key);
  await platform.sql(`CREATE ROLE ${id}_authenticator NOLOGIN`);
  // an answer that clients repeat by themselves, as 503, would bring them "name-taken"
  for (let asked = 0; asked < 2; asked++) {
    const answer = await create(key, { prefer: 'wait=30', 'idempotency-key': key });
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'failed' } });
    expect(answer.headers.get('location')).toBe(`/api/projects/${id}`);
  }
  const progress = await platform.call<{ processes: { steps: { step: string; last_error: string }[] }[] }>(
    'GET',
    `/api/projects/${id}/progress`,
    { token },
  );
  const step = progress.body.processes[0]?.steps.find((one) => one.step === 'create-database-users');
  expect(step?.last_error).toContain('is not LaunchDB');
  expect(await platform.resources(id)).toEqual({ ...NOTHING, roles: 1 });
  await platform.sql(`DROP ROLE ${id}_authenticator`);
  expect((await create(key)).status).toBe(409);
  await platform.call('DELETE', `/api/projects/${id}`, { token });
  await vi.waitFor(async () => expect((await create(key)).status).toBe(201), { timeout: 20_000 });
});

test(`E68 killed with ${MANY_PROJECTS} provisionings under way, all of them finish after the next start`, async () => {
  const async = { prefer: 'respond-async' };
  const name = unique('half-done');
  const asked = await Promise.all(
    Array.from({ length: MANY_PROJECTS }, (_, at) => create(`${name}-${at}`, async)),
  );
  await platform.kill();
  await platform.start();
  for (const { body } of asked) expect(await statusAtRest(platform, token, body.id)).toBe('active');
  const types = await eventTypes(asked.at(-1)?.body.id ?? '');
  expect(types.filter((type) => type === 'ProjectActivated')).toHaveLength(1);
});
