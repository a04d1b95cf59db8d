import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { openEndpoint } from '../http/endpoint.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { AuthBounds } from './auth-bounds.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const [A, B] = ['proj_00000000000000aa', 'proj_00000000000000bb'];
const BEGIN = 'passkeys/authentication/options';
const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

/** A service whose answers wait until somebody lets them go; clients are believed where they say that they are. */
async function serve(limits: ConstructorParameters<typeof AuthBounds>[1] = {}, signUps = 3) {
  const go = Promise.withResolvers<void>();
  let waiting = 0;
  const one = (method: 'get' | 'post', name: string, handler: () => Promise<unknown>) =>
    openEndpoint({
      method,
      path: `/project/:project/auth/v1/${name}`,
      summary: name,
      auth: 'none',
      params: z.object({ project: z.string() }),
      responses: { 204: 'done' },
      handler: async () => {
        await handler();
        return { status: 204 };
      },
    });
  const wait = async () => {
    waiting++;
    await go.promise;
  };
  const uses = {
    'users-by-address': { points: signUps, perSeconds: 60 },
    'passkeys-by-address': { points: 3, perSeconds: 60 },
  };
  const server = createServer({
    name: 'auth',
    port: 0,
    portVariable: 'AUTH_PORT',
    endpoints: [
      one('get', 'wait', wait),
      ...[
        'signup',
        'otp',
        'magiclink',
        'recover',
        'resend',
        'token',
        BEGIN,
        'passkeys/registration/options',
      ].map((name) => one('post', name, () => Promise.resolve())),
    ],
    bounds: new AuthBounds(new MemoryRateLimits({ uses }), limits),
    trustedProxies: ['loopback'],
    log: quiet,
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  servers.push(server);
  await server.start();
  const ask = (path: string, { from = '192.0.2.1', method = 'GET' } = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { 'x-forwarded-for': from } });
  return { go, ask, waiting: () => waiting };
}

test('a flood of one project is refused, from however many addresses, and others are served', async () => {
  const { go, ask, waiting } = await serve({ requestsPerProject: 5 });
  const flood = Array.from({ length: 5 }, (_, at) =>
    ask(`/project/${A}/auth/v1/wait`, { from: `192.0.2.${at}` }),
  );
  await expect.poll(waiting).toBe(5);
  const refused = await ask(`/project/${A}/auth/v1/wait`, { from: '198.51.100.1' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  const other = ask(`/project/${B}/auth/v1/wait`);
  await expect.poll(waiting).toBe(6);
  go.resolve();
  for (const answer of await Promise.all([...flood, other])) expect(answer.status).toBe(204);
  // what is over is given back
  await expect.poll(async () => (await ask(`/project/${A}/auth/v1/wait`)).status).toBe(204);
});

test('an address has its share of all projects together, and what is refused takes nothing of the project’s', async () => {
  const { go, ask, waiting } = await serve({ requestsPerAddress: 2, requestsPerProject: 3 });
  const held = [A, B].map((project) => ask(`/project/${project}/auth/v1/wait`));
  await expect.poll(waiting).toBe(2);
  for (let tries = 0; tries < 5; tries++) expect((await ask(`/project/${A}/auth/v1/wait`)).status).toBe(503);
  const others = ['192.0.2.2', '192.0.2.3'].map((from) => ask(`/project/${A}/auth/v1/wait`, { from }));
  await expect.poll(waiting).toBe(4);
  go.resolve();
  for (const answer of await Promise.all([...held, ...others])) expect(answer.status).toBe(204);
});

test('what makes users and mails is counted together by address; signing in is not', async () => {
  const { ask } = await serve({}, 5);
  const post = async (name: string, from?: string) =>
    (await ask(`/project/${A}/auth/v1/${name}`, { method: 'POST', ...(from !== undefined && { from }) }))
      .status;
  for (const name of ['signup', 'otp', 'magiclink', 'recover', 'resend']) expect(await post(name)).toBe(204);
  for (const name of ['signup', 'otp', 'magiclink', 'recover', 'resend']) expect(await post(name)).toBe(429);
  for (let times = 0; times < 10; times++) expect(await post('token')).toBe(204);
  expect(await post('signup', '192.0.2.2')).toBe(204);
  // a refusal gives back what it took
  const { ask: bounded } = await serve({ requestsPerProject: 1 }, 1);
  const again = async () => (await bounded(`/project/${A}/auth/v1/signup`, { method: 'POST' })).status;
  expect([await again(), await again()]).toEqual([204, 429]);
  await expect
    .poll(async () => (await bounded(`/project/${A}/auth/v1/token`, { method: 'POST' })).status)
    .toBe(204);
});

test('strangers begin so many sign-ins with passkeys from an address, whatever else they do', async () => {
  const { ask } = await serve({}, 1);
  const post = async (name: string, from?: string) =>
    (await ask(`/project/${A}/auth/v1/${name}`, { method: 'POST', ...(from !== undefined && { from }) }))
      .status;
  for (let times = 0; times < 3; times++) expect(await post(BEGIN)).toBe(204);
  expect([await post(BEGIN), await post(BEGIN, '192.0.2.2'), await post('signup')]).toEqual([429, 204, 204]);
  for (let times = 0; times < 5; times++) expect(await post('passkeys/registration/options')).toBe(204);
});
