/** The auth service's place in the platform: who reaches it, what it tells its operator, and what it keeps to itself. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { EVERYTHING, REACHABLE } from './crash-points.ts';
import { patience } from './patience.ts';
import { PlatformUnderTest, type Answer } from './platform-under-test.ts';

const PATIENCE = patience(50);
const IDLE_MS = 4_000;
const SECRET = 'Tr0ub4dor-and-3-staples';
const NOT_ACTIVE = { status: 503, body: { code: 'project_not_active' } };
const ADDRESS = 'ann.of.the.logs@example.com';

interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string };
}

let platform: PlatformUnderTest;
let token: string;
let id: string;
let keys: { anon_key: string; service_role_key: string };

const owner = <T = Record<string, unknown>>(method: string, below: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects/${id}${below}`, { token, ...(body !== undefined && { body }) });
const auth = <T = Record<string, unknown>>(
  method: string,
  path: string,
  { body, bearer = keys.anon_key, headers = {} }: { body?: unknown; bearer?: string; headers?: object } = {},
): Promise<Answer<T>> =>
  platform.call<T>(method, `/project/${id}/auth/v1${path}`, {
    token: bearer,
    ...(body !== undefined && { body }),
    headers: { apikey: keys.anon_key, 'x-supabase-api-version': '2024-01-01', ...headers },
  });
const signIn = (email = ADDRESS, password = SECRET, headers = {}) =>
  auth<Session>('POST', '/token?grant_type=password', { body: { email, password }, headers });
const own = (path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${platform.environment['AUTH_PORT']}${path}`, init);

beforeAll(async () => {
  platform = await PlatformUnderTest.create({
    IDLE_SLEEP_MINUTES: String(IDLE_MS / 60_000),
    TRUSTED_PROXIES: 'loopback',
  });
  await platform.start();
  token = await platform.owner('users');
  const body = { name: 'shop' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
  keys = (await owner<typeof keys>('GET', '/keys')).body;
  // as a dump brings them
  const hash = await new Argon2Passwords().hash(SECRET);
  await platform.sql(
    `INSERT INTO auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
     VALUES (gen_random_uuid(), 'authenticated', 'authenticated', $1, $2, now(), '{}', '{}', now(), now())`,
    [ADDRESS, hash],
    id,
  );
});
afterAll(() => platform.close());

test('it is behind the gateway; a project that is not there has no users', async () => {
  expect(await auth('GET', '/health')).toMatchObject({
    status: 200,
    body: { name: expect.any(String) as string },
  });
  const nobody = await fetch(`${platform.url}/project/proj_0000000000000000/auth/v1/settings`);
  expect([nobody.status, nobody.headers.get('content-type')]).toEqual([
    404,
    expect.stringMatching(/^text\/plain/),
  ]);
});

test('a browser reads its errors and may send what the client sends', async () => {
  const refused = await signIn(ADDRESS, 'wrong');
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_credentials' } });
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  const exposed = refused.headers.get('access-control-expose-headers')?.split(', ');
  expect(exposed).toEqual(expect.arrayContaining(['x-supabase-api-version', 'x-total-count', 'link']));
  // more than it takes is said in the words of its clients
  const large = await signIn(ADDRESS, 'x'.repeat(2 * 1024 * 1024));
  expect(large).toMatchObject({ status: 413, body: { code: 'request_entity_too_large' } });
});

test('its own port tells whether it is ready, and what was counted, by kinds alone', async () => {
  const ready = await own('/ready');
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'ok',
      checks: {
        log: expect.stringMatching(/^ok/) as string,
        pooler: 'ok',
        mail: expect.stringMatching(/^ok, kept .*mailbox$/) as string,
      },
    },
  ]);
  const count = async (name: string, ...labels: string[]) => {
    const lines = (await (await own('/metrics')).text()).split('\n');
    const one = lines.find(
      (line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)),
    );
    return Number(one?.split(' ').at(-1) ?? 0);
  };
  const counts = () =>
    Promise.all([
      count('launchdb_auth_sign_ins_total', 'method="password"', 'outcome="done"'),
      count('launchdb_auth_sign_ins_total', 'method="password"', 'outcome="refused"'),
      count('launchdb_auth_refusals_total', 'code="invalid_credentials"'),
      count('launchdb_auth_sessions_total', 'event="begun"'),
      count('launchdb_auth_sessions_total', 'event="refreshed"'),
    ]);
  const before = await counts();
  const { body } = await signIn();
  await signIn(ADDRESS, 'wrong');
  await auth('POST', '/token?grant_type=refresh_token', { body: { refresh_token: body.refresh_token } });
  const after = await counts();
  expect(after.map((value, at) => value - (before[at] ?? 0))).toEqual([1, 1, 1, 1, 1]);
  const text = await (await own('/metrics')).text();
  expect(text).toContain('launchdb_password_checks{state="waiting"} 0');
  expect(text.split('\n').filter((line) => line.startsWith('launchdb_auth') && /proj_|@/.test(line))).toEqual(
    [],
  );
});

test('it believes the gateway whose request it is', async () => {
  const from = '198.51.100.7';
  const { body } = await signIn(ADDRESS, SECRET, { 'x-forwarded-for': from });
  const session = JSON.parse(Buffer.from(body.access_token.split('.')[1] ?? '', 'base64url').toString()) as {
    session_id: string;
  };
  const rows = await platform.sql(
    'SELECT host(ip) AS ip FROM auth.sessions WHERE id = $1',
    [session.session_id],
    id,
  );
  expect(rows).toEqual([{ ip: from }]);
});

test('no password, token or address is in any log', async () => {
  const { body } = await signIn();
  const second = `second-${SECRET}`;
  const refresh = { refresh_token: body.refresh_token };
  const refreshed = await auth<Session>('POST', '/token?grant_type=refresh_token', { body: refresh });
  const bearer = refreshed.body.access_token;
  const changed = await auth('PUT', '/user', { bearer, body: { password: second } });
  expect([changed.status, changed.body]).toEqual([200, expect.anything()]);
  expect((await auth('PUT', '/user', { bearer, body: { password: SECRET } })).status).toBe(200);
  // a trigger that fails with all that it sees in its words, and what nobody can read
  await owner('POST', '/sql', {
    query: `CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'no % %', NEW.email, NEW.encrypted_password USING DETAIL = NEW.email; END $$`,
  });
  await platform.sql(
    'CREATE TRIGGER tells BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.tells()',
    [],
    id,
  );
  const failed = await auth('POST', '/signup', { body: { email: `other.${ADDRESS}`, password: SECRET } });
  expect([failed.status, JSON.stringify(failed.body)]).toEqual([500, expect.not.stringContaining('other.')]);
  await platform.sql('DROP TRIGGER tells ON auth.users', [], id);
  await auth('POST', '/token?grant_type=password', { body: `{"email":"${ADDRESS}","password":"${SECRET}` });
  const link = `/verify?type=signup&token=${SECRET}&redirect_to=https://x/${ADDRESS}`;
  await fetch(`${platform.url}/project/${id}/auth/v1${link}`, { redirect: 'manual' });
  expect((await auth('POST', '/logout', { bearer })).status).toBe(204);

  const files = (await readdir(platform.folder, { recursive: true })).filter((name) =>
    /\.log(\.\d+)?$/.test(name),
  );
  const logs = await Promise.all(files.map((name) => readFile(join(platform.folder, name), 'utf8')));
  expect(files.length).toBeGreaterThan(0);
  const [, hash] = (
    await platform.sql<{ hash: string }>('SELECT encrypted_password AS hash FROM auth.users', [], id)
  ).flatMap(({ hash }) => ['', hash.split('$').at(-1) ?? '']);
  const tokens = [body, refreshed.body].flatMap(({ access_token, refresh_token }) => [
    access_token.split('.')[2] ?? '',
    refresh_token,
  ]);
  expect(platform.output).toContain('"server":"auth"');
  for (const text of [platform.output, ...logs]) {
    for (const secret of [SECRET, 'ann.of.the.logs', hash ?? '', ...tokens]) {
      const at = text.indexOf(secret);
      expect(at === -1 ? 'nowhere' : text.slice(Math.max(0, at - 300), at + 100)).toBe('nowhere');
    }
  }
});

test('while its project sleeps users sign in, and its REST API sleeps on; a request of theirs wakes it', async () => {
  await vi.waitFor(async () => expect((await owner('GET', '')).body['status']).toBe('sleeping'), PATIENCE);
  // it is called sleeping from when it starts to fall asleep
  await vi.waitFor(async () => expect(await platform.resources(id)).toEqual(REACHABLE), PATIENCE);
  const { status, body } = await signIn();
  expect(status).toBe(200);
  expect((await auth('GET', '/user', { bearer: body.access_token })).status).toBe(200);
  expect((await owner('GET', '')).body['status']).toBe('sleeping');
  expect(await platform.resources(id)).toEqual(REACHABLE);
  const rest = await platform.call('GET', `/project/${id}/rest/v1/`, {
    token: body.access_token,
    headers: { apikey: keys.anon_key },
  });
  expect(rest.status).toBe(200);
  expect(await platform.resources(id)).toEqual(EVERYTHING);
});

test('the users of a project that is paused or deleted are told so and keep their sessions; one that is purged has none', async () => {
  const { body } = await signIn();
  const me = () => auth<{ code?: string }>('GET', '/user', { bearer: body.access_token });
  expect((await me()).status).toBe(200);
  await owner('POST', '/pause');
  await vi.waitFor(async () => expect(await me()).toMatchObject(NOT_ACTIVE), PATIENCE);
  expect((await signIn()).status).toBe(503);
  await owner('POST', '/resume');
  await vi.waitFor(async () => expect((await me()).status).toBe(200), PATIENCE);
  // it can be brought back
  await owner('DELETE', '');
  await vi.waitFor(async () => expect(await me()).toMatchObject(NOT_ACTIVE), PATIENCE);
  await owner('DELETE', '?purge=true', { name: 'shop' });
  const address = `${platform.url}/project/${id}/auth/v1/user`;
  await vi.waitFor(async () => expect((await fetch(address)).status).toBe(404), PATIENCE);
});
