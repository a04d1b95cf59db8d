/** The web console's way in: a browser's session by a cookie, kept from other sites' pages and from projects; and its way to a project's services. */
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

const PASSWORD = 'correct horse battery staple';
const MARK = { 'x-launchdb-console': '1' };

let platform: PlatformUnderTest;
/** of `ann`, whose project it is */
let cookie: string;
let id: string;
let other: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  await platform.owner('ann');
  cookie = await signIn('ann');
  const create = (name: string) => ask<{ id: string }>('POST', '/api/projects', { body: { name } });
  [id, other] = (await Promise.all([create('mine'), create('another')])).map(({ body }) => body.id) as [
    string,
    string,
  ];
});
afterAll(() => platform.close());

interface Question {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly as?: string;
}
const ask = <T = Record<string, unknown>>(
  method: string,
  path: string,
  { body, headers = MARK, as = cookie }: Question = {},
) => platform.call<T>(method, path, { body, headers: { cookie: as, ...headers } });

async function signIn(name: string): Promise<string> {
  const body = { email: `${name}@example.com`, password: PASSWORD };
  const { status, headers } = await platform.call('POST', '/api/session', { body });
  expect(status).toBe(201);
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
const statusOf = async (as: string) => (await ask('GET', '/api/session', { as })).status;

interface Entry {
  readonly type: string;
  readonly data: Record<string, unknown>;
}
const trail = async (path: string) =>
  (await ask<{ entries: Entry[] }>('GET', `${path}?limit=100`)).body.entries;

test('by the cookie alone an owner does everything; it outlives a crash of the platform', async () => {
  expect(cookie).toMatch(/^launchdb=[\w-]{43}$/);
  const list = await ask<{ projects: { id: string }[] }>('GET', '/api/projects');
  expect(list.body.projects.map((one) => one.id).toSorted()).toEqual([id, other].toSorted());
  const sql = await ask('POST', `/api/projects/${id}/sql`, { body: { query: 'SELECT 1 AS one' } });
  expect(sql.body['rows']).toEqual([{ one: 1 }]);
  await platform.kill();
  await platform.start();
  expect((await ask('GET', '/api/session')).body).toMatchObject({ email: 'ann@example.com' });
});

test('what goes on by the cookie ends when it is signed out, at the door, too', async () => {
  const as = await signIn('ann');
  const following = await fetch(`${platform.url}/api/projects/${id}/events`, { headers: { cookie: as } });
  const heard = following.text();
  expect((await ask('DELETE', '/api/session', { as })).status).toBe(204);
  expect(await heard).toContain('event: ProjectActivated');
  expect(await statusOf(cookie)).toBe(200);
});

test('another owner’s cookie sees nothing of it', async () => {
  await platform.owner('mallory');
  const as = await signIn('mallory');
  for (const [method, path, body] of [
    ['GET', `/api/projects/${id}`, undefined],
    ['GET', `/api/projects/${id}/keys`, undefined],
    ['POST', `/api/projects/${id}/service-token`, { for: 'auth' }],
  ] as const)
    expect((await ask(method, path, { as, body })).status).toBe(404);
});

describe('a page of another site, in a browser that is signed in', () => {
  const FOREIGN = [
    {},
    { ...MARK, 'sec-fetch-site': 'cross-site' },
    { ...MARK, 'sec-fetch-site': 'same-site' },
    { ...MARK, origin: 'https://evil.example' },
    { ...MARK, origin: 'null' },
    { 'x-launchdb-console': 'yes' },
    { 'x-http-method-override': 'GET' },
  ];
  test.each(FOREIGN)('does nothing with %j', async (headers: Record<string, string>) => {
    for (const [method, path, body] of [
      ['POST', '/api/projects', { name: 'forged' }],
      ['DELETE', `/api/projects/${id}`, undefined],
      ['POST', `/api/projects/${id}/sql`, { query: 'CREATE TABLE forged ()' }],
      ['POST', `/api/projects/${id}/service-token`, { for: 'auth' }],
      ['DELETE', '/api/session?everywhere=true', undefined],
      ['PATCH', `/api/projects/${id}`, { name: 'forged' }],
    ] as const) {
      const answer = await ask(method, path, { headers, body });
      expect([path, answer.status, answer.body['type']]).toEqual([path, 403, '/docs#request/forbidden']);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('looks at no secrets, and is in no trail for it', async () => {
    const before = (await trail(`/api/projects/${id}/audit`)).length;
    for (const site of ['cross-site', 'same-site'])
      for (const what of ['keys', 'connection']) {
        const headers = { 'sec-fetch-site': site };
        expect((await ask('GET', `/api/projects/${id}/${what}`, { headers })).status).toBe(403);
      }
    expect((await trail(`/api/projects/${id}/audit`)).length).toBe(before);
    const headers = { 'sec-fetch-site': 'same-origin' };
    expect((await ask('GET', `/api/projects/${id}/keys`, { headers })).status).toBe(200);
  });

  test('is not let in by a preflight', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'x-launchdb-console',
    };
    const answer = await ask('OPTIONS', '/api/session', { headers });
    for (const name of ['origin', 'headers', 'credentials'])
      expect(answer.headers.get(`access-control-allow-${name}`)).toBeNull();
  });
});

/** With the headers as they are: `fetch` makes one of several. */
async function raw(path: string, headers: readonly string[]): Promise<number> {
  const { port } = new URL(platform.url);
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    headers: ['Host', `127.0.0.1:${port}`, ...headers],
  });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume: () => void }];
  answer.resume();
  return answer.statusCode;
}

test('a cookie beside it that somebody has tossed there signs nobody in as another', async () => {
  const mallory = await signIn('mallory');
  for (const both of [`${mallory}; ${cookie}`, `${cookie}; ${mallory}`, `${cookie}; launchdb=x`]) {
    const answer = await ask('GET', '/api/session', { as: both });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
  }
  expect(await raw('/api/session', ['Cookie', mallory, 'Cookie', cookie])).toBe(401);
  expect(await raw('/api/session', ['Cookie', 'a=1', 'Cookie', cookie])).toBe(200);
});

test('8 KiB of cookies of others are in nobody’s way; more than a request may have is a clear refusal', async () => {
  const many = Array.from({ length: 80 }, (_, at) => `c${at}=${'x'.repeat(96)}`).join('; ');
  expect(many.length).toBeGreaterThan(8_000);
  expect(await statusOf(`${many}; ${cookie}`)).toBe(200);
  expect(await statusOf(`${cookie}; ${many}`)).toBe(200);
  const far = await ask('GET', '/api/session', { as: `${cookie}; a=${'x'.repeat(60_000)}` });
  expect([far.status, far.body['type']]).toEqual([431, '/docs#request/headers-too-large']);
});

test('signing out everywhere ends every browser and program; the trail says it once', async () => {
  await platform.owner('bob');
  const login = { email: 'bob@example.com', password: PASSWORD };
  const program = await platform.call<{ refresh_token: string }>('POST', '/api/owners/login', {
    body: login,
  });
  const [one, two] = [await signIn('bob'), await signIn('bob')];
  const gone = await ask('DELETE', '/api/session?everywhere=true', { as: one });
  expect(gone.status).toBe(204);
  expect([await statusOf(one), await statusOf(two)]).toEqual([401, 401]);
  const body = { refresh_token: program.body.refresh_token };
  expect((await platform.call('POST', '/api/owners/refresh', { body })).status).toBe(401);
  cookieOfBob = await signIn('bob');
  const entries = await ask<{ entries: Entry[] }>('GET', '/api/audit?limit=100', { as: cookieOfBob });
  const ended = entries.body.entries.filter(({ type }) => type.startsWith('OwnerSignedOut'));
  expect(ended.map(({ type }) => type)).toEqual(['OwnerSignedOutEverywhere']);
});
let cookieOfBob = '';

test('an erased owner’s cookie is nobody’s', async () => {
  const as = cookieOfBob;
  const erased = await ask('DELETE', '/api/owners/me', { as, body: { password: PASSWORD } });
  expect(erased.status).toBe(204);
  expect(await statusOf(as)).toBe(401);
});

describe('a service token', () => {
  const tokenFor = async (what: string, of = id) =>
    (
      await ask<{ token: string; expires_in: number }>('POST', `/api/projects/${of}/service-token`, {
        body: { for: what },
      })
    ).body;
  const withToken = (token: string, path: string, of = id) =>
    platform.call('GET', `/project/${of}${path}`, { token, headers: { apikey: token } });
  const SERVICES = ['/auth/v1/admin/users', '/storage/v1/bucket', '/rest/v1/'];

  test('lists users and buckets of its project at the door, and nothing of another one', async () => {
    const { token, expires_in } = await tokenFor('auth');
    expect(expires_in).toBe(600);
    for (const path of SERVICES) expect([path, (await withToken(token, path)).status]).toEqual([path, 200]);
    for (const path of SERVICES) {
      const { status } = await withToken(token, path, other);
      expect([path, [400, 401, 403].includes(status)]).toEqual([path, true]);
    }
    expect((await withToken(token, '/auth/v1/admin/users')).body).toMatchObject({ users: [] });
    expect((await platform.call('GET', '/api/projects', { token })).status).toBe(401);
  });

  test('is in the trail, with what for', async () => {
    await tokenFor('storage');
    const entries = await trail(`/api/projects/${id}/audit`);
    const issued = entries
      .filter(({ type }) => type === 'ServiceTokenIssued')
      .map(({ data }) => String(data['for']));
    expect(issued.toSorted()).toEqual(['auth', 'storage']);
  });

  test('is for a project that is served, and for what there is', async () => {
    for (const body of [{}, { for: 'rest' }, { for: 'auth', role: 'postgres' }])
      expect((await ask('POST', `/api/projects/${id}/service-token`, { body })).status).toBe(400);
    expect((await ask('POST', `/api/projects/${other}/pause`)).status).toBeLessThan(300);
    const paused = await ask('POST', `/api/projects/${other}/service-token`, { body: { for: 'auth' } });
    expect([paused.status, paused.body['type']]).toEqual([409, '/docs#project/not-active']);
    expect(paused.body['detail']).toContain('paus');
  });
});
