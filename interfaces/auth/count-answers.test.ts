import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { AuthError } from '../../application/auth/auth-error.ts';
import { json } from '../http/body.ts';
import { openEndpoint, type Method, type Reply } from '../http/endpoint.ts';
import { problemJson } from '../http/error-body.ts';
import { Metrics } from '../http/metrics.ts';
import { ProblemError } from '../http/problems.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { countedEndpoints, countedErrors } from './count-answers.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const BELOW = '/project/:project/auth/v1';
const P = 'proj_00000000000000aa';

let server: HttpServer;
let metrics: Metrics;
/** what the next request is answered, or thrown */
let next: Reply | Error;

const endpoint = (method: Method, path: string) =>
  openEndpoint({
    method,
    path: `${BELOW}${path}`,
    summary: 'a route of the service',
    auth: 'none',
    params: z.object({ project: z.string(), id: z.string().optional() }),
    query: z.object({ grant_type: z.string().optional(), token: z.string().optional() }),
    ...(method === 'post' && { body: json(z.looseObject({}).prefault({}), { bytes: 1_000 }) }),
    responses: { 200: z.unknown(), 204: 'done', 303: 'elsewhere' },
    handler: (async () => {
      if (next instanceof Error) throw next;
      return next;
    }) as never,
  });

beforeAll(async () => {
  metrics = new Metrics();
  const endpoints = [
    endpoint('post', '/signup'),
    endpoint('post', '/token'),
    endpoint('get', '/verify'),
    endpoint('get', '/callback'),
    endpoint('post', '/verify'),
    endpoint('post', '/factors/recovery-codes/verify'),
    endpoint('post', '/factors/:id/verify'),
    endpoint('post', '/passkeys/authentication/verify'),
    endpoint('get', '/user'),
  ];
  server = createServer({
    name: 'auth',
    port: 0,
    portVariable: 'AUTH_PORT',
    endpoints: countedEndpoints(endpoints, metrics.auth),
    errorBody: countedErrors((problem, asked) => {
      const answer = problemJson(problem, asked);
      if (problem.code.includes('/')) return answer;
      return { ...answer, headers: { ...answer.headers, 'x-sb-error-code': problem.code } };
    }, metrics.auth),
    log: quiet,
    ready: () => Promise.resolve({}),
    metrics,
  });
  await server.start();
});
afterAll(() => server.stop(0));

/** What was counted since the last time. */
async function counted(): Promise<Record<string, number>> {
  const lines = (await metrics.render()).matchAll(/^launchdb_auth_(\w+)_total\{([^}]*)\} (\d+)$/gm);
  const now = new Map([...lines].map(([, name, labels, count]) => [`${name} ${labels}`, Number(count)]));
  const news = [...now].filter(([key, count]) => count !== (before.get(key) ?? 0));
  const told = Object.fromEntries(
    news.map(([key, count]) => [
      key.replaceAll(/\w+=|"/g, '').replaceAll(',', ' '),
      count - (before.get(key) ?? 0),
    ]),
  );
  before = now;
  return told;
}
let before = new Map<string, number>();

async function asked(
  method: string,
  path: string,
  answer: Reply | Error,
  body?: object,
): Promise<Record<string, number>> {
  next = answer;
  await fetch(`http://127.0.0.1:${server.port}${BELOW.replace(':project', P)}${path}`, {
    method,
    redirect: 'manual',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return counted();
}

const session = (more = {}) => ({
  status: 200,
  body: { access_token: 'a', refresh_token: 'b', user: { id: 'u', is_anonymous: false, ...more } },
});
const refusal = (status: number, code: string) =>
  new ProblemError({ code, status, title: 'no', detail: 'no' });

test.each([
  ['POST', '/signup', 'email/signup'],
  ['POST', '/token?grant_type=password', 'password'],
  ['POST', '/token?grant_type=pkce', 'pkce'],
  ['POST', '/token?grant_type=id_token', 'oauth'],
  ['POST', '/verify', 'otp'],
  ['POST', '/passkeys/authentication/verify', 'passkey'],
])('%s %s is a sign-in by %s when it gives a session', async (method, path, by) => {
  expect(await asked(method, path, session())).toEqual({ [`sign_ins ${by} done`]: 1, 'sessions begun': 1 });
  // a user who has to confirm their address first, or a message
  expect(await asked(method, path, { status: 200, body: { id: 'u' } })).toEqual({});
  expect(await asked(method, path, { status: 204 })).toEqual({});
  expect(await asked(method, path, refusal(400, 'invalid_credentials'))).toEqual({
    [`sign_ins ${by} refused`]: 1,
    'refusals invalid_credentials': 1,
  });
});

test('a refresh is none, and neither is a second factor', async () => {
  const refresh = '/token?grant_type=refresh_token';
  expect(await asked('POST', refresh, session())).toEqual({ 'sessions refreshed': 1 });
  expect(await asked('POST', refresh, refusal(400, 'refresh_token_not_found'))).toEqual({
    'refusals refresh_token_not_found': 1,
  });
  expect(await asked('POST', '/factors/5/verify', session())).toEqual({
    'sign_ins totp done': 1,
    'sessions raised': 1,
  });
  expect(await asked('POST', '/factors/5/verify', session(), { webauthn: { type: 'request' } })).toEqual({
    'sign_ins mfa/webauthn done': 1,
    'sessions raised': 1,
  });
  expect(await asked('POST', '/factors/recovery-codes/verify', session())).toEqual({
    'sign_ins recovery_code done': 1,
    'sessions raised': 1,
  });
  expect(await asked('POST', '/signup', session({ is_anonymous: true }))).toEqual({
    'sign_ins anonymous done': 1,
    'sessions begun': 1,
  });
});

test.each([
  ['/verify?token=t', 'otp'],
  ['/callback', 'oauth'],
])('who is sent on from %s is counted by where they are sent', async (path, by) => {
  const sent = (location: string) => asked('GET', path, { status: 303, headers: { location } });
  expect(await sent('https://app.example/#access_token=a&refresh_token=b')).toEqual({
    [`sign_ins ${by} done`]: 1,
    'sessions begun': 1,
  });
  expect(await sent('https://app.example/?next=/a#error=access_denied&error_code=otp_expired')).toEqual({
    [`sign_ins ${by} refused`]: 1,
    'refusals otp_expired': 1,
  });
  // with PKCE it begins when the code is exchanged
  expect(await sent('https://app.example/?code=c')).toEqual({});
});

test('an outage and a bound are no wrong password; other answers are refusals of no sign-in', async () => {
  const password = '/token?grant_type=password';
  expect(await asked('POST', password, refusal(503, 'unexpected_failure'))).toEqual({
    'refusals unexpected_failure': 1,
  });
  expect(await asked('POST', password, refusal(429, 'over_request_rate_limit'))).toEqual({
    'refusals over_request_rate_limit': 1,
  });
  expect(await asked('POST', password, new Error('a bug'))).toEqual({});
  expect(await asked('POST', password, new AuthError(400, 'invalid_credentials', 'no'))).toEqual({
    'sign_ins password refused': 1,
  });
  expect(await asked('GET', '/user', refusal(403, 'bad_jwt'))).toEqual({ 'refusals bad_jwt': 1 });
  expect(await asked('GET', '/user', session())).toEqual({});
});
