/** The kit as another service uses it: callers, errors and bodies of its own. This one keeps files, and speaks GoTrue's errors. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { multipart, stream, type IncomingForm } from './body.ts';
import { AddressBounds, type CallerBounds } from './caller-bounds.ts';
import { endpointsFor, type Caller } from './endpoint.ts';
import type { ErrorBody } from './error-body.ts';
import { Metrics } from './metrics.ts';
import { ProblemError, RequestProblem } from './problems.ts';
import { createServer, type HttpServer } from './server.ts';

const MIB = 1024 * 1024;

interface UserCaller extends Caller {
  readonly known: { readonly user: string };
}

const endpoint = endpointsFor<{ user: UserCaller['known'] }, { readonly admin: boolean }>({ admin: false });

const kept = new Map<string, number>();
let lost = Promise.withResolvers<unknown>();
let unread = Promise.withResolvers<Readable>();
const opened: Readable[] = [];

const formOf = async ({ body, contentType }: IncomingForm): Promise<FormData> =>
  new Response(Readable.toWeb(body) as ReadableStream, {
    headers: { 'content-type': contentType },
  }).formData();

const endpoints = [
  endpoint({
    method: 'put',
    path: '/files/:name',
    summary: 'keeps a file',
    auth: 'user',
    params: z.object({ name: z.string() }),
    body: stream(4 * MIB),
    responses: { 200: z.object({ user: z.string(), bytes: z.int() }) },
    handler: async ({ params, body, user }) => {
      let bytes = 0;
      try {
        for await (const chunk of body) bytes += (chunk as Buffer).length;
      } catch (error) {
        lost.resolve(error);
        throw error;
      }
      kept.set(params.name, bytes);
      return { status: 200, body: { user, bytes } };
    },
  }),
  endpoint({
    method: 'put',
    path: '/pictures',
    summary: 'takes pictures, and none of them',
    auth: 'none',
    body: stream(4 * MIB, ['image/png']),
    responses: { 200: z.object({}) },
    handler: async ({ body }) => {
      unread.resolve(body);
      throw new ProblemError({ code: 'weak_picture', status: 422, title: 'Weak', detail: 'It is weak.' });
    },
  }),
  endpoint({
    method: 'post',
    path: '/forms',
    summary: 'keeps a form',
    auth: 'none',
    body: multipart(MIB, formOf),
    responses: { 200: z.record(z.string(), z.string()) },
    handler: async ({ body }) => {
      const fields: Record<string, string> = {};
      for (const [name, value] of body) {
        fields[name] = typeof value === 'string' ? value : `${value.type}: ${await value.text()}`;
      }
      return { status: 200, body: fields };
    },
  }),
  endpoint({
    method: 'get',
    path: '/letters/:word',
    summary: 'a file of letters, by a header of its own',
    auth: 'user',
    params: z.object({ word: z.string() }),
    responses: { 200: 'letters' },
    handler: async ({ params: { word }, signal }) => {
      const bytes = Readable.from(word);
      opened.push(bytes);
      signal.addEventListener('abort', () => bytes.destroy());
      const send = async (res: NodeJS.WritableStream) => {
        for await (const letter of bytes) res.write(letter as string);
      };
      return { status: 200, headers: { 'x-word': word }, stream: send };
    },
  }),
  ...(['head', 'get'] as const).map((method) =>
    endpoint({
      method,
      path: '/trees/:root{/*below}',
      summary: 'what is below a root, and what there is to say of it',
      auth: 'none',
      params: z.object({ root: z.string(), below: z.array(z.string()).optional() }),
      responses: { 200: z.array(z.string()) },
      handler: async ({ params: { root, below = [] } }) => ({
        status: 200,
        headers: { 'x-asked': method },
        body: [root, ...below],
      }),
    }),
  ),
  endpoint({
    method: 'post',
    path: '/sign-out',
    summary: 'for administrators',
    auth: 'user',
    admin: true,
    body: z.object({}).optional(),
    responses: { 204: 'done' },
    handler: async () => ({ status: 204 }),
  }),
];

type FileEndpoint = (typeof endpoints)[number];

const CODES: Readonly<Record<string, string>> = {
  'request/too-large': 'request_entity_too_large',
  'request/invalid': 'validation_failed',
  'request/unauthenticated': 'no_authorization',
  'platform/bug': 'unexpected_failure',
};
const VERSION = '2024-01-01';

/** Two shapes, by what the client says that it reads; of what is not there none. */
const goTrueError: ErrorBody = ({ code, status, detail, headers }, asked) => {
  if (code === 'request/no-such-route')
    return { status, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
  const told = CODES[code] ?? code;
  const reads = String(asked.headers['x-supabase-api-version'] ?? '') >= VERSION;
  return {
    status,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'x-sb-error-code': told,
      ...(reads && { 'x-supabase-api-version': VERSION }),
    },
    body: JSON.stringify(
      reads ? { code: told, message: detail } : { code: status, error_code: told, msg: detail },
    ),
  };
};

class Bounds implements CallerBounds<FileEndpoint, UserCaller> {
  readonly #addresses = new AddressBounds({ requestsPerAddress: 100, streams: 1, streamsPerAddress: 1 });
  readonly entered: string[] = [];
  enter(address: string | undefined) {
    return this.#addresses.enter(address);
  }
  enterAs({ known }: UserCaller, { path }: FileEndpoint) {
    this.entered.push(`${known.user} ${path}`);
    return Promise.resolve(() => void this.entered.pop());
  }
  stream(address: string | undefined) {
    return this.#addresses.stream(address);
  }
}

const warned: unknown[] = [];
const log = {
  debug() {},
  info() {},
  warn: (line: object) => warned.push(line),
  error: (line: object) => warned.push(line),
};
const bounds = new Bounds();
let server: HttpServer;
let url: string;

beforeAll(async () => {
  server = createServer({
    name: 'files',
    port: 0,
    portVariable: 'FILES_PORT',
    endpoints,
    authenticate: async ({ headers }, { admin }): Promise<UserCaller> => {
      const user = headers.authorization?.replace('Bearer ', '');
      if (!user) throw new RequestProblem('request/unauthenticated', 'Who are you?');
      if (admin && user !== 'root')
        throw new ProblemError({ code: 'not_admin', status: 403, title: 'No', detail: 'Not you.' });
      return { known: { user } };
    },
    errorBody: goTrueError,
    bounds,
    log,
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.stop(0));

type Sent = NonNullable<RequestInit['body']>;

const ann = { authorization: 'Bearer ann' };
const put = (name: string, body: Sent, headers: Record<string, string> = ann) =>
  fetch(`${url}/files/${name}`, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit);
const chunks = (count: number) =>
  Readable.toWeb(Readable.from(Array(count).fill(Buffer.alloc(MIB)))) as ReadableStream;

describe('a stream', () => {
  test('comes as it is, with a length and without', async () => {
    const sized = await put('sized', '{"not":"parsed"', { ...ann, 'content-type': 'application/json' });
    expect(await sized.json()).toEqual({ user: 'ann', bytes: 15 });
    expect(await (await put('chunked', chunks(4))).json()).toEqual({ user: 'ann', bytes: 4 * MIB });
    expect(await (await put('empty', '')).json()).toEqual({ user: 'ann', bytes: 0 });
  });

  test('that says it is too long is not read; one that turns out so fails on the way', async () => {
    lost = Promise.withResolvers();
    const told = await put('told', Buffer.alloc(4 * MIB + 1));
    expect([told.status, await told.json()]).toMatchObject([413, { error_code: 'request_entity_too_large' }]);
    const untold = await put('untold', chunks(5));
    expect([untold.status, await untold.json()]).toEqual([
      413,
      { code: 413, error_code: 'request_entity_too_large', msg: 'The body may have 4194304 bytes at most.' },
    ]);
    expect(await lost.promise).toBeInstanceOf(RequestProblem);
    expect([...kept.keys()]).not.toContain('untold');
  });

  test('of a client that goes away fails, and is no fault of ours', async () => {
    lost = Promise.withResolvers();
    warned.length = 0;
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'PUT /files/gone HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ann\r\ncontent-length: 100\r\n\r\nhalf',
    );
    await once(socket, 'connect');
    setTimeout(() => socket.destroy(), 50);
    expect(await lost.promise).toMatchObject({ message: 'The body broke off.' });
    expect(kept.has('gone')).toBe(false);
    expect(warned).toEqual([]);
  });

  test('that nobody reads is dropped: the answer comes, and the connection is good for the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (method: string, path: string, body: Buffer, headers: Record<string, string>) => {
      const asked = httpRequest({ host: '127.0.0.1', port: server.port, method, path, headers, agent });
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return { status: answer.statusCode, body: await text(answer), reused: asked.reusedSocket };
    };
    unread = Promise.withResolvers();
    const png = { 'content-type': 'image/png' };
    const refused = await ask('PUT', '/pictures', Buffer.alloc(MIB / 2), png);
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([422, { error_code: 'weak_picture' }]);
    const next = await ask('PUT', '/files/next', Buffer.from('abc'), ann);
    expect([next.status, next.reused]).toEqual([200, true]);
    expect((await unread.promise).destroyed).toBe(true);
    agent.destroy();
  });

  test('of another type is refused', async () => {
    const answer = await fetch(`${url}/pictures`, { method: 'PUT', body: 'x' });
    expect([answer.status, answer.headers.get('x-sb-error-code')]).toEqual([
      415,
      'request/unsupported-media-type',
    ]);
  });
});

describe('a form', () => {
  const post = (body: Sent, headers: Record<string, string> = {}) =>
    fetch(`${url}/forms`, { method: 'POST', body, headers });

  test('comes as the service’s parser gives it', async () => {
    const form = new FormData();
    form.set('cacheControl', '3600');
    form.set('', new Blob(['bytes'], { type: 'image/png' }), 'a.png');
    expect(await (await post(form)).json()).toEqual({ cacheControl: '3600', '': 'image/png: bytes' });
  });

  test('has a limit, a type and a boundary', async () => {
    const form = new FormData();
    form.set('large', 'x'.repeat(MIB));
    expect((await post(form)).status).toBe(413);
    const encoded = new Response(form);
    const type = encoded.headers.get('content-type') ?? '';
    const unsized = Readable.toWeb(
      Readable.from([Buffer.from(await encoded.arrayBuffer())]),
    ) as ReadableStream;
    const late = await fetch(`${url}/forms`, {
      method: 'POST',
      body: unsized,
      headers: { 'content-type': type },
      duplex: 'half',
    } as RequestInit);
    expect(late.status).toBe(413);
    expect((await post('{}', { 'content-type': 'application/json' })).status).toBe(415);
    expect((await post('{}', { 'content-type': 'multipart/form-data' })).status).toBe(400);
  });
});

describe('errors', () => {
  const version = { 'x-supabase-api-version': VERSION };

  test('have the shape of the service, which may follow from the request', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${url}/sign-out`, { method: 'POST', headers });
    const later = await ask(version);
    expect([later.status, await later.json()]).toEqual([
      401,
      { code: 'no_authorization', message: 'Who are you?' },
    ]);
    expect(later.headers.get('x-supabase-api-version')).toBe(VERSION);
    const earlier = await ask({});
    expect(await earlier.json()).toEqual({ code: 401, error_code: 'no_authorization', msg: 'Who are you?' });
    expect(earlier.headers.get('x-supabase-api-version')).toBeNull();
    // no body with a type, as the client's sign-out
    const json = { 'content-type': 'application/json;charset=UTF-8' };
    expect(await (await ask({ ...ann, ...json, ...version })).json()).toMatchObject({ code: 'not_admin' });
    expect((await ask({ authorization: 'Bearer root', ...json })).status).toBe(204);
  });

  test('of what never became a request, too', async () => {
    const missing = await fetch(`${url}/nothing`);
    expect([missing.status, await missing.text()]).toEqual([404, '404 page not found\n']);
    const socket = connect(server.port, '127.0.0.1');
    socket.end('hello\r\n\r\n');
    const answer = (await buffer(socket)).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"error_code":"validation_failed"');
    expect(answer).toMatch(/x-request-id: [\w-]{36}/);
  });
});

describe('a path of any length', () => {
  test('comes in parts, each decoded once', async () => {
    const below = async (path: string) => (await fetch(`${url}/trees/${path}`)).json();
    expect(await below('a')).toEqual(['a']);
    expect(await below('a/')).toEqual(['a']);
    expect(await below('a/b%20c/d%252e')).toEqual(['a', 'b c', 'd%2e']);
    expect(await below('a/b%2Fc//d')).toEqual(['a', 'b/c', '', 'd']);
    expect((await fetch(`${url}/trees/a/%ff`)).status).toBe(400);
  });

  test('has an answer of its own to HEAD', async () => {
    const head = await fetch(`${url}/trees/a/b`, { method: 'HEAD' });
    expect([head.status, head.headers.get('x-asked'), await head.text()]).toEqual([200, 'head', '']);
    expect((await fetch(`${url}/trees/a/b`)).headers.get('x-asked')).toBe('get');
    const refused = await fetch(`${url}/trees/a/b`, { method: 'PUT' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'HEAD, GET, OPTIONS']);
  });
});

test('what was opened to be sent is let go, also when it cannot be, or only its head is wanted', async () => {
  const ask = (word: string, method = 'GET') =>
    fetch(`${url}/letters/${encodeURIComponent(word)}`, { method, headers: ann });
  expect(await (await ask('abc')).text()).toBe('abc');
  expect((await ask('abc', 'HEAD')).status).toBe(200);
  warned.length = 0;
  expect((await ask('line\nbreak')).status).toBe(500);
  expect(warned).toHaveLength(1);
  const release = bounds.stream('127.0.0.1');
  expect((await ask('abc')).status).toBe(429);
  release();
  await expect.poll(() => opened.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true]);
});

test('bounds know who asks for what, while it is asked', async () => {
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new Uint8Array(1));
      await expect.poll(() => bounds.entered).toEqual(['ann /files/:name']);
      controller.close();
    },
  });
  expect((await put('bounded', body)).status).toBe(200);
  await expect.poll(() => bounds.entered).toEqual([]);
});
