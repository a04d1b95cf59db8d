/** The gateway in front of a real PostgREST. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { onCluster, testDatabase, type TestDatabase } from '../../infrastructure/postgres/test-database.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { testPort } from '../../infrastructure/process/test-port.ts';
import { Gateway } from './gateway.ts';

const PROJECT = projectId('proj_00000000000000aa');
const SECRET = 'a secret that only this test knows, long enough';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let database: TestDatabase;
let gateway: Gateway;
let rest: string;
let anonKey: string;
let serviceKey: string;
let stopPostgrest: () => Promise<void>;

beforeAll(async () => {
  database = await testDatabase();
  const { name } = database;
  await database.pool.query(`
    CREATE ROLE ${name}_anon; CREATE ROLE ${name}_service;
    CREATE ROLE ${name}_login LOGIN NOINHERIT PASSWORD 'test';
    GRANT ${name}_anon, ${name}_service TO ${name}_login;
    CREATE TABLE todos (id int PRIMARY KEY, task text NOT NULL);
    INSERT INTO todos SELECT n, 'task ' || n FROM generate_series(1, 5) n;
    GRANT SELECT ON todos TO ${name}_anon;
    GRANT ALL ON todos TO ${name}_service`);
  const key = (role: string) =>
    new SignJWT({ role }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET));
  anonKey = await key(`${name}_anon`);
  serviceKey = await key(`${name}_service`);
  const postgrest = await startPostgrest(database);
  stopPostgrest = postgrest.stop;
  gateway = new Gateway({
    port: 0,
    host: '127.0.0.1',
    platform: { host: '127.0.0.1', port: 1 },
    dataApis: { endpoint: () => ({ host: '127.0.0.1', port: postgrest.port }) },
    projectState: () => Promise.resolve('active'),
    judge: () => Promise.resolve('good'),
    wake: () => Promise.resolve(),
    log: quiet,
  });
  await gateway.start();
  rest = `http://127.0.0.1:${gateway.port}/project/${PROJECT}/rest/v1`;
});

afterAll(async () => {
  await gateway?.stop(0);
  await stopPostgrest?.();
  const { name, clusterUrl } = database;
  await database[Symbol.asyncDispose]();
  await onCluster(clusterUrl, (client) =>
    client.query(`DROP ROLE ${name}_login; DROP ROLE ${name}_anon; DROP ROLE ${name}_service`),
  );
});

test('rows, by the long and by the short form', async () => {
  const long = await fetch(`${rest}/todos?select=id&id=in.(1,2)&order=id`, { headers: { apikey: anonKey } });
  expect([long.status, await long.json()]).toEqual([200, [{ id: 1 }, { id: 2 }]]);
  expect(long.headers.get('content-range')).toBe('0-1/*');
  expect(long.headers.get('access-control-expose-headers')).toContain('content-range');
  expect(long.headers.get('access-control-allow-origin')).toBe('*');
  const short = await fetch(`${rest.replace('/rest/v1', '')}/todos?select=id&id=eq.3`, {
    headers: { apikey: anonKey },
  });
  expect(await short.json()).toEqual([{ id: 3 }]);
});

test('a range with an exact count is a partial answer', async () => {
  const headers = { apikey: anonKey, range: '1-2', prefer: 'count=exact' };
  const answer = await fetch(`${rest}/todos?id=lte.5&order=id`, { headers });
  expect([answer.status, answer.headers.get('content-range')]).toEqual([206, '1-2/5']);
  expect(await answer.json()).toHaveLength(2);
});

test('a HEAD count has no body', async () => {
  const answer = await fetch(`${rest}/todos?id=lte.5`, {
    method: 'HEAD',
    headers: { apikey: anonKey, prefer: 'count=exact' },
  });
  expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
    200,
    '0-4/5',
    '',
  ]);
});

test('the key’s role decides, an Authorization goes before it', async () => {
  const insert = (id: number, headers: Record<string, string>) =>
    fetch(`${rest}/todos`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'return=representation', ...headers },
      body: JSON.stringify({ id, task: 'new ü' }),
    });
  const asAnon = await insert(101, { apikey: anonKey });
  // PostgREST says 401, not 403, to the anonymous role
  expect(asAnon.status).toBe(401);
  expect(await asAnon.json()).toMatchObject({ code: '42501' });
  const asService = await insert(101, { apikey: serviceKey });
  expect([asService.status, await asService.json()]).toEqual([201, [{ id: 101, task: 'new ü' }]]);
  const asUser = await insert(102, { apikey: anonKey, authorization: `Bearer ${serviceKey}` });
  expect(asUser.status).toBe(201);
  const nobody = await insert(103, {});
  expect(nobody.status).toBe(401);
  const stranger = await insert(103, { apikey: `${anonKey.slice(0, -4)}AAAA` });
  expect(stranger.status).toBe(401);
});

test('update and delete answer as PostgREST does', async () => {
  const headers = { apikey: serviceKey, 'content-type': 'application/json' };
  await fetch(`${rest}/todos`, { method: 'POST', headers, body: '[{"id":201,"task":"x"}]' });
  const update = await fetch(`${rest}/todos?id=eq.201`, { method: 'PATCH', headers, body: '{"task":"y"}' });
  expect([update.status, await update.text()]).toEqual([204, '']);
  const gone = await fetch(`${rest}/todos?id=eq.201`, {
    method: 'DELETE',
    headers: { ...headers, prefer: 'return=representation' },
  });
  expect(await gone.json()).toEqual([{ id: 201, task: 'y' }]);
  const missing = await fetch(`${rest}/nothing`, { headers });
  expect(missing.status).toBe(404);
});

test('a large write and a large answer go through', async () => {
  const task = 'x'.repeat(5_000_000);
  const headers = {
    apikey: serviceKey,
    'content-type': 'application/json',
    prefer: 'return=representation',
  };
  const answer = await fetch(`${rest}/todos`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ id: 301, task }),
  });
  expect(await answer.json()).toEqual([{ id: 301, task }]);
});

test('many at once, on kept connections', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      fetch(`${rest}/todos?id=eq.${(at % 5) + 1}`, { headers: { apikey: anonKey } }).then(
        async (answer) => (await answer.json()) as { id: number }[],
      ),
    ),
  );
  expect(answers.map(([row]) => row?.id)).toEqual(answers.map((_, at) => (at % 5) + 1));
});

async function startPostgrest({ url, name }: TestDatabase) {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-test-postgrest-'));
  const [port, adminPort] = [await testPort(), await testPort()];
  const uri = url.replace('postgres:test@', `${name}_login:test@`);
  const settings = {
    'db-uri': uri,
    'db-schemas': 'public',
    'db-anon-role': `${name}_anon`,
    'jwt-secret': SECRET,
    'server-host': '127.0.0.1',
    'server-port': port,
    'admin-server-port': adminPort,
    'log-level': 'error',
  };
  const config = join(folder, 'postgrest.conf');
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  await writeFile(config, lines.join(''), { mode: 0o600 });
  const child = spawn(await findPostgrest(undefined), [config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await vi.waitFor(
    async () => expect((await fetch(`http://127.0.0.1:${adminPort}/ready`)).status).toBe(200),
    { timeout: 20_000, interval: 20 },
  );
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  };
  return { port, stop };
}
