/** Users' tokens signed by keys whose public halves everybody may have: on the whole platform, by the client that people have. */
import { AuthClient } from '@supabase/auth-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let id: string;
let anonKey: string;
let bob: string;
let session: { access_token: string; refresh_token: string; user: { id: string } };
const asked: string[] = [];
const SOON = { timeout: 20_000 };

interface Listed {
  readonly signing_keys: readonly {
    readonly kid: string | null;
    readonly algorithm: string;
    readonly status: string;
    readonly valid_until: string | null;
  }[];
}
type KeySet = { readonly keys: readonly Record<string, unknown>[] };

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('keys');
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'keys' } })).body
    .id;
  anonKey = (await call<{ anon_key: string }>('GET', '/keys')).body.anon_key;
  await call('PATCH', '/auth/settings', { settings: { autoconfirm: true } });
  await call('POST', '/sql', {
    query: `CREATE VIEW me AS SELECT auth.uid() AS id, current_setting('request.jwt.claims', true) IS NOT NULL AS claims;
      GRANT SELECT ON me TO anon, authenticated;
      CREATE TABLE notes (rule text, whose uuid);
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
      GRANT SELECT ON notes TO anon, authenticated;
      CREATE POLICY seen ON notes FOR SELECT USING (CASE rule
        WHEN 'uid' THEN whose = auth.uid()
        WHEN 'role' THEN auth.role() = 'authenticated'
        WHEN 'email' THEN auth.email() = 'ada@example.com'
        WHEN 'jwt' THEN auth.jwt() -> 'user_metadata' ->> 'plan' = 'gold' END)`,
  });
  const password = 'correct horse';
  const { data, error } = await client().signUp({
    email: 'ada@example.com',
    password,
    options: { data: { plan: 'gold' } },
  });
  if (!data.session) throw error ?? new Error('no session');
  session = data.session;
  bob = (await client().signUp({ email: 'bob@example.com', password })).data.session?.refresh_token ?? '';
  await call('POST', '/sql', {
    query: `INSERT INTO notes SELECT unnest(ARRAY['uid', 'role', 'email', 'jwt']), '${session.user.id}'`,
  });
  await vi.waitFor(async () => {
    const [status, seen] = await rest(session.access_token);
    if (seen !== session.user.id) throw new Error(`the REST API knows no view yet: ${status}`);
  }, SOON);
});
afterAll(() => platform.close());

const call = <T>(method: string, path: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects/${id}${path}`, { token, ...(body !== undefined && { body }) });

let clients = 0;
function client(): InstanceType<typeof AuthClient> {
  return new AuthClient({
    // what one of them has learned of keys, those of the same name know, too
    storageKey: `keys-${(clients += 1)}`,
    url: `${platform.url}/project/${id}/auth/v1`,
    headers: { apikey: anonKey, Authorization: `Bearer ${anonKey}` },
    autoRefreshToken: false,
    persistSession: false,
    fetch: (input, init) => {
      asked.push(new URL(input as string).pathname.replace(/^.*\/auth\/v1/, ''));
      return fetch(input, init);
    },
  });
}

async function rest(bearer: string): Promise<[number, string | undefined]> {
  const answer = await fetch(`${platform.url}/project/${id}/rest/v1/me`, {
    headers: { apikey: anonKey, Authorization: `Bearer ${bearer}` },
  });
  const rows = (await answer.json()) as { id: string }[] | object;
  return [answer.status, Array.isArray(rows) ? (rows as { id: string }[])[0]?.id : undefined];
}

/** The rules by which somebody may see rows. */
async function seenBy(bearer: string): Promise<readonly string[]> {
  const answer = await fetch(`${platform.url}/project/${id}/rest/v1/notes?select=rule&order=rule`, {
    headers: { apikey: anonKey, Authorization: `Bearer ${bearer}` },
  });
  return ((await answer.json()) as { rule: string }[]).map(({ rule }) => rule);
}

async function expectPolicies(): Promise<void> {
  expect(await seenBy(await refreshed())).toEqual(['email', 'jwt', 'role', 'uid']);
  const { data } = await client().refreshSession({ refresh_token: bob });
  bob = data.session?.refresh_token ?? '';
  expect(await seenBy(data.session?.access_token ?? '')).toEqual(['role']);
  expect(await seenBy(anonKey)).toEqual([]);
}

const keySet = async () => {
  const answer = await fetch(`${platform.url}/project/${id}/auth/v1/.well-known/jwks.json`);
  return [answer.status, answer.headers.get('cache-control'), (await answer.json()) as KeySet] as const;
};
const headerOf = (jwt: string) =>
  JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;

async function refreshed(): Promise<string> {
  const { data, error } = await client().refreshSession({ refresh_token: session.refresh_token });
  if (!data.session) throw error ?? new Error('no session');
  session = data.session;
  return session.access_token;
}

/** While it is done, whoever gets a token can use it at once, everywhere, and so can those who have one. */
async function withoutRefusal<T>(work: () => Promise<T>): Promise<T> {
  const [own, before] = [client(), session.access_token];
  let goesOn = true;
  const seen = new Set<unknown>();
  const using = (async () => {
    while (goesOn) {
      const fresh = await refreshed();
      seen.add((await rest(fresh))[0]);
      seen.add((await rest(before))[0]);
      seen.add((await own.getUser(fresh)).error);
      seen.add((await own.getClaims(fresh)).error);
    }
  })();
  try {
    return await work();
  } finally {
    goesOn = false;
    await using;
    expect([...seen]).toEqual([200, null]);
  }
}

const signBy = async (algorithm: string, overlapSeconds?: number) => {
  const body = { algorithm, ...(overlapSeconds !== undefined && { overlap_seconds: overlapSeconds }) };
  const answer = await call<Listed>('POST', '/auth/signing-keys', body);
  expect(answer.status).toBe(200);
  return answer.body.signing_keys;
};

test('a project begins with its secret, and its set of public keys is empty', async () => {
  expect(await keySet()).toEqual([200, 'public, max-age=600', { keys: [] }]);
  expect(headerOf(session.access_token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  await expectPolicies();
  expect((await call<Listed>('GET', '/auth/signing-keys')).body.signing_keys).toMatchObject([
    { kid: null, algorithm: 'HS256', status: 'signs', valid_until: null },
  ]);
});

test.each(['ES256', 'RS256'])(
  '%s: nothing is refused meanwhile, and the client checks by itself',
  async (alg) => {
    const before = (await call<Listed>('GET', '/auth/signing-keys')).body.signing_keys;
    const first = session.access_token;
    const listed = await withoutRefusal(() => signBy(alg));
    const [key] = listed;
    expect(listed).toHaveLength(before.length + 1);
    expect(listed.map(({ status }) => status)).toEqual(['signs', ...before.map(() => 'verifies')]);
    expect((await call<Listed>('GET', '/auth/signing-keys')).body.signing_keys).toEqual(listed);
    const [, , { keys }] = await keySet();
    expect(keys.map(({ kid }) => kid)).toEqual(listed.flatMap(({ kid }) => kid ?? []));
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
      for (const one of keys) expect(one).not.toHaveProperty(secret);

    const fresh = await refreshed();
    expect(headerOf(fresh)).toEqual({ alg, typ: 'JWT', kid: key?.kid });
    asked.length = 0;
    const claims = await client().getClaims(fresh);
    expect(claims.data?.claims).toMatchObject({ email: 'ada@example.com', role: 'authenticated' });
    expect(asked).toEqual(['/.well-known/jwks.json']);
    for (const bearer of [first, fresh]) expect((await rest(bearer))[0]).toBe(200);
    await expectPolicies();
    const [header, said = '', signature] = fresh.split('.');
    const claimed = {
      ...(JSON.parse(Buffer.from(said, 'base64url').toString()) as object),
      role: 'service_role',
    };
    const altered = `${header}.${Buffer.from(JSON.stringify(claimed)).toString('base64url')}.${signature}`;
    expect([(await rest(altered))[0], (await client().getUser(altered)).error?.status]).toEqual([401, 403]);
    expect((await client().getClaims(altered)).data).toBeNull();
  },
);

test('with the overlap end the tokens of the key before; the session goes on', async () => {
  const last = await refreshed();
  expect(headerOf(last)['alg']).toBe('RS256');
  const [, old] = await signBy('ES256', 10);
  expect(old).toMatchObject({ algorithm: 'RS256', status: 'verifies' });
  expect(Date.parse(old?.valid_until ?? '')).toBeLessThan(new Date().getTime() + 11_000);
  expect((await rest(last))[0]).toBe(200);
  await vi.waitFor(async () => expect((await rest(last))[0]).toBe(401), { timeout: 60_000, interval: 250 });
  await vi.waitFor(async () => expect((await client().getUser(last)).error?.code).toBe('bad_jwt'), SOON);
  expect((await keySet())[2].keys.map(({ alg }) => alg)).toEqual(['ES256']);
  expect((await rest(await refreshed()))[0]).toBe(200);
});

test('a key that leaked ends at once, and so does everything that it has signed', async () => {
  const leaked = await refreshed();
  expect((await rest(leaked))[0]).toBe(200);
  const listed = await signBy('RS256', 0);
  expect(listed.map(({ algorithm, status }) => [algorithm, status])).toEqual([
    ['RS256', 'signs'],
    ['HS256', 'verifies'],
  ]);
  expect([(await rest(leaked))[0], (await rest(await refreshed()))[0]]).toEqual([401, 200]);
});

test('back to the secret: its tokens say nothing of a key, those of the key stay good', async () => {
  const before = await refreshed();
  const listed = await withoutRefusal(() => signBy('HS256'));
  expect(listed.map(({ algorithm, status }) => [algorithm, status])).toEqual([
    ['RS256', 'verifies'],
    ['HS256', 'signs'],
  ]);
  expect(headerOf(await refreshed())).toEqual({ alg: 'HS256', typ: 'JWT' });
  expect((await rest(before))[0]).toBe(200);
  // nothing to do
  expect(await signBy('HS256')).toEqual(listed);
});

test('the secret is rotated without a refusal, too, also for those who have just got a token', async () => {
  const rotated = await withoutRefusal(() => call('POST', '/keys/rotate', { overlap_seconds: 3600 }));
  expect(rotated.status).toBe(200);
});

test('who may not is told so, and the history has the public half alone', async () => {
  const stranger = await platform.owner('stranger');
  const path = `/api/projects/${id}/auth/signing-keys`;
  const body = { algorithm: 'ES256' };
  for (const [method, given] of [
    ['GET', {}],
    ['POST', { body }],
  ] as const)
    expect((await platform.call(method, path, { token: stranger, ...given })).status).toBe(404);
  expect((await platform.call('GET', path)).status).toBe(401);
  for (const wrong of [{ algorithm: 'none' }, { algorithm: 'ES256', overlap_seconds: -1 }, {}])
    expect((await call('POST', '/auth/signing-keys', wrong)).status).toBe(400);
  const why = JSON.stringify((await call('GET', '/why')).body);
  expect(why).toContain("Users' tokens are to be signed by a new RS256 key");
  const audit = JSON.stringify((await call('GET', '/audit')).body);
  expect(audit).toContain('SigningKeyChanged');
  for (const text of [why, audit]) expect(text).not.toMatch(/sealed|ciphertext/);
  expect((await call('POST', '/pause')).status).toBeLessThan(300);
  await vi.waitFor(
    async () => expect((await call('POST', '/auth/signing-keys', body)).status).toBe(409),
    SOON,
  );
  expect((await keySet())[0]).toBe(503);
});
