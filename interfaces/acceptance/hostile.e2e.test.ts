/** Everything that comes in is hostile: it gets a clear refusal, and nothing breaks, leaks or is left half done. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isProjectName, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { first, startup, TestClient } from '../../infrastructure/testing/guard-client.ts';
import { MASTER_KEY, PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let strangerToken: string;
let id: string;
let other: string;

interface Connection {
  readonly anon_key: string;
  readonly service_role_key: string;
  readonly db_uri: string;
  readonly db_uri_pooler: string;
}
type Paths = Record<string, Record<string, unknown>>;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('good');
  strangerToken = await platform.owner('stranger');
  const create = (name: string, as: string) =>
    platform.call<{ id: string }>('POST', '/api/projects', { token: as, body: { name } });
  [id, other] = await Promise.all([create('mine', token), create('theirs', strangerToken)]).then(
    (made) => made.map(({ body }) => body.id) as [string, string],
  );
});
afterAll(() => platform.close());

const raw = (path: string, init: RequestInit = {}) => fetch(`${platform.url}${path}`, init);
const connection = async (of: string, as: string) =>
  (await platform.call<Connection>('GET', `/api/projects/${of}/connection`, { token: as })).body;
const asOwner = () => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
const routes = async () => (await platform.call<{ paths: Paths }>('GET', '/openapi.json')).body.paths;

/** A refusal of ours: a status of the 400s, and a problem that says what is wrong. */
async function refused(response: Response): Promise<void> {
  const text = await response.text();
  expect([response.status, text]).toEqual([
    expect.toSatisfy((status: number) => status >= 400 && status < 500),
    text,
  ]);
  expect(text).not.toMatch(/\bat .*\.ts:\d|node_modules|syntax error at|SELECT |pg_/);
}

const STRANGE = [
  `'; DROP DATABASE "launchdb"; --`,
  `" OR ""="`,
  'PROJ_0123456789ABCDEF',
  'proj_0123456789abcde\u0301',
  '\u202Eevil',
  '\u0000',
  '😀'.repeat(30),
  '\uD800',
  '../../etc/passwd',
  '%00',
  '$(reboot)',
  '`id`',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a'.repeat(5_000),
  '__proto__',
  'constructor',
];

describe('another owner', () => {
  test('finds nothing on any route of the document', async () => {
    const asked: string[] = [];
    for (const [path, methods] of Object.entries(await routes())) {
      if (!path.startsWith('/api/projects/{id}')) continue;
      for (const method of Object.keys(methods)) {
        const body = BODIES[`${method} ${path}`];
        const purges = method === 'delete' && path === '/api/projects/{id}';
        const answer = await raw(
          path.replace('{id}', id).replaceAll(/\{\w+\}/g, '1') + (purges ? '?purge=true' : ''),
          {
            method: method.toUpperCase(),
            headers: { authorization: `Bearer ${strangerToken}`, 'content-type': 'application/json' },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          },
        );
        expect([method, path, answer.status]).toEqual([method, path, 404]);
        await answer.body?.cancel();
        asked.push(`${method} ${path}`);
      }
    }
    expect(asked.length).toBeGreaterThanOrEqual(12);
    expect((await platform.call('GET', `/api/projects/${id}`, { token })).body).toMatchObject({
      status: 'active',
    });
  });

  test('a key of one project opens no other, and is no token of an owner', async () => {
    const mine = await connection(id, token);
    for (const key of [mine.anon_key, mine.service_role_key]) {
      const answer = await raw(`/project/${other}/rest/v1/`, { headers: { apikey: key } });
      expect(answer.status).toBe(401);
      expect((await platform.call('GET', '/api/projects', { token: key })).status).toBe(401);
    }
    expect((await raw(`/project/${id}/rest/v1/`, { headers: { apikey: mine.anon_key } })).status).toBe(200);
  });

  test("a project's logins reach their own database only", async () => {
    const { db_uri: direct, db_uri_pooler: pooled } = await connection(id, token);
    for (const uri of [direct, pooled]) {
      for (const database of [other, 'launchdb', 'postgres', 'template1', 'pgbouncer']) {
        const url = new URL(uri);
        url.pathname = `/${database}`;
        const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
        client.on('error', () => {});
        const query = client.connect().then(() => client.query('SHOW VERSION'));
        await expect(query).rejects.toThrow();
        await client.end().catch(() => {});
      }
    }
  });
});

/** What the routes that need a body get, so that it is not the body that is refused. */
const BODIES: Readonly<Record<string, unknown>> = {
  'patch /api/projects/{id}/auth/settings': { settings: { autoconfirm: true } },
  'post /api/projects/{id}/auth/signing-keys': { algorithm: 'ES256' },
  'patch /api/projects/{id}/storage/settings': { settings: { s3: false } },
  'post /api/projects/{id}/storage/s3-keys': { name: 'x' },
  'post /api/projects/{id}/service-token': { for: 'auth' },
  'patch /api/projects/{id}': { display_name: 'x' },
  'delete /api/projects/{id}': { name: 'mine' },
  'post /api/projects/{id}/sql': { query: 'SELECT 1' },
  'post /api/projects/{id}/migrations': { migrations: [{ name: '0001_a.sql', sql: 'SELECT 1' }] },
};

describe('tokens', () => {
  const payload = { sub: 'own_0123456789abcdef' };
  const key = derivedKey(Buffer.from(MASTER_KEY, 'hex'), 'owner-access-tokens');
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claimsOf = (text: string) =>
    JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const signed = (claims: Record<string, unknown>, with_: Uint8Array, alg = 'HS256') =>
    new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' }).sign(with_);

  test('what a good one looks like: signed by hand with the right key and claims it is let in', async () => {
    expect(
      (await platform.call('GET', '/api/owners/me', { token: await signed(claimsOf(token), key) })).status,
    ).toBe(200);
  });

  test.each([
    ['alg none', (claims: object) => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`],
    [
      'alg none with a signature',
      (claims: object) => `${part({ alg: 'none' })}.${part(claims)}.${token.split('.')[2]}`,
    ],
    ['another key', (claims: object) => signed({ ...claims }, Buffer.alloc(32, 7))],
    ['expired', (claims: object) => signed({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }, key)],
    [
      'not valid yet',
      (claims: object) => signed({ ...claims, nbf: Math.floor(Date.now() / 1000) + 600 }, key),
    ],
    ['another audience', (claims: object) => signed({ ...claims, aud: 'somebody-else' }, key)],
    ['without an expiry', (claims: object) => signed({ ...claims, exp: undefined }, key)],
    ['another algorithm', (claims: object) => signed({ ...claims }, Buffer.concat([key, key]), 'HS512')],
    [
      'a changed owner',
      (claims: object) => `${token.split('.')[0]}.${part({ ...claims, ...payload })}.${token.split('.')[2]}`,
    ],
    ['a bare HMAC', () => createHmac('sha256', key).update('x').digest('hex')],
    ['very long', () => 'a.'.repeat(7_000)],
    ['nothing', () => '.'],
  ] as const)('refused: %s', async (_title, forge) => {
    const forged = await forge(claimsOf(token));
    const answer = await raw('/api/projects', { headers: { authorization: `Bearer ${forged}` } });
    expect(answer.status).toBe(401);
    await refused(answer);
  });
});

describe('bodies', () => {
  const post = (
    body: string | Uint8Array,
    path = '/api/projects',
    headers: Record<string, string> = asOwner(),
  ) => raw(path, { method: 'POST', headers, body });

  test.each([
    ['truncated', '{"name":"sho'],
    ['not JSON', 'name=shop'],
    ['empty', ''],
    ['an array', '[{"name":"shop"}]'],
    ['null', 'null'],
    ['deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['deep inside', `{"name":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`],
    ['a prototype', '{"__proto__":{"name":"shop"}}'],
    ['an unknown key', '{"name":"shop-x","is_admin":true}'],
    ['a number for a name', '{"name":12345}'],
    ['a lone surrogate', '{"name":"shop-\\ud800","display_name":"\\ud800"}'],
    ['NUL', '{"name":"shop-nul","display_name":"a\\u0000b"}'],
  ])('refused: %s', async (_title, body) => refused(await post(body)));

  test('a huge one is cut off', async () => {
    const answer = await post(`{"name":"${'x'.repeat(3_000_000)}"}`).catch(() => undefined);
    if (answer) expect(answer.status).toBe(413);
  });

  test('not UTF-8, another media type, another coding', async () => {
    await refused(await post(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])));
    await refused(
      await post('{"name":"shop-y"}', '/api/projects', { ...asOwner(), 'content-type': 'text/plain' }),
    );
    await refused(
      await post('{"name":"shop-z"}', '/api/projects', { ...asOwner(), 'content-encoding': 'gzip' }),
    );
  });

  test('strange texts in every field are refused or kept as they are, and run nowhere', async () => {
    for (const text of STRANGE) {
      if (!isProjectName(text)) await refused(await post(JSON.stringify({ name: text })));
      const body = { email: text, password: text };
      for (const path of ['/api/owners/signup', '/api/owners/login']) {
        await refused(await post(JSON.stringify(body), path, { 'content-type': 'application/json' }));
      }
      const renamed = await raw(`/api/projects/${id}`, {
        method: 'PATCH',
        headers: asOwner(),
        body: JSON.stringify({ display_name: text }),
      });
      if (renamed.status === 200) {
        expect(((await renamed.json()) as { display_name: string }).display_name).toBe(text.trim());
      } else await refused(renamed);
    }
    const { body } = await platform.call('GET', `/api/projects/${id}`, { token });
    expect(body).toMatchObject({ status: 'active', name: 'mine' });
  });
});

describe('paths, queries and headers', () => {
  test('strange ids are projects that do not exist', async () => {
    for (const strange of STRANGE) {
      if (/[\uD800-\uDFFF]$/.test(strange)) continue;
      const path = `/api/projects/${encodeURIComponent(strange)}`;
      for (const below of ['', '/keys', '/progress', '/audit', '/events']) {
        await refused(await raw(path + below, { headers: asOwner() }));
      }
      const rest = await raw(`/project/${encodeURIComponent(strange)}/rest/v1/x`, {
        headers: { apikey: 'x' },
      });
      await refused(rest);
    }
  });

  test('strange queries', async () => {
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=1e9',
      'limit=NaN',
      'cursor=%00',
      'cursor=AAAA',
      'status=no',
      'at=1',
      'x=1',
      `cursor=${'A'.repeat(600)}`,
      'limit=1&limit=2',
      'min_position=-1',
      'min_position=99999999999999999999',
    ]) {
      await refused(await raw(`/api/projects?${query}`, { headers: asOwner() }));
    }
    for (const query of [
      'at=yesterday',
      'revision=-1',
      'revision=1.5',
      'revision=9007199254740993',
      'at=2026-01-01T00:00:00Z&revision=0',
    ]) {
      await refused(await raw(`/api/projects/${id}?${query}`, { headers: asOwner() }));
    }
  });

  test('strange headers', async () => {
    const create = (headers: Record<string, string>) =>
      raw('/api/projects', {
        method: 'POST',
        headers: { ...asOwner(), ...headers },
        body: '{"name":"mine"}',
      });
    for (const headers of [
      { 'idempotency-key': 'ü' },
      { 'idempotency-key': 'x'.repeat(201) },
      { prefer: 'x'.repeat(300) },
      { 'x-request-id': '\t' },
      { 'x-forwarded-for': "1.2.3.4'; DROP TABLE x" },
    ]) {
      const answer = await create(headers as Record<string, string>).catch(() => undefined);
      if (answer) await refused(answer);
    }
    const patch = await raw(`/api/projects/${id}`, {
      method: 'PATCH',
      headers: { ...asOwner(), 'if-match': '"12345"' },
      body: '{"display_name":"x"}',
    });
    expect(patch.status).toBe(412);
  });

  test('whatever bytes: never a bug, and the platform goes on', async () => {
    const paths = fc.oneof(
      fc.webUrl({ withQueryParameters: true }).map((url) => url.replace(/^https?:\/\/[^/]+/, '')),
      fc
        .string({ unit: 'binary-ascii', maxLength: 40 })
        .map((text) => `/api/projects/${encodeURIComponent(text)}`),
      fc.constantFrom('/api/projects', `/api/projects/${id}`, `/api/projects/${id}/sql`, '/api/owners/login'),
    );
    const methods = fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(paths, methods, fc.json({ maxDepth: 4 }), async (path, method, body) => {
        const answer = await raw(path.startsWith('/') ? path : `/${path}`, {
          method,
          headers: asOwner(),
          ...(method !== 'GET' && { body }),
        });
        await answer.body?.cancel();
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 400 },
    );
    expect((await platform.call('GET', '/ready')).status).toBe(200);
    expect(platform.output.split('\n').filter((line) => line.includes('platform/bug'))).toEqual([]);
  });
});

test('guessing a password is slowed down, for the account and not for others', async () => {
  const guess = (email: string) =>
    platform.call('POST', '/api/owners/login', { body: { email, password: 'not the one' } });
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries++) statuses.push((await guess('good@example.com')).status);
  expect(statuses[0]).toBe(401);
  expect(statuses.at(-1)).toBe(429);
  expect((await platform.call('GET', '/api/owners/me', { token })).status).toBe(200);
});

test('one packet of a stranger at the pooler’s port ends nothing, and lets them in nowhere (CVE-2026-6664)', async () => {
  const port = Number(platform.environment['PGBOUNCER_PORT']);
  const { db_uri_pooler: uri } = await connection(id, token);
  const neighbour = new pg.Client(uri);
  await neighbour.connect();
  for (const packet of [first(undefined, -1), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    const stranger = await TestClient.connect(port);
    stranger.say(startup(ownerRole(id as ProjectId), id));
    await stranger.until(/SCRAM-SHA-256/);
    stranger.say(packet);
    expect(await stranger.end()).toMatch(/C08P01\0/);
  }
  const console = await TestClient.connect(port);
  console.say(startup('launchdb_admin', 'pgbouncer'));
  expect(await console.end()).toMatch(/C3D000\0/);
  expect((await neighbour.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await neighbour.end();
});
