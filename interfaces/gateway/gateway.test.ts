import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestListener, Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { Gateway } from './gateway.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { Traffic } from './traffic.ts';

const A = projectId('proj_00000000000000aa');
const B = projectId('proj_00000000000000bb');
const REST = `/project/${A}/rest/v1`;
const KEY = { apikey: 'key-a' };
const PATIENCE = { timeout: 10_000, interval: 5 };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Listener = (...exchange: Parameters<RequestListener>) => unknown;

async function upstreamServer(listener: Listener): Promise<Server & { endpoint: Endpoint }> {
  const options = { maxHeaderSize: 128 * 1024 };
  const server = createServer(options, (...exchange) => void listener(...exchange)).listen(0, '127.0.0.1');
  server.maxHeadersCount = 0;
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(server, {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
  });
}

async function startGateway(options: Partial<GatewayOptions> & { rest?: Endpoint } = {}): Promise<Gateway> {
  const gateway = new Gateway({
    port: 0,
    host: '127.0.0.1',
    platform: { host: '127.0.0.1', port: 1 },
    dataApis: { endpoint: (project) => (project === A ? options.rest : undefined) },
    projectState: () => Promise.resolve('unknown'),
    judge: () => Promise.resolve('good'),
    wake: () => Promise.resolve(),
    log: quiet,
    ...options,
  });
  await gateway.start();
  closers.push(() => gateway.stop(0));
  return gateway;
}

/** A gateway with one project, whose PostgREST is `listener`. */
async function inFrontOf(listener: Listener, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return startGateway({ rest: (await upstreamServer(listener)).endpoint, ...options });
}

interface Ask {
  method?: string;
  path?: string;
  headers?: Record<string, string> | string[];
  agent?: Agent;
}

function open(
  gateway: Gateway,
  { method = 'GET', path = `${REST}/t`, headers = KEY, agent }: Ask,
): ClientRequest {
  const port = gateway.port;
  return httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: agent ?? false });
}

const answerTo = async (request: ClientRequest): Promise<IncomingMessage> => {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer;
};

async function ask(gateway: Gateway, what: Ask & { body?: string | Buffer } = {}) {
  const request = open(gateway, what);
  request.end(what.body);
  const answer = await answerTo(request);
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** What a server says to bytes as they are, until it closes; the bytes should ask it to. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  return (await buffer(socket)).toString('latin1');
}

const GET = (target: string, ...more: string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: x', 'apikey: k', 'Connection: close', ...more, '', ''].join('\r\n');

/** A client with one connection that it keeps. */
function keptAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  closers.push(() => agent.destroy());
  return agent;
}

/** Resolves with what `listener` is given, once. */
function gate<T = void>() {
  return Promise.withResolvers<T>();
}

describe('routes', () => {
  test('the prefix is taken off and the query goes on byte for byte', async () => {
    const gateway = await inFrontOf((request, response) => response.end(request.url));
    const query = '?select=a,b(*)&c=eq."x,y"&d=in.(%22a%2Cb%22,..)&e=%2F%00&f';
    expect((await ask(gateway, { path: `${REST}/t${query}` })).body).toBe(`/t${query}`);
    expect((await ask(gateway, { path: `/project/${A}/t${query}` })).body).toBe(`/t${query}`);
    expect((await ask(gateway, { path: REST })).body).toBe('/');
    const long = `?id=in.(${'1234567,'.repeat(1500)}1)`;
    expect((await ask(gateway, { path: `${REST}/t${long}` })).body).toBe(`/t${long}`);
  });

  test('/api, /docs and /openapi.json go to the platform as they are, without CORS of ours', async () => {
    const platform = await upstreamServer((request, response) => response.end(request.url));
    const gateway = await startGateway({ platform: platform.endpoint });
    for (const path of ['/api/projects?limit=1', '/docs', '/openapi.json']) {
      const answer = await ask(gateway, { path, headers: {} });
      expect(answer).toMatchObject({ status: 200, body: path });
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('a preflight of /api is the platform’s to answer', async () => {
    const platform = await upstreamServer((request, response) => response.writeHead(403).end(request.method));
    const gateway = await startGateway({ platform: platform.endpoint });
    const headers = { origin: 'http://x', 'access-control-request-method': 'POST' };
    const answer = await ask(gateway, { method: 'OPTIONS', path: '/api/projects', headers });
    expect(answer).toMatchObject({ status: 403, body: 'OPTIONS' });
  });

  test('services that are not there are announced', async () => {
    const gateway = await startGateway();
    for (const service of ['auth', 'storage']) {
      const answer = await ask(gateway, {
        path: `/project/${A}/${service}/v1/x`,
        method: 'POST',
        body: '{}',
      });
      expect(answer.status).toBe(501);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(answer.body)).toMatchObject({ status: 501, code: 'platform/not-implemented' });
    }
  });

  test('a service that is there is asked by the path as it came, by its row’s rules', async () => {
    const seen: Record<string, unknown>[] = [];
    const service = await upstreamServer(async (request, response) => {
      const body = (await buffer(request)).length;
      seen.push({ url: request.url, authorization: request.headers.authorization, body });
      response.end();
    });
    const gateway = await startGateway({ services: { auth: service.endpoint, storage: service.endpoint } });
    const body = Buffer.alloc(2 * 1024 * 1024);
    const post = (name: string, headers: Record<string, string>, sent: Buffer | string = 'x') =>
      ask(gateway, { path: `/project/${A}/${name}/v1/x?y=1`, method: 'POST', headers, body: sent });
    expect((await post('auth', {})).status).toBe(200);
    expect((await post('auth', KEY)).status).toBe(200);
    expect((await post('storage', {})).status).toBe(200);
    // a key stands in where there is no token
    expect((await post('storage', KEY, body)).status).toBe(200);
    // more than it takes, which it says in the words of its clients
    expect((await post('auth', {}, body)).status).toBe(200);
    const [auth, storage] = ['auth', 'storage'].map((name) => `/project/${A}/${name}/v1/x?y=1`);
    expect(seen).toEqual([
      { url: auth, authorization: undefined, body: 1 },
      { url: auth, authorization: undefined, body: 1 },
      { url: storage, authorization: undefined, body: 1 },
      { url: storage, authorization: 'Bearer key-a', body: body.length },
      { url: auth, authorization: undefined, body: body.length },
    ]);
    const refused = await post('auth', { 'content-length': String(17 * 1024 * 1024) });
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([413, { code: 'request/too-large' }]);
    expect(refused.headers['access-control-allow-origin']).toBe('*');
    const headers = { 'access-control-request-method': 'POST' };
    expect((await ask(gateway, { method: 'OPTIONS', path: auth ?? '', headers })).status).toBe(204);
    service.close();
    service.closeAllConnections();
    const read = await ask(gateway, { path: auth ?? '' });
    const detail = 'The auth service cannot be reached right now.';
    expect(JSON.parse(read.body)).toMatchObject({ status: 503, away: 'auth', detail });
  });

  test('the platform’s own cookie goes to the platform alone, and no project sets it', async () => {
    const seen: (string | undefined)[] = [];
    const setting = ['launchdb=x; Path=/', '=__Host-launchdb=x', 'a=1', 'launchdb-sign-in=y'];
    const { endpoint } = await upstreamServer((request, response) => {
      seen.push(request.headers.cookie);
      response.writeHead(200, { 'set-cookie': setting }).end();
    });
    const services = { auth: endpoint, storage: endpoint };
    const gateway = await startGateway({ services, rest: endpoint, platform: endpoint });
    const both = 'launchdb=t; a=1; __Host-launchdb=t;launchdb=u; launchdb-sign-in=k';
    const answers = async (path: string, cookie: string | string[]) => {
      const one = [cookie].flat().flatMap((value) => ['Cookie', value]);
      const answer = await ask(gateway, { path, headers: ['Host', 'x', 'apikey', 'key-a', ...one] });
      return [seen.pop(), answer.headers['set-cookie']];
    };
    const kept = ['a=1', 'launchdb-sign-in=y'];
    const projects = ['rest/v1/t', 't', 'auth/v1/x', 'storage/v1/x'].map((path) => `/project/${A}/${path}`);
    for (const path of projects) {
      expect(await answers(path, both)).toEqual(['a=1; launchdb-sign-in=k', kept]);
      expect(await answers(path, ['launchdb=t', 'b=2', 'c=3; launchdb=t'])).toEqual(['b=2; c=3', kept]);
      expect(await answers(path, 'launchdb=t')).toEqual([undefined, kept]);
    }
    expect(await answers('/api/session', both)).toEqual([both, setting]);
  });

  test('the auth service is for browsers: what they may send, and read of its answers', async () => {
    const service = await upstreamServer((request, response) => {
      const ours = { 'access-control-allow-origin': 'http://x', 'x-total-count': '7', link: '<x>' };
      response.writeHead(request.method === 'HEAD' ? 405 : 422, ours).end(request.method);
    });
    const gateway = await startGateway({ services: { auth: service.endpoint } });
    const path = `/project/${A}/auth/v1/admin/users?page=1`;
    const asked =
      'apikey,authorization,content-type,x-client-info,x-jwt-aud,x-supabase-api-version,x-use-cookie';
    const headers = { 'access-control-request-method': 'PUT', 'access-control-request-headers': asked };
    const preflight = await ask(gateway, { method: 'OPTIONS', path, headers });
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': '*' } });
    expect(preflight.headers['access-control-allow-methods']).toMatch(/GET.*POST.*PUT.*PATCH.*DELETE/);
    const allowed = preflight.headers['access-control-allow-headers']?.split(', ') ?? [];
    expect(asked.split(',').filter((name) => !allowed.includes(name))).toEqual([]);
    const exposed = 'x-total-count, link, x-supabase-api-version, x-sb-error-code, x-request-id, retry-after';
    for (const method of ['GET', 'OPTIONS', 'HEAD']) {
      const answer = await ask(gateway, { method, path, headers: {} });
      expect(answer).toMatchObject({
        status: method === 'HEAD' ? 405 : 422,
        body: method === 'HEAD' ? '' : method,
        headers: {
          'access-control-allow-origin': '*',
          'access-control-expose-headers': exposed,
          'x-total-count': '7',
        },
      });
    }
    service.close();
    service.closeAllConnections();
    const away = await ask(gateway, { path, headers: {} });
    expect([away.status, away.headers['access-control-expose-headers']]).toEqual([503, exposed]);
  });

  test('who signs in wakes no REST API and asks for no state of the project', async () => {
    const service = await upstreamServer((_request, response) => response.end('in'));
    const asleep = { endpoint: vi.fn(), refresh: vi.fn() };
    const asked = { wake: vi.fn(), projectState: vi.fn(), judge: vi.fn() };
    const traffic = new Traffic();
    const gateway = await startGateway({
      services: { auth: service.endpoint },
      dataApis: asleep,
      traffic,
      ...asked,
    });
    const path = `/project/${A}/auth/v1/token?grant_type=password`;
    expect(await ask(gateway, { path, method: 'POST', body: '{}' })).toMatchObject({
      status: 200,
      body: 'in',
    });
    for (const one of [...Object.values(asked), ...Object.values(asleep)]) expect(one).not.toHaveBeenCalled();
    expect([...traffic.projects()]).toEqual([]);
  });

  test('a body that takes longer than its row allows ends its request alone', async () => {
    const service = await upstreamServer(async (request, response) => {
      await buffer(request);
      response.end('whole');
    });
    const gateway = await startGateway({
      services: { auth: service.endpoint, storage: service.endpoint },
      limits: { requestMs: 300 },
    });
    const slowly = async (name: string) => {
      const path = `/project/${A}/${name}/v1/x`;
      const request = open(gateway, { path, method: 'POST', headers: { 'content-length': '2' } });
      request.on('error', () => {});
      request.write('a');
      setTimeout(() => request.end('b'), 1_000);
      const answer = await answerTo(request);
      return [answer.statusCode, await text(answer).catch(() => '')];
    };
    const [auth, storage] = await Promise.all([slowly('auth'), slowly('storage')]);
    expect([auth[0], String(auth[1])]).toEqual([408, expect.stringContaining('request/timeout')]);
    expect(storage).toEqual([200, 'whole']);
  });

  test('its own pages, and readiness names what is missing', async () => {
    let checks = { postgres: 'ok', log: 'ok' };
    const platform = await upstreamServer((request, response) => {
      const ok = request.url === '/health' || checks.postgres === 'ok';
      response.writeHead(ok ? 200 : 503).end(JSON.stringify({ checks }));
    });
    const gateway = await startGateway({ platform: platform.endpoint });
    expect((await ask(gateway, { path: '/health' })).status).toBe(200);
    expect((await ask(gateway, { path: '/ready' })).status).toBe(200);
    expect((await ask(gateway, { path: '/health', method: 'POST' })).headers.allow).toBe('GET, HEAD');
    const waitsFor = (what: string) =>
      vi.waitFor(async () => {
        const answer = await ask(gateway, { path: '/ready' });
        expect([answer.status, JSON.parse(answer.body)]).toEqual([
          503,
          { status: 'unavailable', waiting_for: what },
        ]);
      }, PATIENCE);
    checks = { postgres: 'does not answer, for a secret reason', log: 'ok' };
    await waitsFor('postgres');
    platform.close();
    platform.closeAllConnections();
    await waitsFor('platform-api');
  });

  test.each([
    ['unknown', 404, undefined],
    ['purged', 404, undefined],
    ['deleted', 404, undefined],
    ['paused', 503, undefined],
    ['suspended', 503, undefined],
    ['provisioning', 503, '1'],
    ['active', 503, '1'],
  ] as const)('a project that is %s answers %i', async (state, status, retryAfter) => {
    const gateway = await startGateway({ projectState: () => Promise.resolve(state) });
    const answer = await ask(gateway, { path: `/project/${B}/rest/v1/t` });
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, details: null, hint: null });
    expect(problem['message']).toBe(problem['detail']);
    expect(problem['type']).toBe(`/docs#${String(problem['code'])}`);
    expect(problem['instance']).toBe(answer.headers['x-request-id']);
  });

  test('a state that cannot be had is 503, and the gateway goes on', async () => {
    const gateway = await startGateway({ projectState: () => Promise.reject(new Error('s3cret')) });
    const answer = await ask(gateway, { path: `/project/${B}/rest/v1/t` });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(answer.body).not.toContain('s3cret');
  });

  test('methods that nobody needs are refused', async () => {
    const gateway = await inFrontOf((_request, response) => response.end('reached'));
    expect((await ask(gateway, { method: 'TRACE' })).status).toBe(405);
    expect((await ask(gateway, { method: 'PROPFIND', path: '/api/x' })).status).toBe(405);
    expect(await raw(gateway.port, 'CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n')).toBe('');
  });
});

test('of an absolute target the host goes before the Host header', async () => {
  const seen: unknown[] = [];
  const listener: Listener = ({ url, headers }, response) => {
    seen.push([url, headers.host, headers['x-forwarded-host']]);
    response.end('ok');
  };
  const { endpoint } = await upstreamServer(listener);
  const gateway = await startGateway({ rest: endpoint, platform: endpoint });
  for (const target of [`http://a.example${REST}/t?x`, 'HTTP://a.example:81/api/projects?limit=1'])
    expect(await raw(gateway.port, GET(target))).toMatch(/^HTTP\/1.1 200 /);
  expect(await raw(gateway.port, GET('http://a.example'))).toMatch(/^HTTP\/1.1 200 /);
  expect(seen).toEqual([
    ['/t?x', 'a.example', 'a.example'],
    ['/api/projects?limit=1', 'a.example:81', 'a.example:81'],
    ['/', 'a.example', 'a.example'],
  ]);
});

describe('keys', () => {
  const echo: Listener = (request, response) => response.end(request.headers.authorization ?? 'none');

  test('the apikey becomes the Authorization that is absent, and only then', async () => {
    const gateway = await inFrontOf(echo);
    expect((await ask(gateway, { headers: { apikey: 'k' } })).body).toBe('Bearer k');
    expect((await ask(gateway, { headers: { apikey: 'k', authorization: 'Bearer user' } })).body).toBe(
      'Bearer user',
    );
    expect((await ask(gateway, { headers: { authorization: 'Bearer user' } })).body).toBe('Bearer user');
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic user', 'Bearer a b', 'user']) {
      expect((await ask(gateway, { headers: { apikey: 'k', authorization } })).body).toBe('Bearer k');
      expect((await ask(gateway, { headers: { authorization } })).status).toBe(401);
    }
    // named in Connection it is not for us to pass on
    const hidden = { apikey: 'k', authorization: 'Bearer user', connection: 'authorization' };
    expect((await ask(gateway, { headers: hidden })).body).toBe('Bearer k');
  });

  test.each([`${REST}/t`, `/project/${A}/t`, `/project/${B}/t`, `${REST}/t?apikey=k`])(
    '%s without a key is 401, also when nobody knows the project',
    async (path) => {
      const gateway = await inFrontOf(echo);
      const answer = await ask(gateway, { path, headers: {} });
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({ message: 'No API key found in request' });
      expect((await ask(gateway, { path, headers: { apikey: '' } })).status).toBe(401);
    },
  );
});

describe('CORS', () => {
  test('a preflight is answered here, without a key and without the project', async () => {
    const gateway = await startGateway({ projectState: () => Promise.reject(new Error('asked')) });
    const headers = {
      origin: 'http://app.example',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'apikey, X-Mine, bad header, <script>, x-trace',
    };
    for (const path of [`${REST}/t`, `/project/${B}/t`, `/project/${A}/auth/v1/x`]) {
      const answer = await ask(gateway, { method: 'OPTIONS', path, headers });
      expect(answer).toMatchObject({ status: 204, body: '' });
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
      expect(answer.headers['access-control-max-age']).toBe('3600');
      const allowed = answer.headers['access-control-allow-headers']?.split(', ');
      expect(allowed).toEqual(
        expect.arrayContaining(['authorization', 'apikey', 'prefer', 'content-profile', 'x-mine', 'x-trace']),
      );
      expect(answer.headers['access-control-allow-headers']).not.toMatch(/bad|script/);
    }
  });

  test('an OPTIONS that is no preflight goes through', async () => {
    const gateway = await inFrontOf((request, response) => response.end(request.method));
    expect((await ask(gateway, { method: 'OPTIONS' })).body).toBe('OPTIONS');
  });

  test('answers have one set of CORS headers: ours', async () => {
    const gateway = await inFrontOf((_request, response) => {
      response.setHeader('Access-Control-Allow-Origin', 'http://other');
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.setHeader('Access-Control-Expose-Headers', 'Date');
      response.setHeader('Content-Range', '0-0/1');
      response.end();
    });
    const { headers } = await ask(gateway);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-expose-headers']).toContain('content-range');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(headers['content-range']).toBe('0-0/1');
  });
});

describe('headers', () => {
  const echo: Listener = (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.rawHeaders));
  };
  const seenBy = async (gateway: Gateway, headers: Record<string, string>, more: Ask = {}) => {
    const list = JSON.parse(
      (await ask(gateway, { ...more, headers: { ...KEY, ...headers } })).body,
    ) as string[];
    const seen: Record<string, string[]> = {};
    for (let at = 0; at < list.length; at += 2) (seen[list[at]!.toLowerCase()] ??= []).push(list[at + 1]!);
    return seen;
  };

  test('what concerns one connection stays there', async () => {
    const gateway = await inFrontOf(echo);
    const seen = await seenBy(gateway, {
      connection: 'X-Hop, close',
      'x-hop': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'keep-alive': 'timeout=1',
      upgrade: 'h2c',
      prefer: 'count=exact',
    });
    for (const name of ['x-hop', 'te', 'proxy-authorization', 'keep-alive', 'upgrade']) {
      expect(seen).not.toHaveProperty(name);
    }
    expect(seen['connection']).toEqual(['keep-alive']);
    expect(seen['prefer']).toEqual(['count=exact']);
  });

  test('claims about the way are replaced', async () => {
    const gateway = await inFrontOf(echo);
    const seen = await seenBy(gateway, {
      host: 'api.example:8080',
      forwarded: 'for=6.6.6.6',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil',
      'x-forwarded-prefix': '/evil',
      'x-real-ip': '6.6.6.6',
      'x-internal-api-key': 'guess',
    });
    expect(seen['x-forwarded-for']).toEqual(['127.0.0.1']);
    expect(seen['x-forwarded-proto']).toEqual(['http']);
    expect(seen['x-forwarded-host']).toEqual(['api.example:8080']);
    expect(seen['host']).toEqual(['api.example:8080']);
    for (const name of ['forwarded', 'x-forwarded-prefix', 'x-real-ip', 'x-internal-api-key']) {
      expect(seen).not.toHaveProperty(name);
    }
  });

  test('a request id is passed on both ways, or made when it is absent or strange', async () => {
    const gateway = await inFrontOf((request, response) => {
      response.setHeader('X-Request-Id', 'of-the-upstream');
      response.end(request.headers['x-request-id']);
    });
    const given = await ask(gateway, { headers: { ...KEY, 'x-request-id': 'mine-1' } });
    expect([given.body, given.headers['x-request-id']]).toEqual(['mine-1', 'mine-1']);
    for (const headers of [
      KEY,
      { ...KEY, 'x-request-id': 'x'.repeat(200) },
      { ...KEY, 'x-request-id': 'a b' },
    ]) {
      const made = await ask(gateway, { headers });
      expect(made.body).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.headers['x-request-id']).toBe(made.body);
    }
  });

  test('answers keep their repeated headers and lose those of the connection', async () => {
    const gateway = await inFrontOf((_request, response) => {
      const headers = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Location', '/t?id=eq.1'];
      response.writeHead(207, 'Several', [...headers, 'Connection', 'X-Hop', 'X-Hop', '1']);
      response.end('x');
    });
    const request = open(gateway, {});
    request.end();
    const answer = await answerTo(request);
    answer.resume();
    expect([answer.statusCode, answer.statusMessage]).toEqual([207, 'Several']);
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers.location).toBe(`${REST}/t?id=eq.1`);
  });

  test('40 KiB of request line and headers go through; more is 431 in words that a browser may read', async () => {
    const gateway = await inFrontOf(echo);
    expect((await ask(gateway, { headers: { ...KEY, a: 'x'.repeat(39_000) } })).status).toBe(200);
    const port = gateway.port;
    for (const said of [
      await raw(port, GET(`${REST}/t?id=in.(${'1,'.repeat(21_000)}1)`)),
      await raw(port, GET(`${REST}/t`, `a: ${'x'.repeat(500_000)}`)),
      // what comes on a kept connection after another request
      await raw(port, GET('/health').replace('close', 'keep-alive') + GET(`/${'x'.repeat(41_000)}`)),
    ]) {
      expect(said).toMatch(/HTTP\/1.1 431 Request Header Fields Too Large\r\n/);
      expect(said).toContain('Access-Control-Allow-Origin: *\r\n');
      const body = JSON.parse(said.slice(said.lastIndexOf('\r\n\r\n'))) as { message: string };
      expect(body).toMatchObject({
        code: 'request/headers-too-large',
        message: expect.stringContaining('40960') as string,
      });
    }
  });

  test('whatever the parser gives up on has a body, and CORS', async () => {
    const gateway = await startGateway({ limits: { headersMs: 100, requestMs: 100 } });
    const broken = ['NONSENSE\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'];
    for (const bytes of broken) {
      const said = await raw(gateway.port, bytes);
      expect(said).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
      expect(said).toContain('Access-Control-Allow-Origin: *\r\n');
      expect(said).toContain('"code":"request/invalid"');
    }
  });

  test('a length behind thousands of headers is not overlooked', async () => {
    const gateway = await inFrontOf(async (request, response) =>
      response.end(`${request.headers['content-length']} ${await text(request)}`),
    );
    const many = Array.from({ length: 2500 }, () => 'a:');
    const said = await raw(gateway.port, GET(`${REST}/t`, ...many, 'Content-Length: 5') + 'abcde');
    expect(said).toContain('5 abcde');
  });
});

describe('bodies', () => {
  test('a large request body streams: the upstream has its beginning before the client sends its end', async () => {
    const began = gate();
    const gateway = await inFrontOf(async (request, response) => {
      request.once('data', () => began.resolve());
      response.end(String((await buffer(request)).length));
    });
    const request = open(gateway, { method: 'POST' });
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    request.write(chunk);
    await began.promise;
    for (let sent = 1; sent < 20; sent++) if (!request.write(chunk)) await once(request, 'drain');
    request.end();
    expect(await text(await answerTo(request))).toBe(String(20 * chunk.length));
  });

  test('a large answer streams: the client has its beginning before the upstream sends its end', async () => {
    const began = gate();
    const gateway = await inFrontOf(async (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'y');
      response.write(chunk);
      await began.promise;
      for (let sent = 1; sent < 20; sent++) if (!response.write(chunk)) await once(response, 'drain');
      response.end();
    });
    const request = open(gateway, {});
    request.end();
    const answer = await answerTo(request);
    answer.once('data', () => began.resolve());
    expect((await buffer(answer)).length).toBe(20 * 1024 * 1024);
  });

  test('the headers of a stream that begins with silence arrive at once', async () => {
    const heard = gate();
    const gateway = await inFrontOf(async (_request, response) => {
      response.flushHeaders();
      await heard.promise;
      response.end('event');
    });
    const request = open(gateway, {});
    request.end();
    const answer = await answerTo(request);
    heard.resolve();
    expect(await text(answer)).toBe('event');
  });

  test('a reader that does not read holds the upstream back', async () => {
    let written = 0;
    const stuck = gate();
    const gateway = await inFrontOf((_request, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      while (written < 4096 && response.write(chunk)) written++;
      const more = () => {
        while (written < 4096 && response.write(chunk)) written++;
        written++;
      };
      response.on('drain', more);
      response.once('close', () => stuck.resolve());
    });
    const request = open(gateway, {});
    request.end();
    const answer = await answerTo(request);
    // nothing more moves: two looks far apart in turns of the loop see the same
    for (let before = -1; before !== written;) {
      before = written;
      for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(written).toBeLessThan(200);
    answer.destroy();
    await stuck.promise;
  });

  test('a body beyond the limit is 413, declared or not, and the upstream sees no end of it', async () => {
    const ends: boolean[] = [];
    const arrived = gate();
    const gateway = await inFrontOf(
      (request) => {
        request.on('error', () => {});
        request.once('close', () => ends.push(request.complete));
        request.once('data', () => arrived.resolve());
      },
      { limits: { bodyBytes: 1000, headBytes: 500 } },
    );
    const declared = await ask(gateway, { method: 'POST', body: 'x'.repeat(1001) });
    expect(declared.status).toBe(413);
    expect(ends).toEqual([]);
    const request = open(gateway, { method: 'POST' });
    request.write('x'.repeat(600));
    await arrived.promise;
    request.write('x'.repeat(600));
    const answer = await answerTo(request);
    expect(answer.statusCode).toBe(413);
    expect(await text(answer)).toContain('request/too-large');
    request.end();
    await expect.poll(() => ends, PATIENCE).toEqual([false]);
  });

  test.each(['/nowhere', `${REST}/t`])(
    'who goes on sending to %s after its answer is cut off',
    async (path) => {
      const gateway = await inFrontOf((_request, response) => response.writeHead(404).end(), {
        limits: { discardBytes: 200_000 },
      });
      const request = open(gateway, { method: 'POST', path, agent: keptAgent() });
      const cut = once(request, 'close');
      request.on('error', () => {});
      request.write('x'.repeat(70_000));
      const answer = await answerTo(request);
      expect(answer.statusCode).toBe(404);
      answer.on('error', () => {}).resume();
      const more = setInterval(() => request.write('x'.repeat(50_000)), 1);
      await cut;
      clearInterval(more);
    },
  );

  test('trailers are left out', async () => {
    const gateway = await inFrontOf(async (request, response) => {
      const body = `${await text(request)} ${request.headers.trailer}`;
      response.setHeader('Trailer', 'x-late');
      response.write(`${body} ${JSON.stringify(request.trailers)}`);
      response.addTrailers({ 'x-late': '1' });
      response.end();
    });
    const said = await raw(
      gateway.port,
      `POST ${REST}/t HTTP/1.1\r\nHost: x\r\napikey: k\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: x-a\r\n\r\n2\r\nhi\r\n0\r\nx-a: 1\r\n\r\n`,
    );
    expect(said).toContain('hi undefined {}');
    expect(said.toLowerCase()).not.toContain('x-late');
  });

  test('HEAD, 204 and 304 have no body and keep their headers', async () => {
    const gateway = await inFrontOf((request, response) => {
      if (request.method === 'HEAD')
        response.writeHead(206, { 'Content-Range': '0-0/7', 'Content-Length': 99 });
      else response.writeHead(request.url === '/empty' ? 204 : 304, { ETag: '"1"' });
      response.end();
    });
    const agent = keptAgent();
    const head = await ask(gateway, { method: 'HEAD', agent });
    expect(head).toMatchObject({ status: 206, body: '' });
    expect(head.headers).toMatchObject({ 'content-range': '0-0/7', 'content-length': '99' });
    const empty = await ask(gateway, { path: `${REST}/empty`, agent });
    expect(empty).toMatchObject({ status: 204, body: '', headers: { etag: '"1"' } });
    expect(empty.headers).not.toHaveProperty('transfer-encoding');
    expect(await ask(gateway, { path: `${REST}/same`, agent })).toMatchObject({ status: 304, body: '' });
  });

  test('bodies arrive as they are framed, with any method', async () => {
    const gateway = await inFrontOf(async (request, response) => {
      const { 'content-length': length = '-', 'transfer-encoding': coding = '-' } = request.headers;
      response.end(`${request.method} ${length} ${coding} ${await text(request)}`);
    });
    expect((await ask(gateway, { method: 'POST' })).body).toBe('POST 0 - ');
    expect((await ask(gateway, { method: 'DELETE' })).body).toBe('DELETE - - ');
    for (const method of ['DELETE', 'GET', 'PATCH']) {
      const length = { ...KEY, 'content-length': '2' };
      expect((await ask(gateway, { method, headers: length, body: 'ab' })).body).toBe(`${method} 2 - ab`);
      const chunked = { ...KEY, 'transfer-encoding': 'chunked' };
      // one that was whole in time has its length told
      const framed = (await ask(gateway, { method, headers: chunked, body: 'ab' })).body;
      expect([`${method} - chunked ab`, `${method} 2 - ab`]).toContain(framed);
    }
  });

  test('Expect: 100-continue is answered once the request is fine, and not passed on', async () => {
    const gateway = await inFrontOf(async (request, response) => {
      response.end(`${request.headers.expect} ${await text(request)}`);
    });
    const headers = { ...KEY, expect: '100-continue', 'content-length': '2' };
    const request = open(gateway, { method: 'POST', headers });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('ab');
    expect(await text(await answerTo(request))).toBe('undefined ab');

    const large = { ...headers, 'content-length': String(1024 ** 3) };
    const refused = open(gateway, { method: 'POST', headers: large });
    let continued = false;
    refused.once('continue', () => (continued = true));
    refused.flushHeaders();
    expect((await answerTo(refused)).statusCode).toBe(413);
    expect(continued).toBe(false);
    refused.destroy();
  });
});

describe('ends', () => {
  test('all connections of the REST API are in use: the answer says why, and that nothing was done', async () => {
    const told = [
      [504, '{"code":"PGRST003","message":"Timed out acquiring connection from connection pool."}'],
      [503, '{"code":"08P01","message":"FATAL:  query_wait_timeout"}'],
      [400, '{"code":"08P01","message":"query_wait_timeout"}'],
      [504, '{"code":"57014","message":"canceling statement due to statement timeout"}'],
    ] as const;
    const left = [...told];
    const gateway = await inFrontOf((_, response) => {
      const [status, body] = left.shift() ?? [500, ''];
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    for (const [status] of told.slice(0, 3)) {
      const answer = await ask(gateway, { method: 'POST', body: '{}' });
      expect([status, answer.status, JSON.parse(answer.body)]).toEqual([
        status,
        503,
        expect.objectContaining({ code: 'project/no-free-connection' }),
      ]);
    }
    expect(await ask(gateway)).toMatchObject({ status: 504, body: told[3][1] });
  });

  test.each(['before', 'after'])(
    'a client that goes %s the answer began takes the upstream along',
    async (when) => {
      const arrived = gate();
      const gone = gate();
      const gateway = await inFrontOf((_request, response) => {
        response.once('close', () => gone.resolve());
        if (when === 'after') response.write('some');
        arrived.resolve();
      });
      const request = open(gateway, {});
      request.on('error', () => {});
      request.end();
      await arrived.promise;
      if (when === 'after') (await answerTo(request)).on('error', () => {});
      request.destroy();
      await gone.promise;
    },
  );

  test('a client that goes in the middle of its body takes the upstream along', async () => {
    const arrived = gate();
    const gone = gate<boolean>();
    const gateway = await inFrontOf((request) => {
      request.once('data', () => arrived.resolve());
      request.on('error', () => {});
      request.once('close', () => gone.resolve(request.complete));
    });
    const request = open(gateway, { method: 'POST' });
    request.on('error', () => {});
    request.write('x'.repeat(70_000));
    await arrived.promise;
    request.destroy();
    expect(await gone.promise).toBe(false);
  });

  test.each(['chunked', 'with a length'])(
    'an upstream that dies in a %s answer ends the client’s',
    async (how) => {
      const gateway = await inFrontOf((_request, response) => {
        if (how !== 'chunked') response.setHeader('Content-Length', 100);
        response.write('some', () => response.destroy());
      });
      const request = open(gateway, {});
      request.end();
      await expect(text(await answerTo(request))).rejects.toMatchObject({ code: 'ECONNRESET' });
    },
  );

  test('an upstream that dies before it answers: 503 for reads, 502 for what may have happened', async () => {
    const gateway = await inFrontOf((request) => request.socket.destroy());
    expect(await ask(gateway)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    const write = await ask(gateway, { method: 'POST', body: '{}' });
    expect(write.status).toBe(502);
    expect(write.headers).not.toHaveProperty('retry-after');
    expect(JSON.parse(write.body)).toMatchObject({ code: 'gateway/outcome-unknown' });
  });

  // what PostgREST says when PostgreSQL is killed under a statement, word for word
  test.each([
    [400, '{"code":"","details":null,"hint":null,"message":""}', true],
    [
      503,
      '{"code":"PGRST001","details":"no connection to the server\\n","hint":null,"message":"Database client error"}',
      true,
    ],
    [503, '{"code":"08P01","details":null,"hint":null,"message":"FATAL:  server conn crashed?"}', true],
    [503, '{"code":"08P01","details":null,"hint":null,"message":"FATAL:  no such database"}', false],
    [503, '{"code":"PGRST000","message":"Database connection error. Retrying the connection."}', false],
    [400, '{"code":"22P02","message":"invalid input syntax"}', false],
    [400, `{"code":"22P02","message":"${'long '.repeat(1_000)}"}`, false],
    [400, '{"code":"", ', false],
  ])('a database that was lost is told as what it is: %i %s', async (status, said, lost) => {
    let asked = 0;
    const gateway = await inFrontOf((request, response) => {
      asked++;
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' }).end(said);
    });
    const tell = async (method: string) => {
      const answer = await ask(gateway, { method });
      return lost
        ? [answer.status, (JSON.parse(answer.body) as { code: string }).code]
        : [answer.status, answer.body];
    };
    expect(await tell('GET')).toEqual(lost ? [503, 'gateway/upstream-lost'] : [status, said]);
    expect(await tell('PATCH')).toEqual(lost ? [502, 'gateway/outcome-unknown'] : [status, said]);
    expect(asked).toBe(2);
    // a HEAD has no body that could tell
    await ask(gateway, { method: 'HEAD' });
    expect(asked).toBe(status === 400 ? 4 : 3);
  });

  test('an upstream that is not there is 503 with Retry-After, also for writes', async () => {
    // nobody is given this one, as a port that was just closed may be
    const gateway = await startGateway({ rest: { host: '127.0.0.1', port: 1 } });
    for (const method of ['GET', 'POST']) {
      const answer = await ask(gateway, { method });
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    }
  });

  test.each([
    'HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n',
    'nonsense\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ])('a strange answer of the upstream is an error, not a crash: %j', async (bytes) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(bytes, 'latin1'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => void server.close());
    const gateway = await startGateway({
      rest: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    });
    expect([502, 503]).toContain((await ask(gateway)).status);
    expect((await ask(gateway, { path: '/health' })).status).toBe(200);
  });

  test('an early answer to an unfinished body reaches the client, and the rest of the body nobody', async () => {
    const gone = gate();
    const gateway = await inFrontOf((request, response) => {
      request.socket.once('close', () => gone.resolve());
      response.writeHead(400).end('no');
    });
    const agent = keptAgent();
    const request = open(gateway, { method: 'POST', agent });
    request.write('x'.repeat(100_000));
    const answer = await answerTo(request);
    expect([answer.statusCode, await text(answer)]).toEqual([400, 'no']);
    await gone.promise;
    // the connection is good for more once the client has sent the rest
    request.end('x'.repeat(100_000));
    expect((await ask(gateway, { path: '/health', agent })).status).toBe(200);
  });

  test('a body beyond the limit is refused while it waits for a connection, too', async () => {
    const held = gate();
    const gateway = await inFrontOf(() => held.resolve(), {
      limits: { socketsPerProject: 1, bodyBytes: 10_000, discardBytes: 10_000_000 },
    });
    const first = open(gateway, {});
    first.on('error', () => {}).end();
    await held.promise;
    const agent = keptAgent();
    const request = open(gateway, { method: 'POST', agent });
    request.write('x'.repeat(10_001));
    expect(await text(await answerTo(request))).toContain('request/too-large');
    request.end('x'.repeat(1_000_000));
    expect((await ask(gateway, { path: '/health', agent })).status).toBe(200);
    first.destroy();
  });

  test('an upstream that says nothing is 504', async () => {
    const gateway = await inFrontOf(() => {}, { limits: { idleMs: 50 } });
    expect((await ask(gateway)).status).toBe(504);
  });

  test('a client that stops in the middle of its body is 408', async () => {
    const gateway = await inFrontOf(() => {}, {
      limits: { headMs: 50, bodyGraceMs: 50, bodyBytesPerSecond: 10_000_000 },
    });
    for (const sent of ['some', 'x'.repeat(70_000)]) {
      const request = open(gateway, { method: 'POST' });
      request.write(sent);
      expect((await answerTo(request)).statusCode).toBe(408);
      request.on('error', () => {}).destroy();
    }
  });
});

describe('connections', () => {
  test('one connection to the upstream serves many requests, one after another', async () => {
    const ports = new Set<number | undefined>();
    const gateway = await inFrontOf((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    for (let times = 0; times < 10; times++) await ask(gateway);
    for (const method of ['POST', 'PATCH', 'DELETE']) await ask(gateway, { method });
    expect(ports.size).toBe(1);
  });

  test('a kept connection that was closed is tried anew once for reads, never for writes', async () => {
    let requests = 0;
    let connections = 0;
    // answers the first request of a connection and hangs up on the second, as a closing server does
    const server = createTcpServer((socket) => {
      connections++;
      let isFirst = true;
      socket.on('error', () => {});
      socket.on('data', () => {
        requests++;
        if (isFirst) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else socket.destroy();
        isFirst = false;
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => void server.close());
    const gateway = await startGateway({
      rest: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    });
    expect(await ask(gateway)).toMatchObject({ status: 200 });
    expect(await ask(gateway)).toMatchObject({ status: 200, body: 'ok' });
    expect({ requests, connections }).toEqual({ requests: 3, connections: 2 });
    expect(await ask(gateway)).toMatchObject({ status: 200 });
    expect(await ask(gateway, { method: 'POST' })).toMatchObject({ status: 502 });
    expect({ requests, connections }).toEqual({ requests: 5, connections: 3 });
  });

  test('a second death is not tried again', async () => {
    let requests = 0;
    const gateway = await inFrontOf((request, response) => {
      requests++;
      if (requests === 1) response.end('ok');
      else request.socket.destroy();
    });
    await ask(gateway);
    expect((await ask(gateway)).status).toBe(503);
    expect(requests).toBe(3);
  });

  test('one project has so many connections and waiting requests, the next one is told to come again', async () => {
    const held: (() => void)[] = [];
    const gateway = await inFrontOf((_request, response) => void held.push(() => response.end('ok')), {
      limits: { socketsPerProject: 2, waiting: 1 },
    });
    const first = [ask(gateway), ask(gateway)];
    await expect.poll(() => held.length, PATIENCE).toBe(2);
    const answers = [ask(gateway), ask(gateway)];
    const refused = await Promise.race(answers);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    for (const release of held.splice(0)) release();
    await expect.poll(() => held.length, PATIENCE).toBe(1);
    held[0]!();
    const all = await Promise.all([...first, ...answers]);
    expect(all.map(({ status }) => status).toSorted((one, other) => one! - other!)).toEqual([
      200, 200, 200, 503,
    ]);
  });

  test('a wait for a connection ends', async () => {
    const held = gate();
    const gateway = await inFrontOf(() => held.resolve(), { limits: { socketsPerProject: 1, waitMs: 20 } });
    const first = open(gateway, {});
    first.on('error', () => {}).end();
    await held.promise;
    const [second, third] = await Promise.all(
      [ask(gateway), ask(gateway)].map((each) => Promise.resolve(each)),
    );
    expect([second!.status, third!.status]).toEqual([503, 503]);
    first.destroy();
  }, 5000);
});

describe('hostile requests', () => {
  const reached: string[] = [];
  const hostileGateway = async () => {
    reached.length = 0;
    const listener: Listener = (request, response) => {
      reached.push(`${request.method} ${request.url}`);
      response.end('reached');
    };
    const { endpoint } = await upstreamServer(listener);
    return startGateway({ rest: endpoint, platform: endpoint });
  };

  test.each([
    `${REST}/../../${B}/rest/v1/t`,
    `${REST}/%2e%2e/%2e%2e/${B}/t`,
    `${REST}/..%2f..%2fapi`,
    `${REST}/..\\..\\api`,
    `${REST}//api`,
    `//evil${REST}/t`,
    `http://ev!l${REST}/t`,
    `http://user@evil/api/projects`,
    `http://evil`.replace('http', 'ftp'),
    `http://evil${REST}/../t`,
    `${REST}/t%00`,
    `${REST}/t\0`,
    `${REST}/\x80`,
    `${REST}/t#f`,
    '/api/../project',
    '*',
    'evil:80',
  ])('%j is 400 and reaches nobody', async (target) => {
    const gateway = await hostileGateway();
    expect(await raw(gateway.port, GET(target))).toMatch(/^HTTP\/1.1 400 /);
    expect(reached).toEqual([]);
  });

  test.each([
    ['both framings', 'POST', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'],
    ['a signed length', 'POST', 'Content-Length: +5\r\n\r\nabcde'],
    ['another coding', 'POST', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a hidden coding', 'POST', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'GET', 'Transfer-Encoding : chunked\r\n\r\n'],
    ['a folded header', 'GET', 'X: a\r\n b\r\n\r\n'],
    ['a bare carriage return', 'GET', 'X: a\rY: b\r\n\r\n'],
    ['a NUL in a header', 'GET', 'X: a\0b\r\n\r\n'],
    ['two hosts', 'GET', 'Host: y\r\n\r\n'],
    ['a bad chunk', 'POST', 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ])('%s never becomes another request', async (_what, method, rest) => {
    const gateway = await hostileGateway();
    const smuggled = `GET /api/smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const head = `${method} ${REST}/t HTTP/1.1\r\nHost: x\r\napikey: k\r\nConnection: close\r\n`;
    for (const bytes of [head + rest, head + rest + smuggled]) {
      const said = await raw(gateway.port, bytes);
      expect(said).toMatch(/^(HTTP\/1.1 4\d\d |$)/);
      expect(said).not.toContain('reached');
    }
    expect(reached.filter((line) => line.includes('smuggled'))).toEqual([]);
  });

  test('headers that Connection names do not change the framing', async () => {
    const bodies: string[] = [];
    const gateway = await inFrontOf(async (request, response) => {
      bodies.push(`${request.url} ${await text(request)}`);
      response.end('ok');
    });
    const body = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const framing of ['Content-Length', 'Transfer-Encoding']) {
      const isLength = framing === 'Content-Length';
      await raw(
        gateway.port,
        `GET ${REST}/t HTTP/1.1\r\nHost: x\r\napikey: k\r\nConnection: close, ${framing}\r\n${framing}: ${
          isLength ? body.length : 'chunked'
        }\r\n\r\n${isLength ? body : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`}`,
      );
    }
    expect(bodies).toEqual([`/t ${body}`, `/t ${body}`]);
  });

  test('an upgrade is not made: the request is answered as if it had not been asked for', async () => {
    const gateway = await hostileGateway();
    const said = await raw(
      gateway.port,
      GET(`${REST}/t`).replace('Connection: close', 'Connection: close, upgrade\r\nUpgrade: websocket'),
    );
    expect(said).toMatch(/^HTTP\/1.1 200 /);
    expect(said.toLowerCase()).not.toContain('upgrade');
  });
});

describe('start and stop', () => {
  test('a taken port is named, with the variable that changes it', async () => {
    const first = await startGateway();
    const second = startGateway({ port: first.port });
    await expect(second).rejects.toThrow(new RegExp(`port ${first.port} is taken.*GATEWAY_PORT`));
  });

  test('stopping lets a running request end, and takes no new one', async () => {
    const arrived = gate();
    const finish = gate();
    const gateway = await inFrontOf(async (_request, response) => {
      response.write('some ');
      arrived.resolve();
      await finish.promise;
      response.end('more');
    });
    const agent = keptAgent();
    const request = open(gateway, { agent });
    request.end();
    await arrived.promise;
    const answer = await answerTo(request);
    const { port } = gateway;
    const stopped = gateway.stop(20_000);
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish.resolve();
    expect(await text(answer)).toBe('some more');
    await stopped;
    await gateway.stop(0);
  });

  test('stopping destroys what does not end within the bound', async () => {
    const gone = gate();
    const gateway = await inFrontOf((_request, response) => {
      response.once('close', () => gone.resolve());
      response.write('some');
    });
    const request = open(gateway, {});
    request.end();
    const answer = await answerTo(request);
    const ended = text(answer).catch((error: NodeJS.ErrnoException) => error.code);
    await gateway.stop(1);
    expect(await ended).toBe('ECONNRESET');
    await gone.promise;
  });
});
