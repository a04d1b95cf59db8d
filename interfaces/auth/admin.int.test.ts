/** The admin API as the client library uses it, in a project's real database. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi, type User } from '@supabase/auth-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let admin: GoTrueAdminApi;
beforeAll(async () => {
  auth = await authUnderTest();
  admin = adminWith(auth.serviceKey);
});
afterAll(() => auth.close());

const adminWith = (key: string) =>
  new GoTrueAdminApi({ url: auth.url, headers: { authorization: `Bearer ${key}`, apikey: key } });
const some = () => `${randomUUID().slice(0, 8)}@example.com`;
/** What the client library does not let through. */
const raw = (method: string, path: string, body?: unknown, key = auth.serviceKey) =>
  fetch(`${auth.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json;charset=UTF-8' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const codeOf = async (answer: Response) => [answer.status, answer.headers.get('x-sb-error-code')];

async function made(input: Parameters<GoTrueAdminApi['createUser']>[0] = {}): Promise<User> {
  const { data, error } = await admin.createUser({ email: some(), ...input });
  expect(error).toBeNull();
  return data.user!;
}
const rowOf = async (id: string) => (await auth.owner(`SELECT * FROM auth.users WHERE id = '${id}'`))[0]!;
const audited = async (id: string) => {
  const rows = await auth.owner(
    `SELECT payload->>'action' AS action FROM auth.audit_log_entries WHERE payload::text LIKE '%${id}%' ORDER BY created_at, action`,
  );
  return rows.map(({ action }) => action);
};

describe('a user is made', () => {
  test('with what was said of them: row, answer and identity agree', async () => {
    const id = randomUUID();
    const user = await made({
      id,
      email: 'O’Neil+Tag@Ex.Museum',
      email_confirm: true,
      password: 'a password',
      user_metadata: { full_name: 'Ann O’Neil', nothing: null },
      app_metadata: { plan: 'gold' },
      role: 'editor',
      ban_duration: '24h',
    });
    expect(user).toMatchObject({
      id,
      email: 'o’neil+tag@ex.museum',
      role: 'editor',
      aud: 'authenticated',
      app_metadata: { provider: 'email', providers: ['email'], plan: 'gold' },
      user_metadata: { full_name: 'Ann O’Neil', email_verified: true },
      is_anonymous: false,
      identities: [
        {
          id,
          user_id: id,
          provider: 'email',
          identity_data: { sub: id, email: 'o’neil+tag@ex.museum', email_verified: true },
        },
      ],
    });
    expect(user.user_metadata).not.toHaveProperty('nothing');
    expect(user).not.toHaveProperty('encrypted_password');
    const row = await rowOf(id);
    expect((row['banned_until'] as Date).getTime() - auth.now().getTime()).toBeGreaterThan(23.9 * 3_600_000);
    expect(row['email_confirmed_at']).toBeInstanceOf(Date);
    expect(await audited(id)).toEqual(['user_signedup']);
  });

  test('without a password, unconfirmed, by a telephone alone', async () => {
    const user = await made();
    expect(user).not.toHaveProperty('email_confirmed_at');
    expect(await rowOf(user.id)).toMatchObject({ encrypted_password: null });
    const { data } = await admin.createUser({ phone: '+49 170 1234567', phone_confirm: true });
    expect(data.user).toMatchObject({
      email: '',
      phone: '491701234567',
      app_metadata: { provider: 'phone' },
    });
    const { error } = await admin.createUser({ phone: '491701234567' });
    expect(error).toMatchObject({ status: 422, code: 'phone_exists' });
  });

  test('with a hash that they bring along', async () => {
    const hash = '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';
    const { id } = await made({ password_hash: hash });
    expect(await rowOf(id)).toMatchObject({ encrypted_password: hash });
  });

  test.each([
    [{}, 'validation_failed'],
    [{ email: 'no address' }, 'validation_failed'],
    [{ phone: '12' }, 'validation_failed'],
    [{ email: 'a@b.example', ban_duration: '1 day' }, 'validation_failed'],
    [{ email: 'a@b.example', ban_duration: 'forever' }, 'validation_failed'],
    [{ email: 'a@b.example', password: 'ü'.repeat(40) }, 'validation_failed'],
    [{ email: 'a@b.example', password_hash: 'md5' }, 'validation_failed'],
    [
      {
        email: 'a@b.example',
        password: 'x',
        password_hash: '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
      },
      'validation_failed',
    ],
    [{ email: 'a@b.example', id: '7' }, 'validation_failed'],
    [{ email: 'a@b.example', id: '00000000-0000-0000-0000-000000000000' }, 'validation_failed'],
    [{ email: 'a@b.example', role: 'x'.repeat(256) }, 'validation_failed'],
    [{ email: 'a@b.example', user_metadata: 'text' }, 'validation_failed'],
    [{ email: 'a@b.example', user_metadata: { a: '\u0000' } }, 'validation_failed'],
    [{ email: 7 }, 'validation_failed'],
  ])('not with %j, and then there is none', async (body, code) => {
    const answer = await raw('POST', '/admin/users', body);
    expect(await codeOf(answer)).toEqual([400, code]);
    expect(await auth.owner("SELECT id FROM auth.users WHERE email = 'a@b.example'")).toEqual([]);
  });

  test('once: ten at a time give one, and nobody an outage', async () => {
    const email = some();
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.createUser({ email })));
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
    const codes = new Set(answers.flatMap(({ error }) => (error ? [`${error.status} ${error.code}`] : [])));
    expect([...codes]).toEqual(['422 email_exists']);
    const first = answers.find(({ data }) => data.user)!.data.user!;
    const { error } = await admin.createUser({ email: email.toUpperCase() });
    expect(error?.code).toBe('email_exists');
    const sameId = await admin.createUser({ email: some(), id: first.id });
    expect(sameId.error).toMatchObject({ status: 422, code: 'user_already_exists' });
  });
});

describe('a user is changed', () => {
  test('metadata key by key; null takes a key away', async () => {
    const { id } = await made({ user_metadata: { a: 1, b: 2 }, app_metadata: { plan: 'gold' } });
    const { data } = await admin.updateUserById(id, {
      user_metadata: { b: null, c: 3 },
      app_metadata: { plan: null, level: 2 },
    });
    expect(data.user?.user_metadata).toEqual({ a: 1, c: 3 });
    expect(data.user?.app_metadata).toEqual({ provider: 'email', providers: ['email'], level: 2 });
    expect(await audited(id)).toEqual(['user_signedup', 'user_modified']);
  });

  test('an anonymous one with a confirmed address is not anonymous, and known by it', async () => {
    const id = randomUUID();
    await auth.owner(
      `INSERT INTO auth.users (id, aud, role, is_anonymous, raw_app_meta_data) VALUES ('${id}', 'authenticated', 'authenticated', true, '{}')`,
    );
    const unconfirmed = await admin.updateUserById(id, { user_metadata: { a: 1 } });
    expect(unconfirmed.data.user).toMatchObject({ is_anonymous: true, identities: [] });
    const email = some();
    const { data } = await admin.updateUserById(id, { email, email_confirm: true, password: 'a password' });
    expect(data.user).toMatchObject({
      email,
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      identities: [{ provider: 'email', identity_data: { email, email_verified: true } }],
    });
    const signedIn = await auth.signIn(email, 'a password');
    expect(claimsOf(signedIn.access_token)).toMatchObject({ is_anonymous: false, email });
  });

  test('another address is theirs at once, and their identity’s; somebody else’s is not', async () => {
    const [one, two] = [await made(), await made()];
    const email = some();
    const { data } = await admin.updateUserById(one.id, { email: email.toUpperCase() });
    expect(data.user).toMatchObject({ email, identities: [{ identity_data: { email } }] });
    expect(data.user?.identities).toHaveLength(1);
    const { error } = await admin.updateUserById(one.id, { email: two.email! });
    expect(error).toMatchObject({ status: 422, code: 'email_exists' });
    expect(await rowOf(one.id)).toMatchObject({ email });
  });

  test('a ban, and its end', async () => {
    const { id } = await made();
    const until = async (ban_duration: string) =>
      (await admin.updateUserById(id, { ban_duration })).data.user?.banned_until;
    expect(new Date((await until('1h30m'))!).getTime() - auth.now().getTime()).toBeGreaterThan(5_390_000);
    expect(await until('none')).toBeUndefined();
    const { error } = await admin.updateUserById(id, { ban_duration: '1week' });
    expect(error).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('another password ends all sessions and open codes; a weak one is none', async () => {
    const user = await made({ email_confirm: true, password: 'a password' });
    const { access_token: token } = await auth.signIn(user.email!, 'a password');
    await admin.generateLink({ type: 'recovery', email: user.email! });
    const weak = await admin.updateUserById(user.id, { password: 'abc' });
    expect(weak.error).toMatchObject({ status: 422, code: 'weak_password', reasons: ['length'] });
    expect((await raw('GET', '/user', undefined, token)).status).toBe(200);
    await admin.updateUserById(user.id, { password: 'another one' });
    expect(await codeOf(await raw('GET', '/user', undefined, token))).toEqual([403, 'session_not_found']);
    const open = await auth.owner(`SELECT id FROM auth.one_time_tokens WHERE user_id = '${user.id}'`);
    expect(open).toEqual([]);
    expect((await auth.signIn(user.email!, 'another one')).access_token).toBeTruthy();
  });
});

describe('a user is deleted', () => {
  test('with all that is theirs', async () => {
    const user = await made({ email_confirm: true, password: 'a password' });
    await auth.signIn(user.email!, 'a password');
    expect(await admin.deleteUser(user.id)).toMatchObject({ error: null });
    for (const table of ['identities', 'sessions'])
      expect(await auth.owner(`SELECT 1 FROM auth.${table} WHERE user_id = '${user.id}'`)).toEqual([]);
    expect((await admin.deleteUser(user.id)).error).toMatchObject({ status: 404, code: 'user_not_found' });
  });

  test('softly: the row stays, says nothing, and the address is free', async () => {
    const user = await made({
      email_confirm: true,
      password: 'a password',
      phone: '+4917099',
      user_metadata: { full_name: 'Ann' },
    });
    const { access_token: token } = await auth.signIn(user.email!, 'a password');
    await admin.deleteUser(user.id, true);
    const [row] = await auth.owner(
      `SELECT users.*, i.identity_data, i.provider_id FROM auth.users JOIN auth.identities i ON user_id = users.id WHERE users.id = '${user.id}' LIMIT 1`,
    );
    expect(row?.['deleted_at']).toBeInstanceOf(Date);
    expect(JSON.stringify(row)).not.toMatch(new RegExp(`${user.email}|4917099|Ann`));
    expect(row?.['encrypted_password']).toBeFalsy();
    expect((await raw('GET', '/user', undefined, token)).status).toBe(403);
    await made({ email: user.email!, phone: '+4917099' });
    await admin.deleteUser(user.id, true);
    expect(await audited(user.id)).toEqual(['user_signedup', 'login', 'user_deleted']);
  });

  test('whoever refers to the row decides', async () => {
    const user = await made();
    await auth.owner(`CREATE TABLE IF NOT EXISTS public.kept (owner uuid REFERENCES auth.users);
      INSERT INTO public.kept VALUES ('${user.id}')`);
    const answer = await raw('DELETE', `/admin/users/${user.id}`);
    expect(await codeOf(answer)).toEqual([500, 'unexpected_failure']);
    expect(await answer.text()).not.toMatch(/kept|foreign/i);
    expect(await rowOf(user.id)).toMatchObject({ id: user.id });
  });
});

test('whom nobody knows, and what is no id, is 404 everywhere', async () => {
  for (const id of [randomUUID(), 'not-an-id', '%00', '7; DROP TABLE auth.users'])
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['GET', '/factors'],
      ['DELETE', `/factors/${randomUUID()}`],
    ] as const) {
      const body = method === 'PUT' ? { password: 'a password' } : undefined;
      const answer = await raw(
        method,
        `/admin/users/${id === '%00' ? id : encodeURIComponent(id)}${path}`,
        body,
      );
      expect([method, id, ...(await codeOf(answer))]).toEqual([
        method,
        id,
        ...(id === '%00' ? [400, 'validation_failed'] : [404, 'user_not_found']),
      ]);
    }
  const { id } = await made();
  expect(await codeOf(await raw('DELETE', `/admin/users/${id}/factors/x`))).toEqual([
    404,
    'mfa_factor_not_found',
  ]);
});

describe('the list', () => {
  test('has its total always: for one page, none, a filter, beyond the end', async () => {
    await auth.owner('DELETE FROM public.kept; DELETE FROM auth.users');
    const empty = await admin.listUsers();
    expect(empty.data).toMatchObject({ users: [], aud: 'authenticated', total: 0, lastPage: 1 });
    for (let n = 0; n < 3; n++)
      await made({ email: `user${n}@example.com`, user_metadata: { full_name: `Nr ${n}` } });
    const all = await admin.listUsers();
    expect(all.data).toMatchObject({ total: 3, lastPage: 1 });
    expect(all.data.users.map(({ email }) => email)).toEqual([2, 1, 0].map((n) => `user${n}@example.com`));
    expect(all.data.users[0]?.identities).toHaveLength(1);
    const first = await admin.listUsers({ page: 1, perPage: 2 });
    expect(first.data).toMatchObject({ total: 3, nextPage: 2, lastPage: 2 });
    const beyond = await admin.listUsers({ page: 9, perPage: 2 });
    expect(beyond.data).toMatchObject({ users: [], total: 3, lastPage: 2 });
  });

  test('is filtered by address and full name', async () => {
    for (const [filter, count] of [
      ['USER1', 1],
      ['nr 2', 1],
      ['user', 3],
      ['%', 0],
      ["'", 0],
    ] as const) {
      const answer = await raw('GET', `/admin/users?filter=${encodeURIComponent(filter)}`);
      const { users } = (await answer.json()) as { users: unknown[] };
      expect([filter, users.length, answer.headers.get('x-total-count')]).toEqual([
        filter,
        count,
        String(count),
      ]);
      expect(answer.headers.get('link')).toMatch(/^<\/admin\/users\?page=1&per_page=50.*>; rel="last"$/);
    }
  });

  test.each(['page=0', 'page=-1', 'page=x', 'per_page=1001', 'per_page=1.5', 'page=99999999999'])(
    'takes no %s',
    async (query) => {
      expect(await codeOf(await raw('GET', `/admin/users?${query}`))).toEqual([400, 'validation_failed']);
    },
  );

  test('is not larger than a process can bear, whatever is in the metadata', async () => {
    await auth.owner(`INSERT INTO auth.users (id, created_at, raw_user_meta_data)
      SELECT gen_random_uuid(), '2020-01-01', jsonb_build_object('a', repeat('x', 1000000)) FROM generate_series(1, 20)`);
    expect(await codeOf(await raw('GET', '/admin/users'))).toEqual([400, 'validation_failed']);
    expect((await raw('GET', '/admin/users?per_page=10&page=2')).status).toBe(200);
    await auth.owner(`DELETE FROM auth.users WHERE created_at = '2020-01-01'`);
  });

  test('takes the empty texts that the client sends', async () => {
    expect((await raw('GET', '/admin/users?page=&per_page=')).status).toBe(200);
  });

  test('shows rows that others wrote, however odd', async () => {
    await auth.owner(`INSERT INTO auth.users (id) VALUES ('${randomUUID()}')`);
    const { data } = await admin.listUsers();
    expect(data.users).toHaveLength(4);
  });
});

test('only the service key may', async () => {
  const { error } = await adminWith(auth.anonKey).listUsers();
  expect(error).toMatchObject({ status: 403, code: 'not_admin' });
  const user = await made({ email_confirm: true, password: 'a password', role: 'authenticated' });
  const { access_token: token } = await auth.signIn(user.email!, 'a password');
  for (const [method, path] of [
    ['GET', '/admin/users'],
    ['POST', '/admin/users'],
    ['POST', '/admin/generate_link'],
    ['DELETE', `/admin/users/${user.id}`],
  ] as const)
    expect(await codeOf(await raw(method, path, method === 'GET' ? undefined : {}, token))).toEqual([
      403,
      'not_admin',
    ]);
});

test('an invitation is a mail, also where sign-ups are closed, and its code signs in', async () => {
  auth.set({ signUpsOpen: false });
  const email = some();
  const invited = await admin.inviteUserByEmail(email, { data: { team: 'red' } });
  expect(invited.error).toBeNull();
  expect(invited.data.user).toMatchObject({ email, user_metadata: { team: 'red' } });
  expect(invited.data.user).toHaveProperty('invited_at');
  const { id } = invited.data.user!;
  const mails = await auth.owner(
    `SELECT kind, recipient, body_text FROM auth.mail_outbox WHERE recipient = '${email}'`,
  );
  expect(mails).toMatchObject([{ kind: 'invite' }]);
  expect(await audited(id)).toEqual(['user_invited']);
  const again = await admin.inviteUserByEmail(email);
  expect(again.data.user?.id).toBe(id);
  const made = await admin.generateLink({ type: 'invite', email });
  const verified = await raw('POST', '/verify', {
    type: 'invite',
    token_hash: made.data.properties?.hashed_token,
  });
  expect(verified.status).toBe(200);
  const { access_token: token } = (await verified.json()) as { access_token: string };
  expect(claimsOf(token)).toMatchObject({ email, sub: id });
  expect((await admin.inviteUserByEmail(email)).error).toMatchObject({ status: 422, code: 'email_exists' });
  auth.set();
});

describe('sessions of a user', () => {
  interface Row {
    readonly id: string;
    readonly aal: string;
  }
  const sessionsOf = async (id: string) =>
    (await (await raw('GET', `/admin/users/${id}/sessions`)).json()) as readonly Row[];

  test('are listed, and end one by one or all, which the trail tells; nothing shown continues one', async () => {
    const [user, other] = [
      await made({ password: 'a password', email_confirm: true }),
      await made({ password: 'a password', email_confirm: true }),
    ];
    const first = await auth.signIn(user.email!, 'a password');
    const second = await auth.signIn(user.email!, 'a password');
    const theirs = await auth.signIn(other.email!, 'a password');
    const listed = await sessionsOf(user.id);
    const idOf = ({ access_token: token }: { access_token: string }) => claimsOf(token)['session_id'];
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set([idOf(first), idOf(second)]));
    expect(listed[0]).toMatchObject({ aal: 'aal1', ip: '127.0.0.1' });
    expect(Object.keys(listed[0]!).filter((key) => /key|token|counter/.test(key))).toEqual([]);

    const ended = await raw('DELETE', `/admin/users/${user.id}/sessions/${String(idOf(first))}`);
    expect(ended.status).toBe(204);
    expect((await sessionsOf(user.id)).map(({ id }) => id)).toEqual([idOf(second)]);
    const refreshed = await raw('POST', '/token?grant_type=refresh_token', {
      refresh_token: first.refresh_token,
    });
    expect(await codeOf(refreshed)).toEqual([400, 'refresh_token_not_found']);

    // a session of somebody else's is none of theirs
    for (const session of [String(idOf(theirs)), randomUUID(), 'x'])
      expect(await codeOf(await raw('DELETE', `/admin/users/${user.id}/sessions/${session}`))).toEqual([
        404,
        'session_not_found',
      ]);
    expect((await raw('DELETE', `/admin/users/${user.id}/sessions`)).status).toBe(204);
    expect([await sessionsOf(user.id), (await sessionsOf(other.id)).length]).toEqual([[], 1]);
    expect((await audited(user.id)).filter((action) => action === 'logout')).toEqual(['logout', 'logout']);
  });

  test('are the service key’s to see, of users that there are', async () => {
    const { id } = await made();
    const asAnon = await raw('GET', `/admin/users/${id}/sessions`, undefined, auth.anonKey);
    expect(await codeOf(asAnon)).toEqual([403, 'not_admin']);
    for (const method of ['GET', 'DELETE'])
      expect(await codeOf(await raw(method, `/admin/users/${randomUUID()}/sessions`))).toEqual([
        404,
        'user_not_found',
      ]);
  });
});

test('both links to another address verify, by hash and by code', async () => {
  const user = await made({ email_confirm: true });
  const newEmail = some();
  const link = async (type: 'email_change_current' | 'email_change_new') =>
    (await admin.generateLink({ type, email: user.email!, newEmail })).data.properties!;
  const [current, other] = [await link('email_change_current'), await link('email_change_new')];
  const first = await raw('POST', '/verify', { type: 'email_change', token_hash: current.hashed_token });
  expect([first.status, await first.json()]).toMatchObject([200, { code: '200' }]);
  const second = await raw('POST', '/verify', {
    type: 'email_change',
    email: newEmail,
    token: other.email_otp,
  });
  expect(second.status).toBe(200);
  expect(await rowOf(user.id)).toMatchObject({ email: newEmail });
});

describe('a link is made, and nothing is sent', () => {
  const hashIs = async (id: string, type: string) =>
    (
      await auth.owner(
        `SELECT token_hash FROM auth.one_time_tokens WHERE user_id = '${id}' AND token_type = '${type}'`,
      )
    )[0]?.['token_hash'];

  test('of each type, for whom it may be', async () => {
    const sent = await auth.owner('SELECT id FROM auth.mail_outbox');
    const user = await made({ email_confirm: true });
    const email = user.email!;
    const unknown = some();
    const cases = [
      [{ type: 'signup', email: some(), password: 'a password' }, 'signup', 'confirmation_token'],
      [{ type: 'invite', email: some() }, 'invite', 'confirmation_token'],
      [{ type: 'magiclink', email }, 'magiclink', 'recovery_token'],
      [{ type: 'magiclink', email: unknown }, 'signup', 'confirmation_token'],
      [{ type: 'recovery', email }, 'recovery', 'recovery_token'],
      [
        { type: 'email_change_current', email, newEmail: 'new@x.example' },
        'email_change_current',
        'email_change_token_current',
      ],
      [
        { type: 'email_change_new', email, newEmail: 'new@x.example' },
        'email_change_new',
        'email_change_token_new',
      ],
    ] as const;
    for (const [input, verification, token] of cases) {
      const { data, error } = await admin.generateLink(input as never);
      expect([input.type, error]).toEqual([input.type, null]);
      const { properties, user: of } = data;
      expect(properties).toMatchObject({
        verification_type: verification,
        redirect_to: 'https://app.example',
      });
      expect(properties?.email_otp).toMatch(/^\d{6}$/);
      expect(properties?.hashed_token).toBe(await hashIs(of!.id, token));
      const link = new URL(properties!.action_link);
      expect(link.searchParams.get('token')).toBe(properties?.hashed_token);
      expect(link.searchParams.get('type')).toBe(
        verification.startsWith('email_change') ? 'email_change' : verification,
      );
    }
    expect(await rowOf(user.id)).toMatchObject({ email_change: 'new@x.example', email });
    expect(await auth.owner('SELECT * FROM auth.mail_outbox')).toHaveLength(sent.length);
  });

  test('that goes where it may', async () => {
    const email = some();
    auth.set({ allowedRedirects: ['https://*.app.example/**'] });
    const to = async (redirectTo: string) =>
      (await admin.generateLink({ type: 'magiclink', email, options: { redirectTo } })).data.properties;
    const asked = 'https://a.app.example/x?next=/a&x=1';
    const made = await to(asked);
    expect(made?.redirect_to).toBe(asked);
    expect(new URL(made!.action_link).searchParams.get('redirect_to')).toBe(asked);
    expect((await to('https://evil.example/'))?.redirect_to).toBe('https://app.example');
    auth.set();
  });

  test('not for whom it may not be', async () => {
    const user = await made({ email_confirm: true });
    const other = await made({ email_confirm: true });
    const cases = [
      [{ type: 'signup', email: user.email, password: 'a password' }, 422, 'email_exists'],
      [{ type: 'invite', email: user.email }, 422, 'email_exists'],
      [{ type: 'recovery', email: some() }, 404, 'user_not_found'],
      [{ type: 'email_change_new', email: some(), new_email: some() }, 404, 'user_not_found'],
      [{ type: 'email_change_new', email: user.email, new_email: other.email }, 422, 'email_exists'],
      [{ type: 'email_change_new', email: user.email, new_email: 'x' }, 400, 'validation_failed'],
      [{ type: 'signup', email: some(), password: 'abc' }, 422, 'weak_password'],
      [{ type: 'constructor', email: some() }, 400, 'validation_failed'],
      [{ type: 'signup', email: 'x' }, 400, 'validation_failed'],
    ] as const;
    for (const [body, status, code] of cases)
      expect([body.type, ...(await codeOf(await raw('POST', '/admin/generate_link', body)))]).toEqual([
        body.type,
        status,
        code,
      ]);
  });

  test('a stranger who signed up with the address first keeps no password in it', async () => {
    const email = some();
    const stranger = await made({ email, password: 'strangers password' });
    await admin.generateLink({ type: 'invite', email });
    expect(await rowOf(stranger.id)).toMatchObject({ encrypted_password: null });
    expect((await rowOf(stranger.id))['invited_at']).toBeInstanceOf(Date);
  });
});

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
