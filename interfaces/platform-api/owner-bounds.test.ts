import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { eventStream } from '../http/stream-reply.ts';
import { ownerAuthentication } from './authenticate-owner.ts';
import { OwnerBounds, type CallerLimits } from './owner-bounds.ts';
import { endpoint } from './owner-endpoint.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const silence = (signal: AbortSignal) =>
  (async function* () {
    yield { data: {} };
    await once(signal, 'abort');
  })();

let held = Promise.withResolvers<void>();
const endpoints = [
  endpoint({
    method: 'get',
    path: '/events',
    summary: 'a stream that stays open',
    auth: 'owner',
    responses: { 200: 'events' },
    handler: async ({ signal }) => eventStream(silence(signal)),
  }),
  endpoint({
    method: 'post',
    path: '/slow',
    summary: 'takes its time',
    auth: 'owner',
    responses: { 200: z.object({}) },
    handler: async () => {
      await held.promise;
      return { status: 200, body: {} };
    },
  }),
];

let server: HttpServer;
afterEach(() => server.stop(0));

async function serve(limits: Partial<CallerLimits>, rates = new MemoryRateLimits()): Promise<void> {
  held = Promise.withResolvers();
  server = createServer({
    name: 'test',
    port: 0,
    portVariable: 'TEST_PORT',
    endpoints,
    // `OWNER` or `OWNER.TOKEN`
    authenticate: ownerAuthentication(async (authorization = '') => {
      const [id = '', token] = authorization.split('.');
      const scopes = ['read', 'write'];
      return {
        id,
        goodUntil: null,
        ...(token !== undefined && { token: { id: token, scopes, projectId: null } }),
      };
    }),
    trustedProxies: ['loopback'],
    bounds: new OwnerBounds(rates, limits),
    log: quiet,
    ready: async () => ({}),
    metrics: new Metrics(),
  });
  await server.start();
}

async function ask(path: string, as: string, from = '192.0.2.1'): Promise<IncomingMessage> {
  const headers = { authorization: as, 'x-forwarded-for': from };
  const method = path === '/slow' ? 'POST' : 'GET';
  const request = get({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false });
  request.on('error', () => {});
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer;
}

async function refusal(answer: IncomingMessage): Promise<[number | undefined, string | undefined, string]> {
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return [answer.statusCode, answer.headers['retry-after'], (JSON.parse(body) as { detail: string }).detail];
}

test('1,100 streams of one token leave the server to everybody else', async () => {
  await serve({});
  const answers: IncomingMessage[] = [];
  for (let opened = 0; opened < 1_100; opened += 100) {
    answers.push(...(await Promise.all(Array.from({ length: 100 }, () => ask('/events', 'ann.tok')))));
  }
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(16);
  const refused = answers.find(({ statusCode }) => statusCode === 429);
  expect(refused && (await refusal(refused))).toEqual([
    429,
    '1',
    'The bound is 16 streams of a token at once. Try again in 1 s.',
  ]);
  held.resolve();
  expect((await ask('/slow', 'ann')).statusCode).toBe(200);
  expect((await ask('/events', 'ann.other')).statusCode).toBe(200);
  expect((await ask('/events', 'bob')).statusCode).toBe(200);
  // a place is free again when its stream ends
  for (const answer of answers) answer.destroy();
  await expect.poll(async () => (await ask('/events', 'ann.tok')).statusCode).toBe(200);
}, 30_000);

test.each([
  ['streamsPerOwner', '/events', ['ann.1', 'ann.2', 'ann.3'], '2 streams of an owner at once'],
  ['streamsPerAddress', '/events', ['ann', 'bob', 'cid'], '2 streams of an address at once'],
  ['streams', '/events', ['ann', 'bob', 'cid'], 'all streams'],
  ['requestsPerOwner', '/slow', ['ann.1', 'ann.2', 'ann.3'], '2 requests of an owner at once'],
  ['requestsPerToken', '/slow', ['ann.1', 'ann.1', 'ann.1'], '2 requests of a token at once'],
  ['requestsPerAddress', '/slow', ['ann', 'bob', 'cid'], '2 requests of an address at once'],
])('%s is a bound', async (name, path, callers, bound) => {
  await serve({ [name]: 2 });
  const from = (at: number) => (name === 'streams' ? `192.0.2.${at}` : '192.0.2.1');
  const answers = callers.map((caller, at) => ask(path, caller, from(at)));
  const refused = await Promise.race(
    answers.map((each) => each.then((one) => (one.statusCode === 429 ? one : new Promise<never>(() => {})))),
  );
  expect((await refusal(refused))[2]).toContain(`The bound is ${bound}.`);
  held.resolve();
  const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 200)).toHaveLength(2);
});

test('changes of an owner are bounded in time, and reading goes on', async () => {
  const uses = { 'changes-by-owner-in-a-day': { points: 2, perSeconds: 86_400 } };
  await serve({}, new MemoryRateLimits({ uses }));
  held.resolve();
  for (let change = 0; change < 2; change++) expect((await ask('/slow', 'ann')).statusCode).toBe(200);
  const [status, retryAfter, detail] = await refusal(await ask('/slow', 'ann'));
  expect([status, Number(retryAfter) > 80_000]).toEqual([429, true]);
  expect(detail).toContain('2 changes of an owner in 86400 s');
  expect((await ask('/slow', 'bob')).statusCode).toBe(200);
  expect((await ask('/events', 'ann')).statusCode).toBe(200);
});
