/** The gateway in front of a real PostgREST. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PLACEHOLDER_URL } from '../../application/ports/data-apis.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { onCluster, testDatabase, type TestDatabase } from '../../infrastructure/testing/database.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
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
    CREATE FUNCTION nap(s float8) RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(s)';
    CREATE FUNCTION many(n int) RETURNS SETOF todos LANGUAGE plpgsql STABLE AS $$ BEGIN
      PERFORM set_config('response.headers', CASE WHEN n = 3001 THEN '[{"Cache-Control":"no-transform"}]'
        ELSE '[{"ETag":"\\"a\\""}]' END, true);
      RETURN QUERY SELECT i, 'one of many' FROM generate_series(1, n) i; END $$;
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
    limits: { bodyBytes: 8 * 1024 * 1024 },
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

describe('addresses are those from outside', () => {
  const documentOf = async (headers: Record<string, string>) =>
    JSON.parse((await asked(`/project/${PROJECT}/rest/v1/`, { headers })).body.toString()) as Record<
      string,
      unknown
    >;

  test('in the document of the API', async () => {
    const host = `127.0.0.1:${gateway.port}`;
    const basePath = `/project/${PROJECT}/rest/v1`;
    for (const more of [{}, { 'accept-encoding': 'identity' }]) {
      const document = await documentOf({ apikey: anonKey, ...more });
      expect(document).toMatchObject({ swagger: '2.0', host, basePath, schemes: ['http'] });
      expect(document['paths']).toHaveProperty('/todos');
    }
    const own = 'proj-00000000000000aa.example.com';
    expect(await documentOf({ apikey: anonKey, host: own })).toMatchObject({
      host: own,
      basePath: '/rest/v1',
    });
  });

  test('in Location and Content-Location, by the short form, too', async () => {
    const read = await fetch(`${rest}/todos?id=eq.1`, { headers: { apikey: anonKey } });
    const path = new URL(rest).pathname;
    expect(read.headers.get('content-location')).toBe(`${path}/todos?id=eq.1`);
    const made = await fetch(`${rest.replace('/rest/v1', '')}/todos`, {
      method: 'POST',
      headers: { apikey: serviceKey, 'content-type': 'application/json', prefer: 'return=headers-only' },
      body: '{"id":401,"task":"x"}',
    });
    expect([made.status, made.headers.get('location')]).toEqual([201, `${path}/todos?id=eq.401`]);
    const own = { host: 'proj-00000000000000aa.example.com', apikey: anonKey };
    const answer = await asked(`${path}/todos?id=eq.1`, { headers: own });
    expect(answer.headers['content-location']).toBe('/rest/v1/todos?id=eq.1');
  });
});

test('a list of 2,000 ids is asked for with an ordinary client', async () => {
  const ids = Array.from({ length: 2_000 }, (_, at) => `"${String(at).padStart(12, '0')}"`).join(',');
  const url = `${rest}/todos?task=in.(${ids})`;
  expect(url.length).toBeGreaterThan(30_000);
  const answer = await fetch(url, { headers: { apikey: anonKey } });
  expect([answer.status, await answer.json()]).toEqual([200, []]);
  const tooLong = await fetch(`${url}&id=in.(${'1,'.repeat(6_000)}1)`, { headers: { apikey: anonKey } });
  expect(tooLong.headers.get('access-control-allow-origin')).toBe('*');
  expect([tooLong.status, await tooLong.json()]).toMatchObject([431, { code: 'request/headers-too-large' }]);
  // the key is copied: what we take is too much for PostgREST
  const twice = await asked(new URL(rest).pathname + '/todos', { headers: { apikey: 'k'.repeat(39_000) } });
  expect([twice.status, JSON.parse(twice.body.toString())]).toMatchObject([
    431,
    { code: 'request/headers-too-large' },
  ]);
});

describe('gzip', () => {
  const headers = () => ({ apikey: serviceKey, 'content-type': 'application/json' });

  test('answers that are worth it, for who takes it; small ones, HEAD and the rest as they are', async () => {
    const path = `${new URL(rest).pathname}/rpc/many`;
    const packed = { ...headers(), 'accept-encoding': 'br, gzip' };
    const plain = await asked(`${path}?n=3000`, { headers: headers() });
    const zipped = await asked(`${path}?n=3000`, { headers: packed });
    expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' });
    expect(zipped.headers).toMatchObject({ vary: 'Accept-Encoding', 'content-encoding': 'gzip' });
    expect(zipped.headers).toMatchObject({ etag: 'W/"a"', 'content-range': '0-2999/*' });
    expect(plain.headers).toMatchObject({ etag: '"a"' });
    expect(zipped.body.length).toBeLessThan(plain.body.length / 3);
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
    for (const [target, method] of [
      [`${path}?n=3`, 'GET'],
      [`${path}?n=3000`, 'HEAD'],
    ] as const) {
      const answer = await asked(target, { method, headers: packed });
      expect(answer.headers).not.toHaveProperty('content-encoding');
      expect(answer.headers).toMatchObject({ vary: 'Accept-Encoding' });
    }
    const never = await asked(`${path}?n=3001`, { headers: packed });
    expect(never.headers['cache-control']).toBe('no-transform');
    expect(never.headers).not.toHaveProperty('content-encoding');
  });

  test('bodies come in gzip, up to the same bound', async () => {
    const path = `${new URL(rest).pathname}/todos`;
    const post = (body: Buffer, coding: string) =>
      asked(path, { method: 'POST', headers: { ...headers(), 'content-encoding': coding }, body });
    const row = (id: number, task: string) => gzipSync(JSON.stringify({ id, task }));
    expect((await post(row(501, 'gzipped ü'), 'gzip')).status).toBe(201);
    const made = await fetch(`${rest}/todos?id=eq.501`, { headers: headers() });
    expect(await made.json()).toEqual([{ id: 501, task: 'gzipped ü' }]);
    expect((await post(Buffer.from('{"id":502,"task":"x"}'), 'identity')).status).toBe(201);
    const other = await post(row(503, 'x'), 'br');
    expect([other.status, other.headers['accept-encoding']]).toEqual([415, 'gzip, identity']);
    expect((await post(row(503, 'x').subarray(0, 20), 'gzip')).status).toBe(400);
    expect((await post(Buffer.from('{"id":503}'), 'gzip')).status).toBe(400);
    // 20 MB in 20 kB
    const bomb = await post(row(503, 'x'.repeat(20_000_000)), 'gzip');
    expect([bomb.status, JSON.parse(bomb.body.toString())]).toMatchObject([
      413,
      { code: 'request/too-large' },
    ]);
    expect((await fetch(`${rest}/todos?id=eq.503`, { headers: headers() })).status).toBe(200);
  });
});

test('a database that dies under a read is 503, and what becomes of a write nobody knows', async () => {
  const headers = { apikey: serviceKey, 'content-type': 'application/json' };
  const path = `${new URL(rest).pathname}/rpc/nap`;
  const cut = async (method: string) => {
    const napping =
      method === 'GET'
        ? asked(`${path}?s=20`, { headers })
        : asked(path, { method, headers, body: '{"s":20}' });
    await vi.waitFor(
      async () => {
        const { rowCount } = await database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE usename = '${database.name}_login' AND state = 'active' AND query LIKE '%nap%'`,
        );
        expect(rowCount).toBe(1);
      },
      { timeout: 20_000, interval: 20 },
    );
    const { status, headers: told, body } = await napping;
    return [status, (JSON.parse(body.toString()) as { code: string }).code, told['retry-after']];
  };
  expect(await cut('GET')).toEqual([503, 'gateway/upstream-lost', '1']);
  expect(await cut('POST')).toEqual([502, 'gateway/outcome-unknown', undefined]);
});

interface AskOptions {
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
}

/** As it comes: nothing is unpacked, and the host is what is said. */
async function asked(path: string, { method = 'GET', headers, body }: AskOptions) {
  const request = httpRequest({ host: '127.0.0.1', port: gateway.port, method, path, headers, agent: false });
  request.on('error', () => {}).end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
}

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
    'openapi-server-proxy-uri': PLACEHOLDER_URL,
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
