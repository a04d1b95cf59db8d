/** Clients that hold on to what others need: connections, and the gateway's own connections to what is behind it. */
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { Gateway } from './gateway.ts';
import type { GatewayOptions } from './gateway-options.ts';

const PROJECT = projectId('proj_00000000000000aa');
const REST = `/project/${PROJECT}/rest/v1/t`;
const PATIENCE = { timeout: 10_000, interval: 5 };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function gatewayBefore(listener: RequestListener, options: Partial<GatewayOptions> = {}) {
  const upstream = createServer(listener).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const endpoint: Endpoint = { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port };
  const gateway = new Gateway({
    port: 0,
    host: '127.0.0.1',
    platform: endpoint,
    dataApis: { endpoint: () => endpoint },
    projectState: () => Promise.resolve('active'),
    judge: () => Promise.resolve('good'),
    wake: () => Promise.resolve(),
    log: quiet,
    ...options,
  });
  await gateway.start();
  closers.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  closers.push(() => gateway.stop(0));
  return gateway;
}

/** A client's connection that has sent `bytes`, and whether it is open still. */
async function opened({ port }: Gateway, bytes = '') {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return socket;
}

const openOnes = (sockets: readonly Socket[]) => sockets.filter((socket) => !socket.closed).length;

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
}

async function ask({ port }: Gateway, { method = 'GET', path = REST, headers, body, agent }: Ask = {}) {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { apikey: 'k', ...headers },
    agent: agent ?? false,
  });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

const post = (length: number, sent: string) =>
  `POST ${REST} HTTP/1.1\r\nhost: x\r\napikey: k\r\ncontent-length: ${length}\r\n\r\n${sent}`;

test('bodies that hardly come take no connection of their project', async () => {
  let reached = 0;
  const gateway = await gatewayBefore((_request, response) => {
    reached++;
    response.end('ok');
  });
  await Promise.all(Array.from({ length: 100 }, () => opened(gateway, post(100, 'x'))));
  expect((await ask(gateway)).status).toBe(200);
  expect(reached).toBe(1);
});

test('a body that breaks off after its beginning loses its connection to whoever waits for it', async () => {
  let bodies = 0;
  const gateway = await gatewayBefore(
    (request, response) => {
      if (request.method === 'POST') bodies++;
      request.resume().once('end', () => response.end('ok'));
    },
    { limits: { socketsPerProject: 4, laggardMs: 50 } },
  );
  const slow = await Promise.all(
    Array.from({ length: 4 }, () => opened(gateway, post(1_000_000, 'x'.repeat(70_000)))),
  );
  await expect.poll(() => bodies, PATIENCE).toBe(4);
  const answers = await Promise.all([ask(gateway), ask(gateway)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(openOnes(slow)).toBeGreaterThan(0);
});

test('an answer that its client does not read is ended for whoever waits', async () => {
  const gateway = await gatewayBefore(
    (request, response) => response.end(request.url === '/large' ? Buffer.alloc(30_000_000) : 'ok'),
    { limits: { socketsPerProject: 2, laggardMs: 50 } },
  );
  const large = `GET ${REST.replace('/t', '/large')} HTTP/1.1\r\nhost: x\r\napikey: k\r\n\r\n`;
  for (const socket of await Promise.all([opened(gateway, large), opened(gateway, large)])) socket.pause();
  expect((await ask(gateway)).status).toBe(200);
});

test('while nobody waits a slow client keeps its connection', async () => {
  const gateway = await gatewayBefore(
    (request, response) => void text(request).then((body) => response.end(String(body.length))),
    { limits: { socketsPerProject: 1, laggardMs: 1 } },
  );
  const socket = await opened(gateway, post(80_000, 'x'.repeat(70_000)));
  socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 400));
  socket.write('x'.repeat(10_000));
  socket.resume();
  const [said] = (await once(socket, 'data')) as [Buffer];
  expect(said.toString()).toMatch(/^HTTP\/1.1 200 /);
});

test('what waits of bodies is bounded for an address', async () => {
  const gateway = await gatewayBefore((_request, response) => response.end('ok'), {
    limits: { headsBytesPerAddress: 50_000 },
  });
  await opened(gateway, post(60_000, 'x'.repeat(40_000)));
  const refused = await ask(gateway, { method: 'POST', body: 'x'.repeat(30_000) });
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  expect(refused.body).toContain('request bodies of this address');
  expect((await ask(gateway, { method: 'POST', body: 'x'.repeat(5_000) })).status).toBe(200);
});

test('an address has so many requests under way, and is told which bound that is', async () => {
  const held: (() => void)[] = [];
  const gateway = await gatewayBefore((_request, response) => void held.push(() => response.end('ok')), {
    limits: { requestsPerAddress: 3 },
  });
  const first = [ask(gateway), ask(gateway), ask(gateway, { path: '/api/x' })];
  await expect.poll(() => held.length, PATIENCE).toBe(3);
  const refused = await ask(gateway);
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'request/too-many' });
  expect(refused.body).toContain('More than 3 requests of this address');
  // 429 would have their client sign them out
  const users = await ask(gateway, { path: `/project/${PROJECT}/auth/v1/token`, method: 'POST' });
  expect(users).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(JSON.parse(users.body)).toMatchObject({ code: 'gateway/busy', away: 'auth' });
  expect((await ask(gateway, { path: '/health' })).status).toBe(200);
  for (const release of held.splice(0)) release();
  await Promise.all(first);
  const next = ask(gateway);
  await expect.poll(() => held.length, PATIENCE).toBe(1);
  held[0]?.();
  expect((await next).status).toBe(200);
});

test('of connections that say nothing an address keeps the newest, and gets in with one more', async () => {
  const gateway = await gatewayBefore((_request, response) => response.end('ok'), {
    limits: { idlePerAddress: 20, connectionsPerAddress: 30 },
  });
  const silent = await Promise.all(Array.from({ length: 100 }, () => opened(gateway)));
  await expect.poll(() => openOnes(silent), PATIENCE).toBeLessThanOrEqual(20);
  expect((await ask(gateway)).status).toBe(200);
});

test('requests under way are not ended for new connections; beyond the bound those are', async () => {
  const held: (() => void)[] = [];
  const gateway = await gatewayBefore((_request, response) => void held.push(() => response.end('ok')), {
    limits: { connectionsPerAddress: 5 },
  });
  const first = Array.from({ length: 5 }, () => ask(gateway));
  await expect.poll(() => held.length, PATIENCE).toBe(5);
  await expect(ask(gateway)).rejects.toMatchObject({ code: 'ECONNRESET' });
  for (const release of held) release();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual(first.map(() => 200));
});

test('where the gateway is full, who holds the most idle ones makes room', async () => {
  const gateway = await gatewayBefore((_request, response) => response.end('ok'), {
    host: '0.0.0.0',
    limits: { connections: 10 },
  });
  const { port } = gateway;
  const from = (localAddress: string) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {}).resume();
    closers.push(() => socket.destroy());
    return once(socket, 'connect').then(() => socket);
  };
  const greedy = await Promise.all(Array.from({ length: 10 }, () => from('127.0.0.2')));
  const others = await Promise.all(Array.from({ length: 4 }, () => from('127.0.0.3')));
  await expect.poll(() => openOnes(greedy), PATIENCE).toBe(6);
  expect(openOnes(others)).toBe(4);
});

test('silent connections are closed after the time for headers', async () => {
  const gateway = await gatewayBefore((_request, response) => response.end('ok'), {
    limits: { headersMs: 100 },
  });
  const silent = await opened(gateway);
  await once(silent, 'close');
});

test('whose request it is a trusted proxy says, and nobody else', async () => {
  const seen: (string | undefined)[] = [];
  const listener: RequestListener = ({ headers }, response) => {
    seen.push(headers['x-forwarded-for']?.toString());
    response.end('ok');
  };
  const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7', 'x-forwarded-proof': 'made up' };
  const direct = await gatewayBefore(listener);
  await ask(direct, { headers });
  const limits = { connectionsPerAddress: 1, requestsPerAddress: 1 };
  const behind = await gatewayBefore(listener, { trustedProxies: ['loopback'], limits });
  const agent = new Agent({ keepAlive: true });
  closers.push(() => agent.destroy());
  const answers = await Promise.all(
    [1, 2, 3].map((client) =>
      ask(behind, { agent, headers: { 'x-forwarded-for': `evil, 198.51.100.${client}` } }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(new Set(seen)).toEqual(new Set(['127.0.0.1', '198.51.100.1', '198.51.100.2', '198.51.100.3']));
});
