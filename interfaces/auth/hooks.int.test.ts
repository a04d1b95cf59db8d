/** What owners' hooks may say of users and tokens, by the client library that people have and hooks that answer on this machine. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { GoTrueClient, type AuthError } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SoftwareAuthenticator, type KeyOptions } from '../../application/testing/software-authenticator.ts';
import { AUTH_DEFAULTS, type AuthSettings } from '../../domain/auth/auth-settings.ts';
import {
  answeringServer,
  failing,
  json,
  type AnsweringServer,
  type Failing,
} from '../../infrastructure/testing/answering-server.ts';
import { authUnderTest, SITE } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let users: AnsweringServer;
let tokens: AnsweringServer;
const SECRET = `v1,whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const password = 'a password';
const email = () => `u-${randomUUID().slice(0, 8)}@ex.museum`;

interface Question {
  readonly metadata: Readonly<Record<string, string>>;
  readonly user: Readonly<Record<string, unknown>>;
  readonly user_id: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly authentication_method: string;
}
const questions = ({ asked }: AnsweringServer) => asked.map(({ body }) => JSON.parse(body) as Question);
const last = (server: AnsweringServer) => questions(server).at(-1);
const echo = (change: object = {}) =>
  tokens.answers((asked, res) => {
    const { claims } = JSON.parse(asked.body) as Question;
    return json({ claims: { ...claims, ...change } })(asked, res);
  });

beforeAll(async () => {
  auth = await authUnderTest();
  users = await answeringServer();
  tokens = await answeringServer();
});
beforeEach(() => {
  users.asked.splice(0);
  tokens.asked.splice(0);
  users.answers(json({}));
  echo();
});
afterAll(async () => {
  await auth.close();
  await users.close();
  await tokens.close();
});

const hooked = (
  { users: askUsers = false, tokens: askTokens = false },
  change: Partial<AuthSettings> = {},
  timeoutMs = 10_000,
) =>
  auth.set(
    {
      autoconfirm: true,
      anonymousSignIns: true,
      mailEverySeconds: 0,
      hooks: {
        beforeUserCreated: askUsers ? { url: users.url, timeoutMs } : null,
        customAccessToken: askTokens ? { url: tokens.url, timeoutMs } : null,
      },
      ...change,
    },
    { hookSecrets: { beforeUserCreated: SECRET, customAccessToken: SECRET } },
  );
const client = (url = auth.url, key = auth.anonKey) =>
  new GoTrueClient({
    url,
    headers: { apikey: key, Authorization: `Bearer ${key}` },
    autoRefreshToken: false,
    persistSession: false,
  });
const post = async (path: string, body: object, bearer = auth.anonKey) => {
  const answer = await fetch(auth.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${bearer}`,
      'x-supabase-api-version': '2024-01-01',
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const refusal = ({ error }: { readonly error: AuthError | null }) =>
  error && [error.status, error.code, error.message];
const payload = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const count = async (table: string, where = 'true') =>
  Number((await auth.owner(`SELECT count(*) AS n FROM auth.${table} WHERE ${where}`))[0]?.['n']);
const signUp = async (address = email()) => {
  const { data, error } = await client().signUp({ email: address, password });
  expect(error).toBeNull();
  if (!data.session) throw new Error('no session');
  return data.session;
};

describe('before a user is created', () => {
  const NOT_YOU = [403, 'unknown', 'Only from example.com'];
  const refuse = () => users.answers(json({ error: { http_code: 403, message: 'Only from example.com' } }));
  const service = () => client(auth.url, auth.serviceKey);

  const WAYS: Readonly<Record<string, (address: string) => Promise<{ readonly error: AuthError | null }>>> = {
    'a sign-up': (address) => client().signUp({ email: address, password }),
    'an anonymous sign-in': () => client().signInAnonymously(),
    'a code': (address) => client().signInWithOtp({ email: address }),
    'an invitation': (address) => service().admin.inviteUserByEmail(address),
    'a link to sign up': (address) =>
      service().admin.generateLink({ type: 'signup', email: address, password }),
    'a link to be invited': (address) => service().admin.generateLink({ type: 'invite', email: address }),
    'a magic link': (address) => service().admin.generateLink({ type: 'magiclink', email: address }),
  };

  test.each(Object.entries(WAYS))('by %s, it is asked and may refuse', async (name, make) => {
    hooked({ users: true });
    refuse();
    const before = await count('users');
    const address = email();
    expect(refusal(await make(address))).toEqual(NOT_YOU);
    expect([await count('users'), users.asked.length]).toEqual([before, 1]);
    const question = last(users);
    expect(question?.metadata).toMatchObject({ name: 'before-user-created', ip_address: '127.0.0.1' });
    const isAnonymous = name.includes('anonymous');
    expect(question?.user).toMatchObject({
      email: isAnonymous ? '' : address,
      is_anonymous: isAnonymous,
      role: 'authenticated',
      identities: [],
    });
    expect(JSON.stringify(question)).not.toMatch(/password|argon2/);
    users.answers(json('', 204));
    expect((await make(address)).error).toBeNull();
    const rows = await auth.owner(`SELECT id FROM auth.users ORDER BY created_at DESC LIMIT 1`);
    // it was told who they are to be
    expect([rows[0]?.['id'], await count('users')]).toEqual([last(users)?.user['id'], before + 1]);
  });

  test('it is told who they are to be, and no more', async () => {
    hooked({ users: true });
    const address = email();
    const options = { data: { name: 'Zoë' } };
    expect((await client().signUp({ email: address, password, options })).error).toBeNull();
    expect(last(users)?.user).toEqual({
      id: expect.any(String),
      aud: 'authenticated',
      role: 'authenticated',
      email: address,
      phone: '',
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: expect.objectContaining({ name: 'Zoë' }),
      identities: [],
      created_at: expect.any(String),
      updated_at: expect.any(String),
      is_anonymous: false,
    });
  });

  test('by an owner’s own hand, and of who is there already, it is not asked', async () => {
    hooked({ users: true });
    refuse();
    const address = email();
    const made = await service().admin.createUser({ email: address, password, email_confirm: true });
    expect(made.error).toBeNull();
    expect((await client().signInWithPassword({ email: address, password })).error).toBeNull();
    expect((await client().signInWithOtp({ email: address })).error).toBeNull();
    expect(refusal(await client().signUp({ email: address, password }))?.[1]).toBe('user_already_exists');
    expect(users.asked).toEqual([]);
  });

  test('whoever signs up for an address that somebody has is told what a newcomer is', async () => {
    hooked({ users: true });
    const address = email();
    await signUp(address);
    hooked({ users: true }, { autoconfirm: false });
    refuse();
    expect(refusal(await client().signUp({ email: address, password }))).toEqual(NOT_YOU);
    expect(refusal(await client().signUp({ email: email(), password }))).toEqual(NOT_YOU);
    users.answers(json({}));
    const { data } = await client().signUp({ email: address, password });
    expect([data.user?.id, data.user?.identities]).toEqual([last(users)?.user['id'], []]);
  });

  test('ten who come at once are one user', async () => {
    hooked({ users: true });
    const address = email();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client().signInWithOtp({ email: address })),
    );
    expect(answers.map(refusal)).toEqual(Array(10).fill(null));
    expect(await count('users', `email = '${address}'`)).toBe(1);
  });

  test.each<[string, () => void, number, string]>([
    ['hangs', () => users.answers(failing.hangs), 504, 'hook_timeout'],
    [
      'asks for time for ever',
      () => users.answers(json('', 503, { 'retry-after': '0' })),
      504,
      'hook_timeout_after_retry',
    ],
    ['says too much', () => users.answers(failing.floods), 500, 'hook_payload_over_size_limit'],
    [
      'answers in HTML',
      () => users.answers((_asked, res) => void res.end('<p>')),
      500,
      'hook_payload_invalid_content_type',
    ],
    ['breaks down', () => users.answers(json({}, 500)), 500, 'unexpected_failure'],
  ])('one that %s lets nobody in', async (_how, fail, status, code) => {
    // one that answers is not hurried, however slow this machine is
    hooked({ users: true }, {}, code === 'hook_timeout' ? 300 : 10_000);
    fail();
    const before = await count('users');
    const address = email();
    expect(await post('/signup', { email: address, password })).toMatchObject({ status, body: { code } });
    expect(await post('/otp', { email: address })).toMatchObject({ status, body: { code } });
    expect(await count('users')).toBe(before);
    expect(JSON.stringify(auth.warned)).not.toContain(SECRET.slice(9));
    // the mail that was not sent does not count
    users.answers(json({}));
    hooked({ users: true }, { mailEverySeconds: 60 });
    expect((await client().signInWithOtp({ email: address })).error).toBeNull();
  });
});

test('the mail of a sign-up that the hook broke does not count', async () => {
  hooked({ users: true }, { autoconfirm: false, mailEverySeconds: 60 });
  users.answers(json({}, 500));
  const address = email();
  expect((await post('/signup', { email: address, password })).status).toBe(500);
  users.answers(json({}));
  expect((await client().signUp({ email: address, password })).error).toBeNull();
});

describe('an access token', () => {
  test('says what the hook makes of it, each time that one is issued', async () => {
    hooked({ tokens: true });
    echo({ tenant: 'acme', role: 'member' });
    const session = await signUp();
    expect(last(tokens)).toMatchObject({
      metadata: { name: 'customize-access-token', ip_address: '127.0.0.1' },
      user_id: session.user.id,
      authentication_method: 'password',
    });
    expect(payload(session.access_token)).toEqual({
      ...last(tokens)?.claims,
      tenant: 'acme',
      role: 'member',
    });
    const { session_id: id } = payload(session.access_token);
    expect(await count('sessions', `id = '${String(id)}'`)).toBe(1);
    const refreshed = await client().refreshSession({ refresh_token: session.refresh_token });
    expect(payload(refreshed.data.session?.access_token)).toMatchObject({ tenant: 'acme', session_id: id });
    expect(questions(tokens).map((one) => one.authentication_method)).toEqual(['password', 'token_refresh']);
    expect((await client().getUser(refreshed.data.session?.access_token)).error).toBeNull();
    await client().signInAnonymously();
    expect(last(tokens)?.authentication_method).toBe('anonymous');
  });

  test('of a code that was mailed says it, too', async () => {
    hooked({ tokens: true, users: true });
    echo({ tenant: 'acme' });
    const address = email();
    await client().signInWithOtp({ email: address });
    const { text } = await auth.mailTo(address);
    const token = /enter this code: (\d{6})/.exec(text)?.[1] ?? '';
    const { data, error } = await client().verifyOtp({ email: address, token, type: 'email' });
    expect([error, payload(data.session?.access_token)['tenant']]).toEqual([null, 'acme']);
    expect(last(tokens)?.authentication_method).toBe('otp');
  });

  test.each(['passkey', 'mfa/webauthn'])(
    'of a key (%s) says it, too; where it is refused the answer to the challenge is still good',
    async (method) => {
      hooked(
        { tokens: true },
        {
          passkeys: { ...AUTH_DEFAULTS.passkeys, enabled: true },
          mfa: { ...AUTH_DEFAULTS.mfa, webauthn: true },
        },
      );
      const answer = method === 'passkey' ? await passkeyAnswer() : await keyAnswer();
      const state = () =>
        auth.owner(`SELECT array(SELECT sign_count FROM auth.webauthn_credentials),
          array(SELECT status FROM auth.mfa_factors), (SELECT count(*) FROM auth.audit_log_entries)`);
      const before = await state();
      tokens.answers(json({ error: { http_code: 403, message: 'Staging is closed' } }));
      expect(await answer()).toMatchObject({ status: 403, body: { message: 'Staging is closed' } });
      expect(await state()).toEqual(before);
      echo({ tenant: 'acme' });
      const { body } = await answer();
      const { tenant, amr } = payload(String(body['access_token']));
      expect([tenant, (amr as [object])[0]]).toMatchObject(['acme', { method }]);
      expect(last(tokens)?.authentication_method).toBe(method);
      expect(await answer()).not.toMatchObject({ status: 200 });
    },
  );

  /** by a passkey of somebody new */
  async function passkeyAnswer() {
    const one = client();
    await one.setSession(await signUp());
    const authenticator = new SoftwareAuthenticator(SITE);
    const made = (await one.passkey.startRegistration()).data;
    const credential = authenticator.create(made?.options as unknown as KeyOptions);
    await one.passkey.verifyRegistration({ challengeId: made?.challenge_id, credential } as never);
    const asked = (await client().passkey.startAuthentication()).data;
    const used = authenticator.get(asked?.options as unknown as KeyOptions);
    return () =>
      post('/passkeys/authentication/verify', { challenge_id: asked?.challenge_id, credential: used });
  }

  /** by the first key of somebody new */
  async function keyAnswer() {
    const { access_token: token } = await signUp();
    const factor = await post('/factors', { factor_type: 'webauthn', friendly_name: 'key' }, token);
    const path = `/factors/${String(factor.body['id'])}`;
    const { body } = await post(`${path}/challenge`, {}, token);
    const { credential_options } = body['webauthn'] as { credential_options: { publicKey: KeyOptions } };
    const made = new SoftwareAuthenticator(SITE).create(credential_options.publicKey);
    const webauthn = { type: 'create', credential_response: made };
    return () => post(`${path}/verify`, { challenge_id: body['id'], webauthn }, token);
  }

  test('may say less and end sooner: the client is told when', async () => {
    hooked({ tokens: true });
    tokens.answers((asked, res) => {
      const {
        app_metadata: _,
        user_metadata: __,
        amr: ___,
        ...claims
      } = (JSON.parse(asked.body) as Question).claims;
      return json({ claims: { ...claims, exp: Number(claims['iat']) + 60, aud: ['a', 'b'] } })(asked, res);
    });
    const session = await signUp();
    const claims = payload(session.access_token);
    expect(Object.keys(claims)).not.toContain('user_metadata');
    expect([session.expires_in, session.expires_at]).toEqual([60, claims['exp']]);
  });

  test.each<[string, object]>([
    ['no sub', { sub: undefined }],
    ['no session', { session_id: undefined }],
    ['an address that is none', { email: null }],
    ['a role that is a list', { role: ['admin'] }],
    ['a level that is a number', { aal: 2 }],
    ['a text for a yes', { is_anonymous: 'false' }],
    ['a date for a time', { exp: '2030-01-01' }],
    ['no end', { exp: 9_000_000_000 }],
    ['an end before its beginning', { exp: 1 }],
    ['metadata that is a text', { user_metadata: 'x' }],
  ])('with %s is issued to nobody', async (_what, change) => {
    hooked({ tokens: true });
    echo(change);
    const before = await count('users');
    expect(await post('/signup', { email: email(), password })).toMatchObject({
      status: 500,
      body: { code: 'unexpected_failure' },
    });
    expect(await count('users')).toBe(before);
  });

  test.each([{}, { claims: null }, { claims: [] }, { claims: 'x' }])('by %j is none', async (answer) => {
    hooked({ tokens: true });
    tokens.answers(json(answer));
    expect(await post('/signup', { email: email(), password })).toMatchObject({
      status: 500,
      body: { code: 'unexpected_failure', message: 'output claims field is missing' },
    });
  });

  test('that no header could hold is issued to nobody', async () => {
    hooked({ tokens: true });
    echo({ big: 'x'.repeat(25_000) });
    expect(await post('/signup', { email: email(), password })).toMatchObject({
      status: 500,
      body: { code: 'hook_payload_over_size_limit' },
    });
  });

  test('may be refused, in the owner’s words', async () => {
    hooked({ tokens: true });
    const address = email();
    await signUp(address);
    tokens.answers(json({ error: { http_code: 403, message: 'Staging is closed' } }));
    expect(refusal(await client().signInWithPassword({ email: address, password }))).toEqual([
      403,
      'unknown',
      'Staging is closed',
    ]);
  });

  test.each<[Failing | 'is refused', number, string]>([
    ['hangs', 504, 'hook_timeout'],
    ['floods', 500, 'hook_payload_over_size_limit'],
    ['is refused', 500, 'unexpected_failure'],
  ])('is not issued where the hook %s: nothing is used up', async (how, status, code) => {
    hooked({ tokens: true });
    const address = email();
    const session = await signUp(address);
    const state = () =>
      auth.owner(`SELECT s.id, s.refresh_token_counter, s.updated_at, u.last_sign_in_at FROM auth.sessions s
        JOIN auth.users u ON u.id = s.user_id WHERE u.email = '${address}'`);
    const before = [await state(), await count('users'), await count('audit_log_entries')];
    tokens.answers(how === 'is refused' ? json({ error: 'x' }) : failing[how]);
    if (how === 'hangs') hooked({ tokens: true }, {}, 300);
    const refused = { status, body: { code } };
    const refresh = () => post('/token?grant_type=refresh_token', { refresh_token: session.refresh_token });
    expect(await refresh()).toMatchObject(refused);
    expect(await post('/token?grant_type=password', { email: address, password })).toMatchObject(refused);
    expect(await post('/signup', { email: email(), password })).toMatchObject(refused);
    expect([await state(), await count('users'), await count('audit_log_entries')]).toEqual(before);
    echo();
    hooked({ tokens: true });
    expect((await refresh()).status).toBe(200);
  });

  test('of ten refreshes at once is one that counts', async () => {
    hooked({ tokens: true });
    const session = await signUp();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        post('/token?grant_type=refresh_token', { refresh_token: session.refresh_token }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
  });

  test('says what is so when it is issued: who has another role meanwhile is asked for again', async () => {
    hooked({ tokens: true });
    const address = email();
    const session = await signUp(address);
    tokens.answers(async (asked, res) => {
      const { claims } = JSON.parse(asked.body) as Question;
      if (tokens.asked.length === 2)
        await auth.owner(`UPDATE auth.users SET role = 'member' WHERE email = '${address}'`);
      return json({ claims })(asked, res);
    });
    const { body } = await post('/token?grant_type=refresh_token', { refresh_token: session.refresh_token });
    expect(payload(String(body['access_token']))).toMatchObject({ role: 'member' });
    expect(tokens.asked.length).toBe(3);
  });

  test('that is never the same when it is asked for is issued to nobody, and nothing is used up', async () => {
    hooked({ tokens: true });
    const address = email();
    const session = await signUp(address);
    tokens.asked.splice(0);
    tokens.answers(async (asked, res) => {
      const { claims } = JSON.parse(asked.body) as Question;
      const role = `role_${tokens.asked.length}`;
      await auth.owner(`UPDATE auth.users SET role = '${role}' WHERE email = '${address}'`);
      return json({ claims })(asked, res);
    });
    const refresh = () => post('/token?grant_type=refresh_token', { refresh_token: session.refresh_token });
    expect((await refresh()).status).toBe(503);
    expect(tokens.asked.length).toBe(4);
    echo();
    expect((await refresh()).status).toBe(200);
  });

  test('is of the time at which it was asked for, however long the hook takes', async () => {
    hooked({ tokens: true });
    const asked = Math.floor(auth.now().getTime() / 1000);
    tokens.answers((question, res) => {
      auth.advance(60);
      return json({ claims: (JSON.parse(question.body) as Question).claims })(question, res);
    });
    const { iat } = payload((await signUp()).access_token);
    expect(Number(iat) - asked).toBeLessThan(60);
    expect(tokens.asked.length).toBe(1);
  });

  test('may wait for who changes the very user: nothing of the database is held', async () => {
    hooked({ tokens: true });
    const session = await signUp();
    tokens.answers(async (asked, res) => {
      const { claims, user_id: id } = JSON.parse(asked.body) as Question;
      const admin = client(auth.url, auth.serviceKey).admin;
      await admin.updateUserById(id, { user_metadata: { asked: tokens.asked.length } });
      return json({ claims })(asked, res);
    });
    const { status } = await post('/token?grant_type=refresh_token', {
      refresh_token: session.refresh_token,
    });
    expect([status, tokens.asked.length]).toEqual([200, 2]);
    const rows = await auth.owner(`SELECT FROM auth.users WHERE raw_user_meta_data ->> 'asked' = '2'`);
    expect(rows.length).toBe(1);
  });
});

test('hooks of a project that hang hold up neither another project nor the rest of their own', async () => {
  hooked({ tokens: true });
  const session = await signUp();
  auth.setOther({ autoconfirm: true });
  const theirs = email();
  expect((await client(auth.otherUrl).signUp({ email: theirs, password })).error).toBeNull();
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  tokens.answers(async (asked, res) => {
    await go;
    const { claims } = JSON.parse(asked.body) as Question;
    return json({ claims })(asked, res);
  });
  let ended = 0;
  const refresh = async () => {
    const { status } = await post('/token?grant_type=refresh_token', {
      refresh_token: session.refresh_token,
    });
    ended++;
    return status;
  };
  const [begun] = [tokens.asked.length];
  const hanging = Array.from({ length: 40 }, refresh);
  await vi.waitFor(() => expect(tokens.asked.length - begun).toBe(20), { timeout: 20_000 });
  // no more than these are asked at once; the others wait their turn
  await pause(100);
  expect([tokens.asked.length - begun, ended]).toEqual([20, 0]);
  expect((await client(auth.otherUrl).signInWithPassword({ email: theirs, password })).error).toBeNull();
  expect((await client().getUser(session.access_token)).error).toBeNull();
  expect(ended).toBe(0);
  // those that find no place to wait are told at once, as an outage
  const more = Array.from({ length: 20 }, refresh);
  await vi.waitFor(() => expect(ended).toBe(10), { timeout: 20_000 });
  letGo();
  const statuses = await Promise.all([...hanging, ...more]);
  expect(statuses.filter((status) => status === 503).length).toBe(10);
  expect(statuses.filter((status) => status === 200).length).toBe(50);
});
