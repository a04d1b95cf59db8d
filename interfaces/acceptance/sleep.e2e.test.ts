/** A project that nobody uses sleeps, and nobody who comes notices more than a moment. */
import { setTimeout as pause } from 'node:timers/promises';
import { SignJWT, type JWTPayload } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { by } from './as-client.ts';
import { EVERYTHING, REACHABLE } from './crash-points.ts';
import { AesSecrets } from '../../infrastructure/crypto/aes-secrets.ts';
import type { SealedSecrets } from '../../domain/project/events.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { MASTER_KEY, PlatformUnderTest } from './platform-under-test.ts';
import { patience } from './patience.ts';

const KEY = 'what the parts of this platform show each other';
const IDLE_MS = 1_800;
const PATIENCE = patience(50);

let platform: PlatformUnderTest;
let token: string;
let id: string;
let keys: { anon_key: string; service_role_key: string };
let connection: { db_uri: string; db_uri_pooler: string };

const call = <T = Record<string, unknown>>(method: string, below: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects/${id}${below}`, { token, ...(body !== undefined && { body }) });
const sql = (query: string) => call('POST', '/sql', { query });
const rest = (path = 'milk', key = keys.anon_key) =>
  platform.call<unknown>('GET', `/project/${id}/rest/v1/${path}`, { headers: { apikey: key } });

beforeAll(async () => {
  platform = await PlatformUnderTest.create({
    IDLE_SLEEP_MINUTES: String(IDLE_MS / 60_000),
    INTERNAL_API_KEY: KEY,
  });
  await platform.start();
  token = await platform.owner('sleep');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
  await sql(`CREATE TABLE milk AS SELECT 1 AS id;`);
  await sql('CREATE TABLE uploads (text text)');
  await sql(`CREATE FUNCTION nap(seconds float8) RETURNS text LANGUAGE sql AS
    $$ SELECT pg_sleep(seconds); SELECT 'slept' $$`);
  keys = (await call<typeof keys>('GET', '/keys')).body;
  connection = (await call<typeof connection>('GET', '/connection')).body;
});
afterAll(() => platform.close());

interface Entry {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly actor: { readonly id: string };
}

/** Every event of the project so far, oldest first: as soon as the view has those that its stream has. */
async function events(): Promise<readonly Entry[]> {
  const revision = Number((await call('GET', '')).headers.get('etag')?.replaceAll('"', ''));
  return vi.waitFor(async () => {
    const { body } = await call<{ entries: Entry[] }>('GET', '/audit?limit=500');
    const seen = body.entries.find(({ stream }) => stream === `project-${id}`)?.revision;
    expect(seen).toBeGreaterThanOrEqual(revision);
    return body.entries.toReversed();
  }, PATIENCE);
}
const count = async (type: string) => (await events()).filter((event) => event.type === type).length;

async function asleep(): Promise<void> {
  await vi.waitFor(async () => {
    expect((await call('GET', '')).body['status']).toBe('sleeping');
    expect(await platform.resources(id)).toEqual(REACHABLE);
  }, PATIENCE);
}

const ask = (uri: string, query: string): Promise<unknown[]> =>
  by(uri, async (client) => (await client.query(query)).rows);

test('an idle project sleeps: its API, its list, its history and its operator say so in words', async () => {
  await asleep();
  await vi.waitFor(async () => {
    const path = '/api/projects?status=sleeping';
    const list = await platform.call<{ projects: { id: string }[] }>('GET', path, { token });
    expect(list.body.projects.map((one) => one.id)).toEqual([id]);
  });
  const why = await platform.launchdb('why', id);
  expect(why.output).toContain('"shop" is sleeping (served on demand)');
  expect(why.output).toContain('the next request wakes it');
  // and nothing is missing of it
  expect(await platform.launchdb('rebuild', '--dry-run')).toMatchObject({
    code: 0,
    output: expect.stringContaining('Nothing is missing') as string,
  });
  const types = (await events()).map(({ type }) => type);
  const tail = ['ProjectSleepRequested', 'PostgrestRemoved', 'ProjectSlept'];
  expect(types.filter((type) => tail.includes(type)).slice(-3)).toEqual(tail);
  expect((await events()).find(({ type }) => type === 'ProjectSleepRequested')?.actor.id).toBe(
    'sleep-when-idle',
  );
  const progress = await call<{ processes: { process: string; state: string }[] }>('GET', '/progress');
  expect(progress.body.processes[0]).toMatchObject({ process: 'sleep', state: 'done' });
});

test('direct and pooled connections and SQL go on while it sleeps, and wake nobody', async () => {
  await asleep();
  const wakes = await count('ProjectWakeRequested');
  for (const uri of [connection.db_uri, connection.db_uri_pooler]) {
    expect(await ask(uri, 'SELECT id FROM milk')).toEqual([{ id: 1 }]);
  }
  expect((await sql('CREATE TABLE made_asleep AS SELECT 2 AS id')).status).toBe(200);
  await ask(connection.db_uri, 'CREATE TABLE made_directly AS SELECT 3 AS id');
  expect(await count('ProjectWakeRequested')).toBe(wakes);
  // what came meanwhile is there at once
  expect(await rest('made_asleep')).toMatchObject({ status: 200, body: [{ id: 2 }] });
  expect(await rest('made_directly')).toMatchObject({ status: 200, body: [{ id: 3 }] });
});

test('the next request is answered; many at once are one wake', async () => {
  await asleep();
  const wakes = await count('ProjectWakeRequested');
  const insert = platform.call('POST', `/project/${id}/rest/v1/rpc/nap`, {
    headers: { apikey: keys.service_role_key },
    body: { seconds: 0 },
  });
  const answers = await Promise.all(Array.from({ length: 30 }, () => rest()));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answers.at(-1)?.body).toEqual([{ id: 1 }]);
  expect((await insert).body).toBe('slept');
  expect(await count('ProjectWakeRequested')).toBe(wakes + 1);
  expect((await events()).findLast(({ type }) => type === 'ProjectWakeRequested')?.actor.id).toBe('gateway');
});

test('a key that does not fit wakes nobody, and is told what a project says that is awake', async () => {
  const stranger = new TextEncoder().encode('x'.repeat(64));
  const hostile: Record<string, string>[] = [
    { apikey: 'k' },
    { apikey: await signed({ role: 'service_role', ref: id }, stranger) },
    { apikey: await signed({ role: 'anon', exp: 1 }) },
    { apikey: `${keys.anon_key.slice(0, -4)}AAAA` },
    { apikey: keys.anon_key, authorization: `Bearer ${await signed({ role: 'anon' }, stranger)}` },
  ];
  const answers = () =>
    Promise.all(
      hostile.map(async (headers) => {
        const answer = await platform.call('GET', `/project/${id}/rest/v1/milk`, { headers });
        // its exact words are PostgREST's, and the first key is none: they say so in more words
        const { code, message } = answer.body;
        return [answer.status, code, headers === hostile[0] ? undefined : message];
      }),
    );
  await rest();
  const awake = await answers();
  expect(new Set(awake.map(([status]) => status))).toEqual(new Set([401]));
  await asleep();
  const before = (await events()).length;
  expect(await answers()).toEqual(awake);
  await pause(1_000);
  expect((await events()).length).toBe(before);
  expect((await call('GET', '')).body['status']).toBe('sleeping');

  // a user of the project's own, with a token of their own beside a key that nobody looks at
  const user = { apikey: 'k', authorization: `Bearer ${await signed({ role: 'authenticated', sub: 'u' })}` };
  expect((await platform.call('GET', `/project/${id}/rest/v1/milk`, { headers: user })).status).toBe(200);
});

/** Signed as the project itself would. */
async function signed(claims: JWTPayload, key?: Uint8Array): Promise<string> {
  const [row] = await platform.sql<{ secrets: SealedSecrets }>(
    'SELECT secrets FROM view_desired_projects.projects WHERE project_id = $1',
    [id],
    'launchdb',
  );
  const opened = new AesSecrets(Buffer.from(MASTER_KEY, 'hex')).open(projectId(id), row!.secrets);
  const own = new TextEncoder().encode(opened.jwtSecret);
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key ?? own);
}

test('a request that takes longer than it may idle keeps it awake and is answered, and so does a transaction', async () => {
  await rest();
  const sleeps = await count('ProjectSleepRequested');
  const seconds = (IDLE_MS * 2.5) / 1000;
  expect(await rest(`rpc/nap?seconds=${seconds}`)).toMatchObject({ status: 200, body: 'slept' });
  await rest();
  const before = await count('ProjectSleepRequested');
  expect(before - sleeps).toBeLessThanOrEqual(1);
  const client = new pg.Client({ connectionString: connection.db_uri_pooler });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT 1');
  await pause(IDLE_MS * 2.5);
  // it may have fallen asleep before the transaction began, never since
  const during = await count('ProjectSleepRequested');
  await client.query('ROLLBACK');
  await client.end();
  expect(during - before).toBeLessThanOrEqual(1);
  if (during === before) expect(await platform.resources(id)).toEqual(EVERYTHING);
  await asleep();
});

test('a body that is sent slowly is not cut off, though nobody but the gateway knows of it', async () => {
  await rest();
  const sleeps = await count('ProjectSlept');
  const pieces = 20;
  const body = ReadableStream.from(
    (async function* () {
      yield Buffer.from('{"text":"');
      for (let piece = 0; piece < pieces; piece++) {
        await pause((IDLE_MS * 4) / pieces);
        yield Buffer.alloc(1_000, 'x');
      }
      yield Buffer.from('"}');
    })(),
  );
  const answer = await fetch(`${platform.url}/project/${id}/rest/v1/uploads`, {
    method: 'POST',
    headers: { apikey: keys.service_role_key, 'content-type': 'application/json' },
    body,
    duplex: 'half',
  });
  expect([answer.status, await answer.text()]).toEqual([201, '']);
  expect((await rest('uploads?select=text', keys.service_role_key)).body).toEqual([
    { text: 'x'.repeat(pieces * 1_000) },
  ]);
  // it may have fallen asleep before the body began, never since
  expect((await count('ProjectSlept')) - sleeps).toBeLessThanOrEqual(1);
  await asleep();
});

test('keys, password and settings change while it sleeps, and the next wake has them', async () => {
  await asleep();
  const spawned = await count('PostgrestSpawned');
  const old = keys;
  const rotated = await call<typeof keys>('POST', '/keys/rotate', { overlap_seconds: 0 });
  expect(rotated.status).toBe(200);
  keys = rotated.body;
  const password = await call<typeof connection>('POST', '/database-password/rotate');
  expect(password.status).toBe(200);
  const settings = { data_api: { max_rows: 2, schemas: ['public'] } };
  expect((await call('PATCH', '', { settings })).body['status']).toBe('sleeping');
  expect(await count('PostgrestSpawned')).toBe(spawned);
  await asleep();
  expect(await ask(password.body.db_uri_pooler, 'SELECT id FROM milk')).toEqual([{ id: 1 }]);
  await expect(ask(connection.db_uri, 'SELECT 1')).rejects.toThrow();
  connection = password.body;
  await sql('CREATE TABLE many AS SELECT generate_series(1, 9) AS id');
  expect((await rest('many')).body).toHaveLength(2);
  // the sweep retires the old ones
  await vi.waitFor(async () => expect((await rest('milk', old.anon_key)).status).toBe(401), PATIENCE);
});

test('a paused project is not woken by anybody; its owner brings it back, also out of sleep', async () => {
  await asleep();
  expect((await call('POST', '/pause')).body['status']).toBe('paused');
  expect(await rest()).toMatchObject({ status: 503, body: { code: 'project/paused' } });
  expect((await call('GET', '')).body['status']).toBe('paused');
  expect((await call('POST', '/resume')).body['status']).toBe('active');
  expect((await rest()).status).toBe(200);
  await asleep();
  const resumed = await call('POST', '/resume');
  expect([resumed.status, resumed.body['status']]).toEqual([200, 'active']);
});

test('the manager wakes for a gateway that runs elsewhere', async () => {
  await asleep();
  const wake = (project: string) =>
    fetch(`http://127.0.0.1:${platform.environment['MANAGER_PORT']}/internal/postgrest/${project}/wake`, {
      method: 'POST',
      headers: { 'x-internal-api-key': KEY },
    });
  const wakes = await count('ProjectWakeRequested');
  // two gateways at once
  expect((await Promise.all([wake(id), wake(id)])).map(({ status }) => status)).toEqual([200, 200]);
  expect(await count('ProjectWakeRequested')).toBe(wakes + 1);
  expect((await wake('proj_0123456789abcdef')).status).toBe(404);
});

test('a start of the platform wakes nobody', async () => {
  await asleep();
  const before = (await events()).length;
  expect(await platform.stop()).toBe(0);
  await platform.start();
  expect(await platform.resources(id)).toEqual(REACHABLE);
  expect((await events()).length).toBe(before);
  expect((await call('GET', '')).body['status']).toBe('sleeping');
  expect(await rest()).toMatchObject({ status: 200, body: [{ id: 1 }] });
});

test('a wake that fails says what to do, goes on trying, and succeeds when nothing is in its way', async () => {
  await asleep();
  await platform.sql(`ALTER ROLE ${id}_authenticator NOLOGIN`);
  // the pooler keeps sessions
  await platform.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
    `${id}_authenticator`,
  ]);
  const refused = await rest();
  expect(refused).toMatchObject({ status: 503, body: { code: 'project/not-woken' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await call('GET', '')).body['status']).toBe('waking');
  await platform.sql(`ALTER ROLE ${id}_authenticator LOGIN`);
  await vi.waitFor(async () => expect((await rest()).body).toEqual([{ id: 1 }]), PATIENCE);
});

test('what is deleted while it sleeps is gone', async () => {
  await asleep();
  await call('DELETE', '');
  await vi.waitFor(async () => expect((await rest()).status).toBe(404), PATIENCE);
  await vi.waitFor(async () => {
    expect(await platform.resources(id)).toMatchObject({ databases: 1, pools: 0, postgrests: 0 });
  }, PATIENCE);
});
