/**
 * A server's public door: the real Caddy with the server's own file, in front of a whole platform. The names of
 * containers are answered by a name server of the test's, and one project's port is the port of all: so one project is
 * reached directly, as on a server, and every other one by the fallback to the gateway.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readPostgrestConfig } from '../../infrastructure/postgrest/postgrest-config.ts';
import { CaddyUnderTest, type Question } from './caddy-under-test.ts';
import { ContainerNames } from './container-names.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const MIB = 1024 * 1024;
const PUBLIC = new URL('https://db.example.com');
const TABLES = `CREATE TABLE todos (id int PRIMARY KEY, title text);
  INSERT INTO todos VALUES (1, 'milk'), (2, 'bread');
  CREATE FUNCTION slow(seconds float8) RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(seconds)';
  CREATE FUNCTION headers() RETURNS json LANGUAGE sql STABLE AS $$ SELECT current_setting('request.headers')::json $$`;

interface Project {
  readonly id: string;
  readonly anon: string;
  readonly service: string;
}

let platform: PlatformUnderTest;
let names: ContainerNames;
let caddy: CaddyUnderTest;
let variables: Record<string, string>;
let token: string;
/** reached directly; no other one is */
let direct: Project;
let other: Project;

async function create(name: string): Promise<Project> {
  const { id } = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } }))
    .body;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query: TABLES } });
  const keys = await platform.call<{ anon_key: string; service_role_key: string }>(
    'GET',
    `/api/projects/${id}/keys`,
    { token },
  );
  const project = { id, anon: keys.body.anon_key, service: keys.body.service_role_key };
  const headers = { apikey: project.anon };
  await vi.waitFor(
    async () =>
      expect((await platform.call('GET', `/project/${id}/rest/v1/todos`, { headers })).status).toBe(200),
    { timeout: 60_000 },
  );
  return project;
}

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  platform.environment['PUBLIC_URL'] = PUBLIC.href;
  await platform.start();
  token = await platform.owner('door');
  direct = await create('direct');
  other = await create('other');
  const file = join(platform.dataDir, 'postgrest', `${direct.id}.conf`);
  const ports = readPostgrestConfig(await readFile(file, 'utf8'));
  names = await ContainerNames.start();
  names.tell(direct.id);
  variables = {
    GATEWAY: `127.0.0.1:${platform.environment['GATEWAY_PORT']}`,
    PLATFORM: `127.0.0.1:${platform.environment['PLATFORM_PORT']}`,
    PROJECT_HOSTS: '*.example.localhost',
    DATA_API_RESOLVER: names.address,
    DATA_API_PORT: String(ports?.port),
    DATA_API_ADMIN_PORT: String(ports?.adminPort),
  };
  caddy = await CaddyUnderTest.start(variables);
});

afterAll(async () => {
  await caddy?.stop();
  names?.stop();
  await platform.close();
});

const rest = (project: Project, path: string, question: Question = {}) =>
  caddy.ask(`/project/${project.id}/rest/v1${path}`, {
    ...question,
    headers: { apikey: project.anon, ...question.headers },
  });
const write = (project: Project, method: string, path: string, row: unknown, more: Question = {}) =>
  rest(project, path, {
    method,
    body: JSON.stringify(row),
    ...more,
    headers: {
      apikey: project.service,
      'content-type': 'application/json',
      prefer: 'return=representation',
      ...more.headers,
    },
  });
/** How many requests the gateway has seen of a project's routes. */
const throughGateway = () => platform.output.split('"route":"data-api"').length - 1;

/** Nothing that was asked meanwhile came to the gateway. */
async function withoutGateway(work: () => Promise<void>): Promise<void> {
  caddy.requestIds.length = 0;
  await work();
  const asked = [...caddy.requestIds];
  expect(asked).not.toEqual([]);
  // it logs a request when the answer is closed: the next one of another's is there when those before it are
  const last = await rest(other, '/todos');
  await vi.waitFor(() => expect(platform.output).toContain(String(last.headers['x-request-id'])), {
    timeout: 30_000,
  });
  expect(asked.filter((id) => platform.output.includes(id))).toEqual([]);
}

describe('an awake project', () => {
  test('answers reads and writes with no process of ours in between', () =>
    withoutGateway(async () => {
      const rows = await rest(direct, '/todos?select=id&id=lte.2&order=id');
      expect([rows.status, JSON.parse(rows.text)]).toEqual([200, [{ id: 1 }, { id: 2 }]]);
      expect(rows.headers['content-range']).toBe('0-1/*');
      const short = await caddy.ask(`/project/${direct.id}/todos?id=eq.1`, {
        headers: { apikey: direct.anon },
      });
      expect(JSON.parse(short.text)).toEqual([{ id: 1, title: 'milk' }]);
      const made = await write(direct, 'POST', '/todos', { id: 10, title: 'ü' });
      expect([made.status, JSON.parse(made.text)]).toEqual([201, [{ id: 10, title: 'ü' }]]);
      const changed = await write(direct, 'PATCH', '/todos?id=eq.10', { title: 'b' });
      expect(JSON.parse(changed.text)).toEqual([{ id: 10, title: 'b' }]);
      const gone = await write(direct, 'DELETE', '/todos?id=eq.10', undefined, { body: '' });
      expect([gone.status, JSON.parse(gone.text)]).toEqual([200, [{ id: 10, title: 'b' }]]);
      const head = await rest(direct, '/todos', { method: 'HEAD', headers: { prefer: 'count=exact' } });
      expect([head.status, head.headers['content-range'], head.text]).toEqual([200, '0-1/2', '']);
      expect((await rest(direct, '/nothing')).status).toBe(404);
    }));

  test('is not sent the platform’s own cookie, and cannot set it, by either way', async () => {
    const sql = `CREATE FUNCTION sets() RETURNS void LANGUAGE sql AS $$
        SELECT set_config('response.headers', '[{"Set-Cookie": "__Host-launchdb=x; Path=/; Secure"}, {"Set-Cookie": "=launchdb=x"}, {"Set-Cookie": "a=1"}]', true) $$;
      CREATE FUNCTION cookies() RETURNS json LANGUAGE sql STABLE AS $$ SELECT current_setting('request.cookies')::json $$`;
    for (const { id } of [direct, other])
      await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query: sql } });
    const seenBy = async (project: Project, cookie: string) =>
      JSON.parse((await rest(project, '/rpc/cookies', { headers: { cookie } })).text) as unknown;
    for (const project of [direct, other])
      await vi.waitFor(async () => expect((await rest(project, '/rpc/sets')).status).toBe(204), {
        timeout: 30_000,
      });
    for (const project of [direct, other]) {
      const both = '__Host-launchdb=t; a=1; launchdb=t;__Host-launchdb=u ;launchdb=v; b=2; launchdb-x=3';
      expect(await seenBy(project, both)).toEqual({ a: '1', b: '2', 'launchdb-x': '3' });
      expect(await seenBy(project, 'launchdb=t; a=1')).toEqual({ a: '1' });
      expect(await seenBy(project, 'a=1; __Host-launchdb=t')).toEqual({ a: '1' });
      expect(JSON.stringify(await seenBy(project, '__Host-launchdb=t'))).not.toContain('launchdb');
      const { headers } = await rest(project, '/rpc/sets');
      const set = headers['set-cookie']?.filter((one) => !one.startsWith('not-')) ?? [];
      expect(set).toEqual(['a=1']);
    }
  });

  test('its addresses are those from outside, also with a host of its own', async () => {
    const own = `${direct.id.replace('_', '-')}.example.localhost`;
    const { httpsPort } = caddy;
    for (const [prefix, host, told] of [
      [`/project/${direct.id}/rest/v1`, 'localhost', PUBLIC.host],
      ['/rest/v1', own, `${own}:${httpsPort}`],
    ] as const) {
      const ask = (path: string, question: Question = {}) =>
        caddy.ask(prefix + path, {
          host,
          ...question,
          headers: { apikey: direct.service, ...question.headers },
        });
      for (const below of ['', '/']) {
        const { text, status } = await ask(below);
        expect([status, JSON.parse(text)]).toMatchObject([
          200,
          { host: told, basePath: prefix, schemes: ['https'] },
        ]);
      }
      expect((await ask('/todos?id=eq.1')).headers['content-location']).toBe(`${prefix}/todos?id=eq.1`);
      const row = { 'content-type': 'application/json', prefer: 'return=headers-only' };
      const made = await ask('/todos', { method: 'POST', body: '{"id":12}', headers: row });
      expect([made.status, made.headers['location']]).toEqual([201, `${prefix}/todos?id=eq.12`]);
      await ask('/todos?id=eq.12', { method: 'DELETE' });
    }
  });

  test('gzip goes out where it is worth it, and comes in', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const small = await rest(direct, '/todos', { headers });
    expect([small.headers['content-encoding'], small.headers['vary']]).toEqual([
      undefined,
      'Accept-Encoding',
    ]);
    const title = 'x'.repeat(5000);
    const body = gzipSync(JSON.stringify({ id: 13, title }));
    const packed = { 'content-encoding': 'gzip', prefer: 'return=minimal' };
    expect((await write(direct, 'POST', '/todos', undefined, { body: [body], headers: packed })).status).toBe(
      201,
    );
    await withoutGateway(async () => {
      const large = await rest(direct, '/todos?id=eq.13', { headers });
      expect(large.headers).toMatchObject({ 'content-encoding': 'gzip' });
      expect(JSON.parse((await rest(direct, '/todos?id=eq.13')).text)).toEqual([{ id: 13, title }]);
    });
    await write(direct, 'DELETE', '/todos?id=eq.13', undefined, { body: '' });
  });

  test('the apikey counts where there is no Authorization; another project’s key is refused', async () => {
    const insert = (headers: Record<string, string>) =>
      rest(direct, '/todos', {
        method: 'POST',
        body: '{"id":11}',
        headers: { 'content-type': 'application/json', ...headers },
      });
    expect((await insert({ apikey: direct.service })).status).toBe(201);
    expect((await insert({ authorization: `Bearer ${direct.service}` })).status).toBe(409);
    expect((await insert({ apikey: direct.service, authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await rest(direct, '/todos', { headers: { apikey: other.anon } })).status).toBe(401);
    for (const authorization of ['Basic x', 'Bearer', ['Basic x', `Bearer ${direct.service}`]]) {
      const ask = (headers: Record<string, string | string[]>) =>
        caddy.ask(`/project/${direct.id}/rest/v1/todos`, { headers: { authorization, ...headers } });
      expect([authorization, (await ask({})).status]).toEqual([authorization, 401]);
      expect([authorization, (await ask({ apikey: direct.anon })).status]).toEqual([authorization, 200]);
    }
    const none = await caddy.ask(`/project/${direct.id}/rest/v1/todos`);
    expect([none.status, JSON.parse(none.text)]).toMatchObject([401, { code: 'gateway/no-api-key' }]);
    await write(direct, 'DELETE', '/todos?id=eq.11', undefined, { body: '' });
  });

  test('hears about the client from Caddy alone', () =>
    withoutGateway(async () => {
      const { text } = await rest(direct, '/rpc/headers', {
        headers: {
          'x-forwarded-for': '203.0.113.9',
          'x-forwarded-port': '1',
          'x-forwarded-proto': 'gopher',
          'x-real-ip': '203.0.113.9',
          forwarded: 'for=203.0.113.9',
          'x-internal-api-key': 'stolen',
          'x-request-id': 'mine-1',
          traceparent: '00-1-1-01',
        },
      });
      const seen = JSON.parse(text) as Record<string, string>;
      expect(seen).toMatchObject({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-request-id': 'mine-1',
        traceparent: '00-1-1-01',
      });
      expect(text).not.toMatch(/203\.0\.113\.9|x-forwarded-port|stolen/);
    }));

  test('large bodies stream both ways, with a length and without; a larger one than allowed is refused', () =>
    withoutGateway(async () => {
      const title = 'x'.repeat(5 * MIB);
      const sized = await write(direct, 'POST', '/todos', { id: 20, title });
      expect(JSON.parse(sized.text)).toEqual([{ id: 20, title }]);
      const chunks = ['{"id":21,"title":"', ...Array<string>(64).fill('y'.repeat(MIB / 16)), '"}'];
      const chunked = await write(direct, 'POST', '/todos', undefined, { body: chunks });
      expect([chunked.status, chunked.text.length]).toEqual([201, 4 * MIB + 22]);
      const tooMuch = Array<Buffer>(52).fill(Buffer.alloc(MIB, 'z'));
      const refused = await write(direct, 'POST', '/todos', undefined, { body: tooMuch });
      expect([refused.status, JSON.parse(refused.text)]).toMatchObject([413, { code: 'request/too-large' }]);
      await write(direct, 'DELETE', '/todos?id=gte.20', undefined, {
        body: '',
        headers: { prefer: 'return=minimal' },
      });
    }));

  test('many at once, on one connection and on many', () =>
    withoutGateway(async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          rest(direct, `/todos?select=id&id=eq.${(at % 2) + 1}`, { agent }),
        ),
      );
      agent.destroy();
      expect(answers.map(({ text }) => text)).toEqual(answers.map((_, at) => `[{"id":${(at % 2) + 1}}]`));
    }));
});

describe('browsers', () => {
  /** What a browser goes by, in the same words whoever says it. */
  const cors = (headers: Record<string, string | string[] | undefined>) => {
    const list = (name: string) =>
      String(headers[name] ?? '')
        .split(/\s*,\s*/)
        .map((item) => item.toLowerCase())
        .filter((item) => item !== '')
        .sort();
    return Object.fromEntries(
      Object.keys(headers)
        .filter((name) => name.startsWith('access-control-') || name === 'vary')
        .map((name) => [name, [...new Set(list(name))]]),
    );
  };
  const bothAnswer = async (method: string, headers: Record<string, string>) => {
    const path = `/project/${direct.id}/rest/v1/todos?id=eq.1`;
    const theirs = await fetch(`${platform.url}${path}`, { method, headers });
    return [
      await caddy.ask(path, { method, headers }),
      { status: theirs.status, headers: Object.fromEntries(theirs.headers) },
    ] as const;
  };

  test.each(['', 'x-client-info, prefer', 'X-Mine,x-other , apikey', 'bad name', 'a\tb', 'x-y,,x-z'])(
    'a preflight that asks for "%s" is answered as the gateway does',
    async (asked) => {
      const [ours, gateways] = await bothAnswer('OPTIONS', {
        origin: 'https://app.example.com',
        'access-control-request-method': 'POST',
        ...(asked !== '' && { 'access-control-request-headers': asked }),
      });
      expect(ours.status).toBe(gateways.status);
      const [mine, reference] = [cors(ours.headers), cors(gateways.headers)];
      // of a list that is not well-formed the gateway takes what is
      if (/^[\w-]+( ?, ?[\w-]+)*$|^$/.test(asked)) expect(mine).toEqual(reference);
      else
        expect(reference['access-control-allow-headers']).toEqual(
          expect.arrayContaining(mine['access-control-allow-headers'] ?? ['none']),
        );
    },
  );

  test('rows and refusals carry the same headers as the gateway’s', async () => {
    for (const headers of [{ apikey: direct.anon }, { apikey: 'nonsense' }, {}]) {
      const [ours, gateways] = await bothAnswer('GET', { origin: 'https://app.example.com', ...headers });
      expect([ours.status, cors(ours.headers)]).toEqual([gateways.status, cors(gateways.headers)]);
    }
  });

  test('a preflight needs no gateway, and none is given for what is not a project', async () => {
    const headers = { 'access-control-request-method': 'GET' };
    await withoutGateway(async () => {
      expect((await rest(direct, '/todos', { method: 'OPTIONS', headers })).status).toBe(204);
    });
    expect((await caddy.ask('/project/nobody/rest/v1/x', { method: 'OPTIONS', headers })).status).toBe(404);
  });
});

describe('what is not there', () => {
  test('a project whose name nobody knows is asked of the gateway, which serves it', async () => {
    const before = throughGateway();
    expect(JSON.parse((await rest(other, '/todos?id=eq.1')).text)).toEqual([{ id: 1, title: 'milk' }]);
    const made = await write(other, 'POST', '/todos', { id: 5, title: 'by the gateway' });
    expect([made.status, JSON.parse(made.text)]).toEqual([201, [{ id: 5, title: 'by the gateway' }]]);
    await vi.waitFor(() => expect(throughGateway() - before).toBe(2), { timeout: 30_000 });
    expect(names.asked).toContain(`postgrest-${other.id}`);
  });

  test('a project that never was', async () => {
    const nobody = { ...direct, id: 'proj_00000000000000ff' };
    const answer = await rest(nobody, '/todos');
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { code: 'project/not-found' }]);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('a request that is cut short by the end of the program', async () => {
    const cut = async (method: string) => {
      const slow = rest(direct, method === 'GET' ? '/rpc/slow?seconds=20' : '/rpc/slow', {
        method,
        ...(method === 'POST' && {
          body: '{"seconds":20}',
          headers: { 'content-type': 'application/json' },
        }),
      });
      const running = `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%slow%' AND state = 'active'`;
      await vi.waitFor(async () => expect(await platform.sql(running, [direct.id])).toHaveLength(1), {
        timeout: 60_000,
      });
      for (const { pid } of await platform.programs(`${direct.id}.conf`)) process.kill(pid, 'SIGKILL');
      const { status, headers, text } = await slow;
      await platform.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [
        direct.id,
      ]);
      await vi.waitFor(async () => expect((await rest(direct, '/todos')).status).toBe(200), {
        timeout: 30_000,
      });
      return [status, (JSON.parse(text) as { code: string }).code, headers['retry-after']];
    };
    expect(await cut('POST')).toEqual([502, 'gateway/outcome-unknown', undefined]);
    // a read may have been tried once more, and found nobody
    expect(await cut('GET')).toEqual([503, expect.stringMatching(/upstream-lost|unreachable/), '1']);
  });

  test('a database that dies, as PostgREST 13 and later tell it', async () => {
    const later = createServer((request, response) => {
      const [, error] = /select=(\w*)/.exec(request.url ?? '') ?? [];
      if (request.url === '/ready') response.end();
      else if (error === undefined) response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
      else {
        const status = error === 'PGRST001' ? 503 : 400;
        response
          .writeHead(status, { 'Proxy-Status': `PostgREST; error=${error}` })
          .end('{"code":"","message":""}');
      }
    }).listen(0, '127.0.0.1');
    await once(later, 'listening');
    const port = String((later.address() as AddressInfo).port);
    const inFront = await CaddyUnderTest.start({
      ...variables,
      DATA_API_PORT: port,
      DATA_API_ADMIN_PORT: port,
    });
    const ask = async (method: string, error: string) => {
      const path = `/project/${direct.id}/rest/v1/todos?select=${error}`;
      const { status, text } = await inFront.ask(path, { method, headers: { apikey: direct.anon } });
      return [status, text.includes('outcome-unknown')];
    };
    try {
      for (const error of ['', 'PGRST001']) expect(await ask('POST', error)).toEqual([502, true]);
      // asked once more, by way of the gateway
      expect(await ask('GET', '')).toEqual([200, false]);
      expect(await ask('POST', '22P02')).toEqual([400, false]);
      expect(await ask('GET', '22P02')).toEqual([400, false]);
    } finally {
      await inFront.stop();
      later.closeAllConnections();
      later.close();
    }
  });

  test('a paused project says so, to reads and to writes, and answers again when it is resumed', async () => {
    await platform.call('POST', `/api/projects/${direct.id}/pause`, { token });
    await vi.waitFor(async () => expect((await rest(direct, '/todos')).status).toBe(503), {
      timeout: 60_000,
    });
    const read = await rest(direct, '/todos');
    const wrote = await write(direct, 'POST', '/todos', { id: 30, title: 'lost?' });
    for (const answer of [read, wrote]) {
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([503, { code: 'project/paused' }]);
    }
    await platform.call('POST', `/api/projects/${direct.id}/resume`, { token });
    await vi.waitFor(async () => expect((await rest(direct, '/todos?id=eq.30')).text).toBe('[]'), {
      timeout: 60_000,
    });
    expect((await write(direct, 'POST', '/todos', { id: 30, title: 'kept' })).status).toBe(201);
  });
});

describe('the platform', () => {
  test('its API, its pages, and a stream of events', async () => {
    expect((await caddy.ask('/health')).text).toContain('ok');
    expect((await caddy.ask('/')).text).toContain('LaunchDB');
    expect(JSON.parse((await caddy.ask('/openapi.json')).text)).toHaveProperty('openapi');
    const headers = { authorization: `Bearer ${token}` };
    const list = await vi.waitFor(async () => {
      const listed = await caddy.ask('/api/projects', { headers });
      expect(listed.text).toContain(other.id);
      return listed;
    });
    expect([list.status, list.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    expect(JSON.parse(list.text)).toMatchObject({ projects: [{ id: other.id }, { id: direct.id }] });
    const ending = new AbortController();
    const stream = caddy.ask(`/api/projects/${direct.id}/events`, {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: ending.signal,
    });
    setTimeout(() => ending.abort(), 1_000);
    // it goes on until the client leaves
    await expect(stream).rejects.toThrow();
  });

  test('the audit trail has the client’s address, not what the client says it is', async () => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' };
    const body = JSON.stringify({ email: 'door@example.com', password: 'wrong wrong wrong' });
    expect((await caddy.ask('/api/owners/login', { method: 'POST', headers, body })).status).toBe(401);
    const made = await caddy.ask('/api/projects', {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: '{"name":"seen"}',
    });
    const { id } = JSON.parse(made.text) as { id: string };
    const audit = await caddy.ask(`/api/projects/${id}/audit`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(audit.text).toContain('"127.0.0.1"');
    expect(audit.text).not.toContain('203.0.113.9');
  });

  test('inner routes are not to be had', async () => {
    for (const path of [
      '/internal/postgrest',
      '/metrics',
      '/api/../internal/postgrest',
      '/api/../metrics',
      '/live',
      '/config',
    ]) {
      expect([path, (await caddy.ask(path)).status]).toEqual([
        path,
        expect.toSatisfy((status) => status === 400 || status === 404),
      ]);
    }
  });
});

describe('files', () => {
  const place = () => `/project/${direct.id}/storage/v1`;
  const put = (name: string, body: Question['body'] & {}, headers: Record<string, string> = {}) =>
    caddy.ask(`${place()}/object/site/${name}`, {
      method: 'PUT',
      headers: { apikey: direct.service, 'content-type': 'text/plain', ...headers },
      body,
    });
  const get = (name: string, question: Question = {}) =>
    caddy.ask(`${place()}/object/public/site/${name}`, question);
  const tagOf = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`;

  beforeAll(async () => {
    const { status } = await caddy.ask(`${place()}/bucket`, {
      method: 'POST',
      headers: { apikey: direct.service, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'site', name: 'site', public: true }),
    });
    if (status !== 200) throw new Error(`no bucket: ${status}`);
  });

  test('of a public bucket are served as the service serves them: whole, in parts, as no news, never packed', async () => {
    const text = 'a line of some length\n'.repeat(1_000);
    expect((await put('a.txt', text, { 'cache-control': 'max-age=7200' })).status).toBe(200);
    const answer = await get('a.txt', { headers: { 'accept-encoding': 'gzip, br' } });
    expect([answer.status, answer.text === text]).toEqual([200, true]);
    const expected = {
      etag: tagOf(text),
      'cache-control': 'max-age=7200',
      'content-type': 'text/plain',
      'content-length': String(text.length),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    };
    expect(answer.headers).toMatchObject(expected);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers['vary'] ?? '').not.toMatch(/[*]|cookie|authorization/i);
    const port = platform.environment['STORAGE_PORT'];
    const own = await fetch(`http://127.0.0.1:${port}${place()}/object/public/site/a.txt`);
    const kept = ['etag', 'last-modified', 'cache-control', 'content-security-policy', 'x-robots-tag'];
    for (const name of kept) expect([name, answer.headers[name]]).toEqual([name, own.headers.get(name)]);

    const head = await get('a.txt', { method: 'HEAD' });
    expect([head.status, head.headers, head.text]).toEqual([200, expect.objectContaining(expected), '']);
    const part = await get('a.txt', { headers: { range: 'bytes=2-5' } });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([
      206,
      'line',
      `bytes 2-5/${text.length}`,
    ]);
    const known = { 'if-none-match': tagOf(text) };
    const noNews = await get('a.txt', { headers: known });
    expect([noNews.status, noNews.text, noNews.headers['etag']]).toEqual([304, '', tagOf(text)]);
    expect((await put('a.txt', 'news', { 'cache-control': 'max-age=60' })).status).toBe(200);
    const news = await get('a.txt', { headers: known });
    expect([news.status, news.text, news.headers['etag']]).toEqual([200, 'news', tagOf('news')]);
    expect(news.headers['cache-control']).toBe('max-age=60, stale-while-revalidate=30');
  });

  test('larger than any other request may be come in a stream, and go out at a host name of the project’s own', async () => {
    const [chunk, chunks] = ['0123456789abcdef'.repeat(MIB / 16), 60];
    const stored = await put('large.txt', Array<string>(chunks).fill(chunk));
    expect([stored.status, JSON.parse(stored.text)]).toEqual([
      200,
      expect.objectContaining({ Key: 'site/large.txt' }),
    ]);
    const host = `${direct.id.replace('_', '-')}.example.localhost`;
    const { status, text, headers } = await caddy.ask('/storage/v1/object/public/site/large.txt', { host });
    expect([status, text.length, headers['etag']]).toEqual([200, chunks * MIB, tagOf(chunk.repeat(chunks))]);
  });

  test('that go on where they broke off are told the address from outside', async () => {
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const begun = await caddy.ask(`${place()}/upload/resumable`, {
      method: 'POST',
      headers: {
        apikey: direct.service,
        'tus-resumable': '1.0.0',
        'upload-length': '5',
        'upload-metadata': `bucketName ${encoded('site')},objectName ${encoded('resumed.txt')}`,
      },
    });
    const location = begun.headers.location ?? '';
    expect([begun.status, location.startsWith(`${PUBLIC.origin}${place()}/upload/resumable/`)]).toEqual([
      201,
      true,
    ]);
    const { status } = await caddy.ask(new URL(location).pathname, {
      method: 'PATCH',
      headers: {
        apikey: direct.service,
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
      },
      body: 'hello',
    });
    expect([status, (await get('resumed.txt')).text]).toEqual([204, 'hello']);
  });
});

describe('TLS', () => {
  test('only by HTTPS, at least 1.2, verified by the internal CA', async () => {
    const redirect = await new Promise<{ status?: number | undefined; location?: string | undefined }>(
      (resolve) =>
        get(
          { host: '127.0.0.1', port: caddy.httpPort, path: '/api/projects', headers: { host: 'localhost' } },
          (answer) => {
            answer.resume();
            resolve({ status: answer.statusCode, location: answer.headers.location });
          },
        ),
    );
    expect(redirect).toEqual({ status: 308, location: 'https://localhost/api/projects' });
    const handshake = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3', servername = 'localhost') =>
      new Promise<string>((resolve) => {
        const options = {
          host: '127.0.0.1',
          port: caddy.httpsPort,
          servername,
          ca: caddy.authority,
          maxVersion,
          minVersion: 'TLSv1' as const,
        };
        const socket = connectTls(options, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.on('error', () => resolve('refused'));
      });
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
    expect(await handshake('TLSv1.2')).toBe('TLSv1.2');
    expect(await handshake('TLSv1.1')).toBe('refused');
    expect(await handshake('TLSv1.3', 'stranger.example.org')).toBe('refused');
    expect((await caddy.ask('/health')).headers['strict-transport-security']).toContain('max-age=');
  });

  test('a project at a host name of its own', async () => {
    const host = `${direct.id.replace('_', '-')}.example.localhost`;
    const ask = (path: string, headers = {}) =>
      caddy.ask(path, { host, headers: { apikey: other.anon, ...headers } });
    const row = await caddy.ask('/rest/v1/todos?id=eq.1', { host, headers: { apikey: direct.anon } });
    expect([row.status, JSON.parse(row.text)]).toEqual([200, [{ id: 1, title: 'milk' }]]);
    // the name decides, whatever the path says
    expect((await ask('/rest/v1/todos')).status).toBe(401);
    expect((await ask(`/project/${other.id}/rest/v1/todos`)).status).toBe(404);
    expect((await ask(`/../${other.id}/rest/v1/todos`)).status).toBe(400);
    expect((await ask('/api/projects')).status).toBe(404);
    const stranger = await caddy.ask('/rest/v1/todos', {
      host: 'www.example.localhost',
      headers: { apikey: direct.anon },
    });
    expect(stranger.status).toBe(404);
  });
});

describe('hostile requests', () => {
  const P = '/project';
  test.each([
    `${P}/proj_00000000000000FF/rest/v1/todos`,
    `${P}/proj_0000000000000001.evil.example/rest/v1/todos`,
    `${P}/proj_0000000000000001:3001/rest/v1/config`,
    `${P}/proj_0000000000000001@127.0.0.1/rest/v1/x`,
    `${P}/proj_0000000000000001%00/rest/v1/x`,
    `${P}/proj_000000000000000/rest/v1/x`,
    `${P}/proj_00000000000000010/rest/v1/x`,
    `${P}/{env.HOME}/rest/v1/x`,
    `${P}/proj_0000000000000001/auth/v1/token`,
    `${P}/proj_0000000000000001/rest/v2/todos`,
    `${P}//proj_0000000000000001/rest/v1/todos`,
    `${P}/proj_0000000000000001/rest/v1/../../../api/projects`,
    `${P}/proj_0000000000000001/rest/v1/%2e%2e/x`,
    `${P}/proj_0000000000000001/rest/v1/a%2fb`,
    `${P}/proj_0000000000000001/..`,
    `/x/..${P}/proj_0000000000000001/rest/v1/todos`,
  ])('%s reaches no container', async (path) => {
    names.asked.clear();
    const answer = await caddy.ask(path, { headers: { apikey: direct.anon } });
    expect(answer.status).toSatisfy((status: number) => [400, 401, 404, 405, 501].includes(status));
    expect([...names.asked]).toEqual([]);
  });

  test('other methods, too long headers, framing tricks', async () => {
    expect((await rest(direct, '/todos', { method: 'PROPFIND' })).status).toBe(405);
    // as much as filters need
    const long = await rest(direct, `/todos?id=in.(${Array(16_000).fill('1').join(',')})`);
    expect([long.status, JSON.parse(long.text)]).toEqual([200, [{ id: 1, title: 'milk' }]]);
    const longer = await rest(direct, `/todos?id=in.(${Array(25_000).fill('1').join(',')})`);
    expect([longer.status, JSON.parse(longer.text)]).toMatchObject([
      431,
      { code: 'request/headers-too-large' },
    ]);
    expect(longer.headers['access-control-allow-origin']).toBe('*');
    const absolute = await caddy.ask(
      `https://localhost:${caddy.httpsPort}/project/${direct.id}/rest/v1/todos?id=eq.1`,
      {
        headers: { apikey: direct.anon },
      },
    );
    expect([absolute.status, JSON.parse(absolute.text)]).toEqual([200, [{ id: 1, title: 'milk' }]]);
    const queries = [
      '?id=eq.1&x[]=1',
      '?id=eq.1;y=2',
      "?title=eq.it's",
      '?select=id%2ctitle',
      '?id=eq.1&&',
      '?',
    ];
    for (const query of queries) {
      const ours = await rest(direct, `/todos${query}`);
      const reference = await fetch(`${platform.url}/project/${direct.id}/rest/v1/todos${query}`, {
        headers: { apikey: direct.anon },
      });
      expect([query, ours.status, ours.text]).toEqual([query, reference.status, await reference.text()]);
    }
  });
});

test('a sleeping project is woken by whoever comes, with a read or with a write', async () => {
  await platform.stop();
  // nobody is left who could answer: that is what Caddy logs, without the keys and the data of who asked
  expect((await rest(direct, '/todos?title=eq.very-private')).status).toBeGreaterThanOrEqual(502);
  await vi.waitFor(() => expect(caddy.output).toContain('"logger":"http.log.error'), { timeout: 30_000 });
  expect(caddy.output).not.toContain('very-private');
  expect(caddy.output).not.toContain(direct.anon);
  platform.environment['IDLE_SLEEP_MINUTES'] = '0.02';
  await platform.start();
  token = await platform.login('door');
  const asleep = () =>
    vi.waitFor(
      async () => {
        const { body } = await platform.call('GET', `/api/projects/${direct.id}`, { token });
        expect(body['status']).toBe('sleeping');
      },
      { timeout: 30_000, interval: 200 },
    );
  await asleep();
  const row = await rest(direct, '/todos?id=eq.1');
  expect([row.status, JSON.parse(row.text)]).toEqual([200, [{ id: 1, title: 'milk' }]]);
  await asleep();
  const made = await write(direct, 'POST', '/todos', { id: 40, title: 'woken' });
  expect([made.status, JSON.parse(made.text)]).toEqual([201, [{ id: 40, title: 'woken' }]]);
});
