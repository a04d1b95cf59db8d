/** Requests to projects that sleep. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { projectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { Gateway } from './gateway.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { Traffic } from './traffic.ts';

const PROJECT = projectId('proj_00000000000000aa');
const PATIENCE = { timeout: 10_000, interval: 5 };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A gateway in front of one project that sleeps until `wakeUp`, and says what was asked of it. */
async function sleeper(options: Partial<GatewayOptions> = {}) {
  const upstream = createServer(
    (request, response) => void buffer(request).then((body) => response.end(body)),
  );
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const endpoint: Endpoint = { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port };
  const state = { awake: false, status: 'sleeping' as ProjectStatus, wakes: 0, signals: [] as AbortSignal[] };
  const woken = Promise.withResolvers<void>();
  const traffic = new Traffic();
  const gateway = new Gateway({
    port: 0,
    host: '127.0.0.1',
    platform: { host: '127.0.0.1', port: 1 },
    dataApis: { endpoint: () => (state.awake ? endpoint : undefined) },
    projectState: () => Promise.resolve(state.status),
    judge: () => Promise.resolve('good'),
    wake: (_project, signal) => {
      state.wakes++;
      state.signals.push(signal);
      return woken.promise;
    },
    traffic,
    log: quiet,
    ...options,
  });
  await gateway.start();
  closers.push(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  closers.push(() => gateway.stop(0));
  const wakeUp = () => {
    state.awake = true;
    woken.resolve();
  };
  return { gateway, state, traffic, wakeUp, fail: (error: Error) => woken.reject(error) };
}

function open(
  { gateway }: { gateway: Gateway },
  method = 'GET',
  headers: Record<string, string> = { apikey: 'k' },
) {
  const path = `/project/${PROJECT}/rest/v1/t`;
  const { port } = gateway;
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  request.on('error', () => {});
  return request;
}

const answerTo = async (request: ClientRequest): Promise<IncomingMessage> => {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer;
};

const problemOf = async (answer: IncomingMessage) => ({
  status: answer.statusCode,
  retryAfter: answer.headers['retry-after'],
  code: ((await json(answer)) as { code: string }).code,
});

test('many requests are one wake, and all of them are answered by the project', async () => {
  const one = await sleeper();
  const bodies = Array.from({ length: 50 }, (_, at) => `body ${at}`);
  const answers = bodies.map((body) => {
    const request = open(one, 'POST');
    request.end(body);
    return answerTo(request).then(async (answer) => (await buffer(answer)).toString());
  });
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  one.wakeUp();
  expect(await Promise.all(answers)).toEqual(bodies);
  expect(one.state.wakes).toBe(1);
  expect(one.traffic.requests(PROJECT)).toBe(50);
  await vi.waitFor(() => expect(one.traffic.underWay(PROJECT)).toBe(0), PATIENCE);
});

test('the body of a request that waits stays with its client', async () => {
  const one = await sleeper();
  const request = open(one, 'POST', { apikey: 'k', 'content-length': String(40_000_000) });
  let left = 40_000_000;
  let blocked = false;
  const write = () => {
    while (left > 0 && !blocked) {
      const bytes = Math.min(left, 64 * 1024);
      left -= bytes;
      blocked = !request.write(Buffer.alloc(bytes));
    }
    if (left === 0) request.end();
  };
  request.on('drain', () => {
    blocked = false;
    write();
  });
  write();
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  const before = process.memoryUsage().arrayBuffers;
  await new Promise((resolve) => setTimeout(resolve, 300));
  // what the sockets of the operating system take, and no more
  expect(left).toBeGreaterThan(20_000_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  one.wakeUp();
  expect((await buffer(await answerTo(request))).length).toBe(40_000_000);
}, 30_000);

test('more than the bound are told to come again, and the others are served', async () => {
  const one = await sleeper({ limits: { wakeWaiting: 3 } });
  const waiting = Array.from({ length: 3 }, () => open(one).end());
  const answers = waiting.map(answerTo);
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  // the three are in the queue before the fourth comes
  await new Promise((resolve) => setTimeout(resolve, 100));
  const refused = await answerTo(open(one).end());
  expect(refused.headers['content-type']).toBe('application/problem+json');
  expect(await problemOf(refused)).toEqual({ status: 503, retryAfter: '1', code: 'gateway/busy' });
  one.wakeUp();
  expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
});

test('a client that goes gives its place away; the project is woken all the same', async () => {
  const one = await sleeper({ limits: { wakeWaiting: 1 } });
  const gone = open(one).end();
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  gone.destroy();
  // refused for as long as the place seems taken
  const next = await vi.waitFor(async () => {
    const request = open(one).end();
    const early = new Promise<'waits'>((resolve) => setTimeout(resolve, 200, 'waits'));
    const seen = await Promise.race([answerTo(request), early]);
    if (seen !== 'waits') throw new Error(`refused: ${seen.statusCode}`);
    return request;
  }, PATIENCE);
  expect(one.state.signals.map(({ aborted }) => aborted)).toEqual([false]);
  const answer = answerTo(next);
  one.wakeUp();
  expect((await answer).statusCode).toBe(200);
  expect(one.traffic.requests(PROJECT)).toBe(1);
});

test('one that does not wake in time says what to do, and is asked for anew by the next request', async () => {
  const one = await sleeper({ limits: { wakeMs: 50 } });
  const problem = { status: 503, retryAfter: '1', code: 'project/not-woken' };
  expect(await problemOf(await answerTo(open(one).end()))).toEqual(problem);
  expect(one.state.signals[0]?.aborted).toBe(true);
  expect(await problemOf(await answerTo(open(one).end()))).toEqual(problem);
  expect(one.state.wakes).toBe(2);
});

test('a wake that fails is told apart from a project that shall not be woken', async () => {
  const away = await sleeper();
  const asked = answerTo(open(away).end());
  await vi.waitFor(() => expect(away.state.wakes).toBe(1), PATIENCE);
  away.fail(new Unavailable('reach the log'));
  expect(await problemOf(await asked)).toMatchObject({ status: 503, code: 'project/not-woken' });

  const paused = await sleeper();
  const refused = answerTo(open(paused).end());
  await vi.waitFor(() => expect(paused.state.wakes).toBe(1), PATIENCE);
  paused.state.status = 'paused';
  paused.fail(new Rejection('project/not-active', 'It is paused.'));
  expect(await problemOf(await refused)).toMatchObject({ status: 503, code: 'project/paused' });
});

test('nobody wakes what is paused, deleted or unknown, and nobody wakes anything without a key', async () => {
  for (const status of ['paused', 'deleted', 'suspended', 'provisioning'] as const) {
    const one = await sleeper();
    one.state.status = status;
    await answerTo(open(one).end());
    expect([status, one.state.wakes]).toEqual([status, 0]);
  }
  const one = await sleeper();
  expect((await answerTo(open(one, 'GET', {}).end())).statusCode).toBe(401);
  expect(one.state.wakes).toBe(0);
});

test('only a token that opens the project wakes it, and the others are told why', async () => {
  const judged: string[] = [];
  const one = await sleeper({
    judge: (_project, token) => {
      judged.push(token);
      return Promise.resolve(token === 'good' || token === 'expired' ? token : 'wrong');
    },
  });
  const refused = [
    { apikey: 'k' },
    { apikey: 'good', authorization: 'Bearer k' },
    { apikey: 'k', authorization: 'Basic good' },
    { apikey: 'good', authorization: 'Bearer expired' },
  ];
  for (const headers of refused) {
    const answer = await answerTo(open(one, 'GET', headers).end());
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(await problemOf(answer)).toMatchObject({ status: 401, code: 'PGRST301' });
  }
  expect([judged, one.state.wakes]).toEqual([['k', 'k', 'k', 'expired'], 0]);
  const woken = [{ apikey: 'good' }, { apikey: 'k', authorization: 'bearer  good' }].map((headers) =>
    answerTo(open(one, 'GET', headers).end()),
  );
  // both wait by then
  await vi.waitFor(() => expect(judged).toHaveLength(6), PATIENCE);
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  // of one that is awake it is not asked
  one.wakeUp();
  expect((await Promise.all(woken)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect((await answerTo(open(one, 'GET', { apikey: 'k' }).end())).statusCode).toBe(200);
  expect(judged.slice(4)).toEqual(['good', 'good']);
});

test('one that fell asleep a moment ago is woken, whatever the read model says', async () => {
  const one = await sleeper();
  one.state.status = 'active';
  const asked = answerTo(open(one).end());
  await vi.waitFor(() => expect(one.state.wakes).toBe(1), PATIENCE);
  one.wakeUp();
  expect((await asked).statusCode).toBe(200);
});
