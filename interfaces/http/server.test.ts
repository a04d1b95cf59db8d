import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Refused, Unavailable } from '../../application/errors.ts';
import type { Log } from '../../application/ports/log.ts';
import { proofOf } from './client-address.ts';
import { json } from './body.ts';
import { endpointsFor, type EndpointRequest } from './endpoint.ts';
import { Metrics } from './metrics.ts';
import { RequestProblem } from './problems.ts';
import { createServer, type HttpServer, type ServerOptions } from './server.ts';
import { eventStream, ndjson } from './stream-reply.ts';

const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
const note = (level: string) => (fields: Record<string, unknown>, message: string) =>
  void lines.push({ level, fields, message });
const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

let seen: Partial<EndpointRequest> = {};
let ready: Record<string, string> = { postgres: 'ok' };
let aborted = Promise.withResolvers<void>();
let entered = Promise.withResolvers<void>();

async function* untilAborted(signal: AbortSignal) {
  yield { id: '1', event: 'Noted', data: { text: 'one\ntwo' } };
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  aborted.resolve();
}

const endpoint = endpointsFor<{ key: { readonly who: string } }>({});
const endpoints = [
  endpoint({
    method: 'post',
    path: '/things/:id',
    summary: 'echo',
    auth: 'none',
    params: z.object({ id: z.string().max(20) }),
    query: z.object({ tag: z.union([z.string(), z.array(z.string())]).optional() }),
    headers: z.object({ 'idempotency-key': z.string().max(10).optional() }),
    body: json(
      z.object({
        name: z.string(),
        'a/b': z.object({ n: z.number() }).optional(),
        any: z.unknown().optional(),
      }),
      { bytes: 1_000 },
    ),
    responses: { 200: z.unknown() },
    handler: async (request) => {
      seen = request;
      return { status: 200, body: request.body, headers: { etag: '"1"' } };
    },
  }),
  endpoint({
    method: 'get',
    path: '/mine',
    summary: 'who',
    auth: 'key',
    responses: { 200: z.unknown() },
    handler: async ({ who, context }) => ({ status: 200, body: { who, context } }),
  }),
  endpoint({
    method: 'get',
    path: '/fails/:how',
    summary: 'errors',
    auth: 'none',
    params: z.object({ how: z.string() }),
    responses: { 200: z.unknown() },
    timeMs: 200,
    handler: async ({ params, signal }) => {
      if (params.how === 'bug') throw new TypeError('a secret of the code');
      if (params.how === 'away') throw new Unavailable('reach something');
      if (params.how === 'bigint') return { status: 200, body: 1n };
      entered.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      aborted.resolve();
      throw new Error('cut off');
    },
  }),
  endpoint({
    method: 'get',
    path: '/events',
    summary: 'SSE',
    auth: 'none',
    responses: { 200: 'events' },
    handler: async ({ signal }) => eventStream(untilAborted(signal)),
  }),
  endpoint({
    method: 'get',
    path: '/rows',
    summary: 'ndjson',
    auth: 'none',
    responses: { 200: 'rows' },
    handler: async () =>
      ndjson(
        (async function* () {
          for (let n = 0; n < 20_000; n++) yield { n, pad: 'x'.repeat(20) };
        })(),
      ),
  }),
];

const options = (more: Partial<ServerOptions> = {}): ServerOptions => ({
  name: 'test',
  port: 0,
  portVariable: 'TEST_PORT',
  endpoints,
  authenticate: async ({ headers }) => {
    if (headers.authorization !== 'Bearer good') throw new RequestProblem('request/unauthenticated', 'no');
    return { actor: { kind: 'owner', id: 'own_1' }, logged: { ownerId: 'own_1' }, known: { who: 'own_1' } };
  },
  log,
  ready: () => Promise.resolve(ready),
  metrics: new Metrics(),
  docs: { title: 'Test', version: '1', securitySchemes: {}, securityOf: () => [] },
  ...more,
});

let server: HttpServer;
let url: string;

beforeAll(async () => {
  server = createServer(options());
  await server.start();
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.stop());
beforeEach(() => {
  lines.length = 0;
  seen = {};
  aborted = Promise.withResolvers();
  entered = Promise.withResolvers();
});

const post = (
  body: string | ReadableStream | Buffer<ArrayBuffer>,
  more: Omit<RequestInit, 'headers'> & { path?: string; headers?: Record<string, string> } = {},
) =>
  fetch(`${url}${more.path ?? '/things/1'}`, {
    method: 'POST',
    body,
    ...more,
    headers: { 'content-type': 'application/json', ...more.headers },
  });

async function problem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const body = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, type: body['type'] }).toEqual({ status, type: `/docs#${code}` });
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(body['instance']).toBe(response.headers.get('x-request-id'));
  return body;
}

/** Sends bytes as they are and reads until the server closes. */
async function raw(text: string | Buffer): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('a request', () => {
  test('arrives parsed, with its context', async () => {
    const response = await post('{"name":"x","a/b":{"n":1}}', {
      path: '/things/a%20b?tag=x&tag=%C3%A9+y',
      headers: { 'idempotency-key': 'k', 'x-request-id': 'request-42', 'user-agent': 'ü'.repeat(300) },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ name: 'x', 'a/b': { n: 1 } });
    expect(response.headers.get('etag')).toBe('"1"');
    expect(seen).toMatchObject({
      params: { id: 'a b' },
      query: { tag: ['x', 'é y'] },
      headers: { 'idempotency-key': 'k' },
      context: {
        correlationId: 'request-42',
        requestId: 'request-42',
        causationId: null,
        ip: '127.0.0.1',
        actor: { kind: 'system', id: 'test' },
      },
    });
    expect(seen.context?.userAgent).toHaveLength(120);
  });

  test('gets a request id of its own when it brings none that is well-formed', async () => {
    for (const id of ['', 'with spaces in it', 'x'.repeat(129), 'a"quote-in-it', 'a/b']) {
      const response = await fetch(`${url}/health`, { headers: { 'x-request-id': id } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('names every fault at once, by pointer, without the value', async () => {
    const response = await post('{"a/b":{"n":"s3cret"},"zzz":1}', { path: '/things/1?nope=1' });
    const { errors } = await problem(response, 400, 'request/invalid');
    const pointers = (errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(['/body', '/body/a~1b/n', '/body/name', '/query']);
    expect(JSON.stringify(errors)).not.toContain('s3cret');
  });

  test.each([
    ['truncated', '{"name":"x"'],
    ['empty braces short', '{'],
    ['not UTF-8', Buffer.from('{"name":"\xff"}', 'latin1')],
    ['nested', `{"name":"x","any":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['NUL', '{"name":"a\\u0000b"}'],
    ['NUL in a key', '{"name":"a","any":{"\\u0000":1}}'],
    ['half a surrogate pair', '{"name":"\\ud800"}'],
    ['__proto__', '{"name":"a","__proto__":{"x":1}}'],
    ['constructor', '{"name":"a","constructor":1}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1e999'],
    ['nothing', ''],
    ['two values', '{"name":"x"}{}'],
  ])('%s is refused', async (_, body) => {
    await problem(await post(body as string), 400, 'request/invalid');
    expect(seen).toEqual({});
  });

  test('32 levels are fine', async () => {
    const response = await post(`{"name":"x","any":${'['.repeat(31)}${']'.repeat(31)}}`);
    expect(response.status).toBe(200);
  });

  test('too much is refused, whether it says so before or not', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(1_000_000) });
    await problem(await post(large), 413, 'request/too-large');
    const stream = new Blob([large]).stream();
    await problem(await post(stream, { duplex: 'half' }), 413, 'request/too-large');
    expect((await post(JSON.stringify({ name: 'x'.repeat(989) }))).status).toBe(200);
    await problem(await post(JSON.stringify({ name: 'x'.repeat(990) })), 413, 'request/too-large');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonx',
    '',
  ])('content type %s is refused', async (type) => {
    await problem(
      await post('{"name":"x"}', { headers: { 'content-type': type } }),
      415,
      'request/unsupported-media-type',
    );
  });

  test('a compressed body is refused', async () => {
    const response = await post('{"name":"x"}', { headers: { 'content-encoding': 'gzip' } });
    await problem(response, 415, 'request/unsupported-media-type');
  });

  test('JSON in UTF-8 may say so', async () => {
    const response = await post('{"name":"é"}', {
      headers: { 'content-type': 'application/json; charset="UTF-8"' },
    });
    expect(response.status).toBe(200);
  });

  test.each([
    '/things/%zz',
    '/%',
    '/things/%00',
    '/things/1?tag=%zz',
    '/things/1?tag=%00',
    '/things/1?%ff=1',
  ])(
    '%s has a wrong encoding',
    async (path) => void (await problem(await post('{"name":"x"}', { path }), 400, 'request/invalid')),
  );

  test('of an unknown path is 404, of another method 405 with Allow', async () => {
    await problem(await fetch(`${url}/nothing`), 404, 'request/no-such-route');
    await problem(await fetch(`${url}/THINGS/1`, { method: 'POST' }), 404, 'request/no-such-route');
    const response = await fetch(`${url}/things/1`, { method: 'DELETE' });
    await problem(response, 405, 'request/method-not-allowed');
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await fetch(`${url}/mine`, { method: 'OPTIONS' })).headers.get('allow')).toBe(
      'GET, HEAD, OPTIONS',
    );
  });

  test('without a good token gets 401 before its body is looked at', async () => {
    await problem(await fetch(`${url}/mine`), 401, 'request/unauthenticated');
    const response = await fetch(`${url}/mine`, { headers: { authorization: 'Bearer good' } });
    expect(await response.json()).toMatchObject({
      who: 'own_1',
      context: { actor: { kind: 'owner', id: 'own_1' } },
    });
  });

  test('X-Forwarded-For is believed from trusted proxies only', async () => {
    const headers = { authorization: 'Bearer good', 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
    const ipOf = async (base: string) =>
      ((await (await fetch(`${base}/mine`, { headers })).json()) as { context: { ip: string } }).context.ip;
    expect(await ipOf(url)).toBe('127.0.0.1');
    const behind = createServer(options({ trustedProxies: ['127.0.0.1'] }));
    await behind.start();
    expect(await ipOf(`http://127.0.0.1:${behind.port}`)).toBe('198.51.100.7');
    await behind.stop();
  });

  test('and from the gateway, which proves that it is the gateway', async () => {
    const one = createServer(options({ internalKeys: ['the internal key'] }));
    await one.start();
    const ipOf = async (key: string) => {
      const answer = await fetch(`http://127.0.0.1:${one.port}/mine`, {
        headers: {
          authorization: 'Bearer good',
          'x-request-id': 'request-1',
          'x-forwarded-for': '203.0.113.9',
          'x-forwarded-proof': proofOf(key, 'request-1', '203.0.113.9'),
        },
      });
      return ((await answer.json()) as { context: { ip: string } }).context.ip;
    };
    expect([await ipOf('the internal key'), await ipOf('a guess')]).toEqual(['203.0.113.9', '127.0.0.1']);
    await one.stop();
  });
});

describe('broken HTTP', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', ' 400 '],
    ['a NUL in a header', 'GET /health HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n', ' 400 '],
    [
      'two lengths',
      'POST /things/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
      ' 400 ',
    ],
    [
      'length and chunks',
      'POST /things/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n{}',
      ' 400 ',
    ],
    ['huge headers', `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(60_000)}\r\n\r\n`, ' 431 '],
  ])('%s', async (_, text, status) => {
    const answer = await raw(text);
    expect(answer.split('\r\n')[0]).toContain(status);
    expect(answer).toContain('application/problem+json');
  });

  test('a body that breaks off is no bug', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'POST /things/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"na',
    );
    await once(socket, 'connect');
    const gone = lineOf('request');
    socket.destroy();
    await gone;
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  test('any headers', async () => {
    const name = fc
      .stringMatching(/^[a-z-]{1,20}$/)
      .filter((text) => !/^(-|host$|connection|expect|content-length|transfer)/.test(text));
    const known = fc.constantFrom(
      'authorization',
      'if-match',
      'prefer',
      'x-request-id',
      'x-forwarded-for',
      'accept',
      'cookie',
    );
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.oneof(name, known), value), { maxLength: 10 }),
        async (headers) => {
          const text = headers.map(([key, content]) => `${key}: ${content}\r\n`).join('');
          const answer = await raw(
            Buffer.from(`GET /mine HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${text}\r\n`, 'latin1'),
          );
          expect(answer.split(' ')[1]).toMatch(/^(401|400)$/);
        },
      ),
      { numRuns: 60 },
    );
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const response = await post(text);
        await response.arrayBuffer();
        expect([200, 400, 413]).toContain(response.status);
      }),
      { numRuns: 60 },
    );
  });
});

/** Resolves with the next line of this message. */
async function lineOf(message: string): Promise<(typeof lines)[number]> {
  for (;;) {
    const line = lines.find((each) => each.message === message);
    if (line) return line;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('an answer', () => {
  test('to a bug is fixed text; the stack is in the log', async () => {
    for (const how of ['bug', 'bigint']) {
      lines.length = 0;
      const response = await fetch(`${url}/fails/${how}?`);
      const body = await problem(response, 500, 'platform/bug');
      expect(JSON.stringify(body)).not.toContain('secret');
      const line = await lineOf('platform/bug');
      expect(line).toMatchObject({
        level: 'error',
        fields: { requestId: body['instance'], route: '/fails/:how' },
      });
      expect((line.fields['error'] as Error).stack).toContain('TypeError');
    }
  });

  test('says when to come back, and comes within its time', async () => {
    for (const how of ['away', 'hangs']) {
      const response = await fetch(`${url}/fails/${how}`);
      await problem(response, 503, 'platform/unavailable');
      expect(response.headers.get('retry-after')).toBe('2');
    }
    await aborted.promise;
  });

  test('nobody waits for is no failure of ours', async () => {
    const controller = new AbortController();
    const response = fetch(`${url}/fails/hangs`, { signal: controller.signal });
    await entered.promise;
    controller.abort();
    await expect(response).rejects.toThrow();
    await aborted.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toMatchObject([{ level: 'info', fields: { status: 499 } }]);
  });

  test('has the headers of safety and none of the framework', async () => {
    const { headers } = await fetch(`${url}/health`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('leaves a line without query, headers or body', async () => {
    await post('{"name":"s3cret"}', { path: '/things/1?tag=s3cret', headers: { authorization: 's3cret' } });
    const line = await lineOf('request');
    expect(line).toMatchObject({ level: 'info', fields: { method: 'POST', path: '/things/1', status: 200 } });
    expect(JSON.stringify(lines)).not.toContain('s3cret');
  });

  test('that goes on ends when the client goes', async () => {
    const controller = new AbortController();
    const response = await fetch(`${url}/events`, { signal: controller.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const { value } = await response.body!.getReader().read();
    expect(Buffer.from(value!).toString()).toBe('id: 1\nevent: Noted\ndata: {"text":"one\\ntwo"}\n\n');
    controller.abort();
    await aborted.promise;
  });

  test('of many rows arrives whole', async () => {
    const response = await fetch(`${url}/rows`);
    const rows = (await response.text()).trimEnd().split('\n');
    expect(rows).toHaveLength(20_000);
    expect(JSON.parse(rows.at(-1)!)).toMatchObject({ n: 19_999 });
    expect(await (await fetch(`${url}/rows`, { method: 'HEAD' })).text()).toBe('');
  });
});

describe('for those who run it', () => {
  test('health, readiness, metrics and documents', async () => {
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    ready = { postgres: 'no connection', log: 'ok' };
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'unavailable', checks: ready });
    ready = { postgres: 'ok' };
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(
      'launchdb_http_requests_total{service="test",method="GET",route="/health",status="200"}',
    );
    expect(metrics).toMatch(
      /launchdb_http_request_duration_seconds_bucket\{le="\+Inf",.*route="\/health"\} \d/,
    );
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(metrics.match(/[^\n{]*nothing[^\n]*/)).toBeNull();
    expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
    const docs = await fetch(`${url}/docs`);
    expect(docs.headers.get('content-security-policy')).toContain("style-src 'sha256-");
  });

  test('a taken port says which and what to do', async () => {
    const second = createServer(options({ port: server.port }));
    const failed = await second.start().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Refused);
    expect((failed as Error).message).toMatch(new RegExp(`${server.port}.*TEST_PORT`));
    await second.stop();
  });

  test('an endpoint that asks who it is, without authentication, is a mistake', () => {
    const { authenticate: _, ...rest } = options();
    expect(() => createServer(rest)).toThrow('nothing authenticates');
  });

  test('what no endpoint has can go elsewhere', async () => {
    const other = createServer(
      options({ fallback: async (req, res) => void res.writeHead(202).end(req.method) }),
    );
    await other.start();
    expect(await (await fetch(`http://127.0.0.1:${other.port}/else`, { method: 'PUT' })).text()).toBe('PUT');
    await other.stop();
  });
});

describe('stopping', () => {
  const gate = () => {
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const slow = endpoint({
      method: 'get',
      path: '/slow',
      summary: 'waits',
      auth: 'none',
      responses: { 200: z.unknown() },
      handler: async ({ signal }) => {
        signal.addEventListener('abort', () => leave.resolve(), { once: true });
        entered.resolve();
        await leave.promise;
        return { status: 200, body: { aborted: signal.aborted } };
      },
    });
    return { entered, leave, slow };
  };

  test('running requests finish, streams end, nobody new is let in', async () => {
    const { entered, leave, slow } = gate();
    const stopping = createServer(options({ endpoints: [...endpoints, slow] }));
    await stopping.start();
    const base = `http://127.0.0.1:${stopping.port}`;
    const running = fetch(`${base}/slow`);
    const events = await fetch(`${base}/events`);
    await entered.promise;
    const stopped = stopping.stop();
    expect(await events.text()).toContain('Noted');
    await expect(fetch(`${base}/health`)).rejects.toThrow();
    leave.resolve();
    expect(await (await running).json()).toEqual({ aborted: false });
    await stopped;
  });

  test('whoever takes too long is told to stop', async () => {
    const { entered, slow } = gate();
    const stopping = createServer(options({ endpoints: [slow] }));
    await stopping.start();
    const running = fetch(`http://127.0.0.1:${stopping.port}/slow`);
    await entered.promise;
    const stopped = stopping.stop(0);
    expect(await (await running).json()).toEqual({ aborted: true });
    await stopped;
  });

  test('what never started stops at once', () => createServer(options()).stop());
});
