/** Whatever is sent in whatever field: the fault is the caller's, the tables are as they were, and nothing of ours is told. */
import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { GoTrueAdminApi } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let admin: GoTrueAdminApi;
beforeAll(async () => {
  auth = await authUnderTest();
  admin = new GoTrueAdminApi({ url: auth.url, headers: { authorization: `Bearer ${auth.serviceKey}` } });
});
afterAll(() => auth.close());
beforeEach(() => auth.set({ anonymousSignIns: true, mailEverySeconds: 0 }));

const PASSWORD = 'a password';
const address = (name = 'u') => `${name}-${randomUUID().slice(0, 8)}@ex.museum`;

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(auth.url + path, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01', ...headers },
    ...(body !== undefined && method !== 'GET' && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const code = (/"code":"([a-z_]+)"/.exec(text) ?? [])[1];
  return { status: answer.status, text, code, location: answer.headers.get('location') ?? '' };
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function member() {
  const email = address();
  const { data } = await admin.createUser({ email, password: PASSWORD, email_confirm: true });
  const session = await auth.signIn(email, PASSWORD);
  return { email, id: data.user?.id ?? '', ...session };
}

const NASTY: Readonly<Record<string, string>> = {
  SQL: `'; DROP TABLE auth.users; --`,
  'SQL in a string': `' OR '1'='1`,
  'a dollar quote': `$$; SELECT pg_sleep(5); $$`,
  'a backslash': String.raw`\'; SELECT pg_sleep(5); --`,
  'a parameter': '$1',
  'a NUL': 'a\u0000b',
  'half a character': 'a\uD800b',
  'line ends': 'a\r\nBcc: x@evil.example\r\n\r\nb',
  'turned around': '\u202Emoc.elpmaxe@a',
  'a template': '{{ .Token }}${7*7}<script>alert(1)</script>',
  'a path': '../../admin/users',
  'a prototype': '__proto__',
  much: 'x'.repeat(100_000),
};

/** Each of these fields is given each of those texts. */
const FIELDS: readonly (readonly [
  method: string,
  path: string,
  as: 'nobody' | 'user' | 'admin',
  ...fields: string[],
])[] = [
  ['POST', '/signup', 'nobody', 'email', 'password', 'phone', 'code_challenge', 'code_challenge_method'],
  ['POST', '/otp', 'nobody', 'email', 'code_challenge', 'code_challenge_method'],
  ['POST', '/recover', 'nobody', 'email', 'code_challenge', 'code_challenge_method'],
  ['POST', '/resend', 'nobody', 'email', 'type'],
  ['POST', '/verify', 'nobody', 'email', 'token', 'token_hash', 'type', 'phone'],
  ['POST', '/token?grant_type=password', 'nobody', 'email', 'password', 'phone'],
  ['POST', '/token?grant_type=refresh_token', 'nobody', 'refresh_token'],
  ['POST', '/token?grant_type=pkce', 'nobody', 'auth_code', 'code_verifier'],
  ['PUT', '/user', 'user', 'email', 'password', 'nonce', 'current_password', 'code_challenge'],
  ['POST', '/factors', 'user', 'friendly_name', 'factor_type', 'issuer'],
  ['POST', '/factors/recovery-codes/verify', 'user', 'code'],
  ['POST', '/invite', 'admin', 'email'],
  [
    'POST',
    '/admin/users',
    'admin',
    'email',
    'phone',
    'role',
    'aud',
    'id',
    'ban_duration',
    'password',
    'password_hash',
  ],
  ['POST', '/admin/generate_link', 'admin', 'email', 'type', 'password', 'new_email', 'redirect_to'],
];
/** What is right in the other fields. */
const RIGHT: Readonly<Record<string, () => string>> = {
  email: () => address('field'),
  password: () => PASSWORD,
  type: () => 'signup',
  token: () => '123456',
  auth_code: () => randomUUID(),
  code_verifier: () => 'x'.repeat(43),
  code_challenge: () => 'x'.repeat(43),
  code_challenge_method: () => 's256',
  factor_type: () => 'totp',
};
const NEVER_TOLD =
  /syntax error|postgres|relation "|column "|constraint|SQLSTATE|invalid input syntax|node:/i;

describe.each(FIELDS)('%s %s', (method, path, as, ...fields) => {
  test.each(fields)('%s may hold anything', async (field) => {
    const { access_token: token } = await member();
    const count = async () =>
      Number((await auth.owner('SELECT count(*)::int AS n FROM auth.users'))[0]?.['n']);
    const before = await count();
    for (const [what, text] of Object.entries(NASTY)) {
      const others = fields.filter((name) => name in RIGHT && !['token_hash', 'phone'].includes(field));
      const body = { ...Object.fromEntries(others.map((name) => [name, RIGHT[name]?.()])), [field]: text };
      const headers = { nobody: {}, user: bearer(token), admin: bearer(auth.serviceKey) }[as];
      const answer = await ask(method, path, body, headers);
      expect([what, answer.status >= 500 ? answer : 'no fault of ours']).toEqual([what, 'no fault of ours']);
      if (answer.status >= 400) expect(answer.text).not.toMatch(NEVER_TOLD);
      if (what === 'a NUL') expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    }
    expect(await count()).toBeGreaterThanOrEqual(before);
  });
});

test('metadata may hold anything but what PostgreSQL cannot', async () => {
  for (const [what, text] of Object.entries(NASTY)) {
    const data = { [text.slice(0, 200)]: { deep: [text] } };
    const { status, code } = await ask('POST', '/signup', { email: address(), password: PASSWORD, data });
    const cannot = what === 'a NUL' || what === 'half a character';
    expect([what, status, code]).toEqual([
      what,
      cannot ? 400 : 200,
      cannot ? 'validation_failed' : undefined,
    ]);
  }
});

test.each(['token', 'type', 'redirect_to'])('a link may have anything in its %s', async (name) => {
  for (const text of Object.values(NASTY)) {
    const query = new URLSearchParams({
      token: 'a'.repeat(56),
      type: 'signup',
      [name]: text.slice(0, 4_000),
    });
    const answer = await ask('GET', `/verify?${query.toString()}`);
    expect(answer.status).toBeLessThan(500);
    if (answer.status === 303) expect(new URL(answer.location).origin).toBe('https://app.example');
    expect(answer.text).not.toMatch(NEVER_TOLD);
  }
});

test('an address brings no header and no recipient along', async () => {
  for (const email of [
    'a@ex.museum\r\nBcc: x@evil.example',
    'a@ex.museum, x@evil.example',
    'a@ex.museum;x@evil.example',
    '"a\r\nBcc: x"@ex.museum',
    'a@ex.museum>\r\nRCPT TO:<x@evil.example',
    '<x@evil.example>',
    'a\u0085b@ex.museum',
    'a\u2028b@ex.museum',
  ]) {
    for (const path of ['/signup', '/otp', '/recover', '/resend']) {
      const { status, code } = await ask('POST', path, { email, password: PASSWORD, type: 'signup' });
      expect([email, status, code]).toEqual([email, 400, 'validation_failed']);
    }
  }
  // nor does what they say of themselves, where the owner's subject has it
  const text = '{{ .Data.name }} {{ .Token }}';
  auth.set({ templates: { confirmation: { subject: 'Hello {{ .Data.name }}', text, html: text } } });
  const email = address();
  const data = { name: 'Ann\r\nBcc: x@evil.example\r\n\r\n<b>' };
  await ask('POST', '/signup', { email, password: PASSWORD, data });
  const mail = await auth.mailTo(email);
  expect([mail.to, mail.headers.has('bcc'), mail.headers.get('subject')]).toEqual([
    [email],
    false,
    'Hello Ann Bcc: x@evil.example <b>',
  ]);
});

test('metadata of a MiB is too large, and what is let in is theirs to bear', async () => {
  const signUp = (bytes: number) =>
    ask('POST', '/signup', { email: address(), password: PASSWORD, data: { a: 'x'.repeat(bytes) } });
  expect(await signUp(1024 * 1024)).toMatchObject({ status: 413, code: 'request_entity_too_large' });
  expect((await signUp(900 * 1024)).status).toBe(200);
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const raw = await fetch(`${auth.url}/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"email":"${address()}","password":"${PASSWORD}","data":${deep}}`,
  });
  expect(raw.status).toBeLessThan(500);
  const wide = Object.fromEntries(Array.from({ length: 40_000 }, (_, at) => [`k${at}`, 1]));
  expect((await ask('POST', '/signup', { email: address(), password: PASSWORD, data: wide })).status).toBe(
    200,
  );
  // others are as they were
  expect((await admin.listUsers({ page: 1, perPage: 5 })).error).toBeNull();
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hmac = (secret: string, said: string, hash = 'sha256') =>
  createHmac(hash, secret).update(said).digest('base64url');

describe('a token that is none', () => {
  test('opens nothing, whatever its header says', async () => {
    const { id, access_token: good } = await member();
    const claims = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString()) as object;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const said = (header: object, payload: object = claims) => `${part(header)}.${part(payload)}`;
    const rsa = (header: object) =>
      `${said(header)}.${sign('sha256', Buffer.from(said(header)), privateKey).toString('base64url')}`;
    const jwk = { kty: 'oct', k: Buffer.from('mine').toString('base64url') };
    const forged = [
      `${said({ alg: 'none' })}.`,
      `${said({ alg: 'None', typ: 'JWT' })}.`,
      `${said({ alg: 'nOnE' })}.${good.split('.')[2]}`,
      `${said({ alg: 'HS256' })}.`,
      `${said({ alg: 'HS256', kid: '../../../../dev/null' })}.${hmac('', said({ alg: 'HS256', kid: '../../../../dev/null' }))}`,
      `${said({ alg: 'HS256', jwk })}.${hmac('mine', said({ alg: 'HS256', jwk }))}`,
      `${said({ alg: 'HS256', jku: 'http://127.0.0.1:1/keys' })}.${hmac('mine', said({ alg: 'HS256', jku: 'http://127.0.0.1:1/keys' }))}`,
      rsa({ alg: 'RS256', kid: 'mine' }),
      rsa({ alg: 'RS256', x5u: 'http://127.0.0.1:1/cert' }),
      // what was signed, but for the user
      `${good.split('.')[0]}.${part({ ...claims, sub: randomUUID() })}.${good.split('.')[2]}`,
      `${good.split('.')[0]}.${part({ ...claims, role: 'service_role' })}.${good.split('.')[2]}`,
    ];
    for (const token of forged) {
      for (const [method, path] of [
        ['GET', '/user'],
        ['PUT', '/user'],
        ['POST', '/factors'],
        ['GET', '/admin/users'],
        ['DELETE', `/admin/users/${id}`],
      ] as const)
        expect(await ask(method, path, {}, bearer(token))).toMatchObject({ status: 403, code: 'bad_jwt' });
    }
    expect((await ask('GET', '/user', undefined, bearer(good))).status).toBe(200);
  });

  test('of the project, but nobody’s, opens nothing of a user’s; a user’s nothing of the admin’s', async () => {
    const { access_token: user } = await member();
    for (const key of [auth.anonKey, auth.serviceKey])
      for (const [method, path] of [
        ['GET', '/user'],
        ['PUT', '/user'],
        ['POST', '/logout'],
        ['POST', '/factors'],
        ['GET', '/reauthenticate'],
      ] as const)
        expect([path, await ask(method, path, {}, bearer(key))]).toMatchObject([
          path,
          { status: 403, code: 'bad_jwt' },
        ]);
    for (const key of [auth.anonKey, user])
      for (const [method, path] of [
        ['GET', '/admin/users'],
        ['POST', '/admin/users'],
        ['POST', '/admin/generate_link'],
        ['POST', '/invite'],
      ] as const)
        expect(await ask(method, path, {}, bearer(key))).toMatchObject({ status: 403, code: 'not_admin' });
  });

  test('is every one of another project', async () => {
    const { access_token: access, refresh_token: refresh } = await member();
    const [here, there] = auth.projects;
    const elsewhere = auth.url.replace(here, there);
    const me = await fetch(`${elsewhere}/user`, { headers: bearer(access) });
    expect(me.status).toBe(403);
    const refreshed = await fetch(`${elsewhere}/token?grant_type=refresh_token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: refresh }),
    });
    expect([refreshed.status, refreshed.headers.get('x-sb-error-code')]).toEqual([
      400,
      'refresh_token_not_found',
    ]);
    // and it is good at home still
    expect((await ask('POST', '/token?grant_type=refresh_token', { refresh_token: refresh })).status).toBe(
      200,
    );
  });
});

const sessionOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { session_id: string })
    .session_id;

test('nobody is signed in into a session that somebody else has prepared', async () => {
  const [mallory, ann] = [await member(), await member()];
  const theirs = sessionOf(mallory.access_token);
  const headers = {
    ...bearer(mallory.access_token),
    cookie: `sb-access-token=${mallory.access_token}; session_id=${theirs}`,
  };
  const body = {
    email: ann.email,
    password: PASSWORD,
    session_id: theirs,
    refresh_token: mallory.refresh_token,
  };
  const answer = JSON.parse((await ask('POST', '/token?grant_type=password', body, headers)).text) as {
    access_token: string;
    refresh_token: string;
    user: { id: string };
  };
  expect(answer.user.id).toBe(ann.id);
  expect([theirs, sessionOf(ann.access_token)]).not.toContain(sessionOf(answer.access_token));
  expect(answer.refresh_token).not.toBe(mallory.refresh_token);
  // whoever has a user's session in a token of somebody else's has nothing
  const rows = await auth.owner(`SELECT id FROM auth.sessions WHERE user_id = '${ann.id}'`);
  expect(rows.map(({ id }) => id)).not.toContain(theirs);
  // a new password ends what was prepared with the old one
  const other = await auth.signIn(ann.email, PASSWORD);
  await ask('PUT', '/user', { password: 'another one' }, bearer(answer.access_token));
  expect((await ask('GET', '/user', undefined, bearer(other.access_token))).code).toBe('session_not_found');
  const late = await ask('POST', '/token?grant_type=refresh_token', { refresh_token: other.refresh_token });
  expect(late).toMatchObject({ status: 400, code: 'refresh_token_not_found' });
  expect((await ask('GET', '/user', undefined, bearer(answer.access_token))).status).toBe(200);
});

describe('a link that was asked for with PKCE', () => {
  const challenge = 'c'.repeat(43);
  const link = async (more: object = { code_challenge: challenge, code_challenge_method: 's256' }) => {
    const { email } = await member();
    await ask('POST', '/otp', { email, ...more });
    const { text } = await auth.mailTo(email);
    return new URL(/: (http\S+)/.exec(text)?.[1] ?? '');
  };
  const follow = async (url: URL) => (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';

  test('brings no session by itself, and the challenge is no verifier', async () => {
    const location = await follow(await link());
    expect(location).not.toContain('access_token');
    const code = new URL(location).searchParams.get('code') ?? '';
    for (const verifier of [challenge, 'plain', challenge.toUpperCase(), `${challenge}=`])
      expect(
        await ask('POST', '/token?grant_type=pkce', { auth_code: code, code_verifier: verifier }),
      ).toMatchObject({
        status: 400,
        code: 'bad_code_verifier',
      });
    for (const verifier of ['', null, undefined])
      expect(
        (await ask('POST', '/token?grant_type=pkce', { auth_code: code, code_verifier: verifier })).status,
      ).toBe(400);
    // nor by another way in
    const grants = ['password', 'refresh_token', 'authorization_code', 'implicit', ''];
    for (const grant of grants)
      expect((await ask('POST', `/token?grant_type=${grant}`, { auth_code: code, code })).status).toBe(400);
  });

  test('is not made another kind of by what stands in it', async () => {
    const url = await link();
    const token = url.searchParams.get('token') ?? '';
    for (const other of [token.slice(5), `PKCE_${token.slice(5)}`, token.slice(5).toUpperCase()]) {
      url.searchParams.set('token', other);
      expect(await follow(url)).toContain('error_code=otp_expired');
    }
    url.searchParams.set('token', token);
    url.searchParams.set('flow_type', 'implicit');
    expect(new URL(await follow(url)).searchParams.get('code')).toBeTruthy();
  });

  test('brings one code, which is good once, at the same time too', async () => {
    const plain = await link({ code_challenge: challenge, code_challenge_method: 'PLAIN' });
    const code = new URL(await follow(plain)).searchParams.get('code') ?? '';
    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        ask('POST', '/token?grant_type=pkce', { auth_code: code, code_verifier: challenge }),
      ),
    );
    expect(all.filter(({ status }) => status === 200).length).toBe(1);
    expect(new Set(all.filter(({ status }) => status !== 200).map(({ code: why }) => why))).toEqual(
      new Set(['flow_state_not_found']),
    );
  });
});
