import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { userBelongingsContract } from '../../application/ports/user-belongings.contract.ts';
import { userDirectoryContract } from '../../application/ports/user-directory.contract.ts';
import type { UserTransaction } from '../../application/ports/user-directory.ts';
import { aFactor, aFlow, aSession, aUser } from '../../application/testing/sample-users.ts';
import { testUsers } from '../testing/users.ts';
import { transactionOf } from './pg-user-directory.ts';

userDirectoryContract('in PostgreSQL', testUsers);
userBelongingsContract('in PostgreSQL', testUsers);

let harness: Awaited<ReturnType<typeof testUsers>>;
beforeAll(async () => {
  harness = await testUsers();
});
afterAll(() => harness.close());
const within = <T>(work: (rows: UserTransaction) => Promise<T>) =>
  harness.directory.with(harness.projects[0], work);
const owner = (sql: string) => harness.owner(sql);

test('rows that others wrote are users like all, however odd', async () => {
  const ids = Array.from({ length: 4 }, () => randomUUID());
  await owner(`
    INSERT INTO auth.users (id) VALUES ('${ids[0]}');
    INSERT INTO auth.users (id, email, phone, confirmation_token, raw_user_meta_data, banned_until, created_at)
      VALUES ('${ids[1]}', 'Odd.One@B.example', '', '', '[1]', 'infinity', '-infinity');
    INSERT INTO auth.users (id, email, raw_app_meta_data, created_at, last_sign_in_at)
      VALUES ('${ids[2]}', 'two@b.example', '"x"', '290000-01-01', '0044-03-15 BC');
    INSERT INTO auth.users (id, email, is_sso_user) VALUES ('${ids[3]}', 'two@b.example', true)`);
  const { users, total } = await within((rows) => rows.users.page({ page: 1, perPage: 50, filter: '' }));
  expect([users.length, total]).toEqual([4, 4]);
  expect(() => JSON.stringify(users)).not.toThrow();
  const found = await within(async (rows) => [
    await rows.users.byEmail('odd.one@b.example'),
    await rows.users.byEmail('two@b.example'),
    await rows.users.byId(ids[0]!),
  ]);
  const [odd, two, bare] = found;
  expect(odd).toMatchObject({
    id: ids[1],
    email: 'odd.one@b.example',
    phone: null,
    userMetadata: {},
    emailChange: '',
  });
  expect(odd?.bannedUntil?.getUTCFullYear()).toBe(9999);
  expect(two).toMatchObject({ id: ids[2], appMetadata: {} });
  expect(bare).toMatchObject({
    aud: 'authenticated',
    role: 'authenticated',
    email: null,
    passwordHash: null,
  });
  await within(({ users: rows }) => rows.update(ids[1]!, { passwordHash: 'x' }));
  expect(await owner(`SELECT email, banned_until::text FROM auth.users WHERE id = '${ids[1]}'`)).toEqual([
    { email: 'Odd.One@B.example', banned_until: 'infinity' },
  ]);
  // nobody can sign tokens of a session that has no key
  const session = randomUUID();
  await owner(`INSERT INTO auth.sessions (id, user_id) VALUES ('${session}', '${ids[0]}');
    INSERT INTO auth.flow_state (id, provider_type, authentication_method, auth_code) VALUES ('${session}', 'email', 'otp', '')`);
  const [one, again, flow] = await within(async ({ sessions, flows }) => [
    await sessions.byId(session),
    await sessions.byId(session),
    await flows.byAuthCode(''),
  ]);
  expect(one).toMatchObject({ aal: 'aal1', refreshTokenCounter: 0, ip: null });
  expect(one?.refreshTokenKey).toHaveLength(43);
  expect(one?.refreshTokenKey).not.toBe(again?.refreshTokenKey);
  expect(flow).toBeUndefined();
});

test('times without a zone are in UTC, whatever the session’s is', async () => {
  const login = `${harness.projects[0]}_auth`;
  await harness.server.administer('set it', (client) =>
    client.query(`ALTER ROLE ${login} IN DATABASE ${harness.projects[0]} SET TimeZone = 'Asia/Tokyo'`),
  );
  harness.connections.forget(harness.projects[0]);
  const user = aUser();
  const session = aSession(user.id);
  await within(async ({ users, sessions, oneTimeTokens }) => {
    await users.insert(user);
    await sessions.insert(session);
    const token = { userId: user.id, relatesTo: '', createdAt: session.createdAt };
    await oneTimeTokens.put({ ...token, type: 'recovery_token', hash: 'h' });
  });
  const [stored] = await owner(`SELECT refreshed_at::text, one_time_tokens.created_at::text AS token
    FROM auth.sessions JOIN auth.one_time_tokens USING (user_id) WHERE user_id = '${user.id}'`);
  expect(stored).toEqual({ refreshed_at: '2026-01-01 00:02:00.123', token: '2026-01-01 00:00:00.123' });
  expect(await within(({ sessions }) => sessions.byId(session.id))).toEqual(session);
});

test('mails wait, and what happened is noted', async () => {
  const createdAt = new Date('2026-01-01T00:00:00Z');
  const mail = {
    id: randomUUID(),
    kind: 'recovery',
    to: 'a@b.example',
    subject: 's',
    text: 't',
    html: 'h',
    createdAt,
  } as const;
  await within(async ({ outbox, audit }) => {
    await outbox.add(mail);
    const entry = {
      action: 'login',
      actorId: 'a',
      actorUsername: 'u',
      logType: 'account',
      ip: null,
    } as const;
    await audit({ ...entry, traits: { provider: 'email' } }, createdAt);
  });
  expect(
    await owner('SELECT recipient, state, tries, try_at <= now() AS due, done_at FROM auth.mail_outbox'),
  ).toEqual([{ recipient: 'a@b.example', state: 'waiting', tries: 0, due: true, done_at: null }]);
  expect(await owner('SELECT payload, ip_address FROM auth.audit_log_entries')).toEqual([
    {
      payload: {
        action: 'login',
        actor_id: 'a',
        actor_username: 'u',
        actor_via_sso: false,
        log_type: 'account',
        traits: { provider: 'email' },
      },
      ip_address: '',
    },
  ]);
});

test('lookups go by an index, however many rows there are', async () => {
  await owner(`INSERT INTO auth.users (id, email, created_at)
      SELECT gen_random_uuid(), 'many' || n || '@b.example', now() FROM generate_series(1, 3000) n;
    INSERT INTO auth.sessions (id, user_id) SELECT gen_random_uuid(), id FROM auth.users;
    INSERT INTO auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
      SELECT id, id, 'confirmation_token', id, '' FROM auth.users;
    INSERT INTO auth.flow_state (id, user_id, provider_type, authentication_method, auth_code, created_at)
      SELECT id, id, 'email', 'otp', id, now() FROM auth.users;
    INSERT INTO auth.identities (user_id, provider, provider_id, identity_data) SELECT id, 'email', id, '{}' FROM auth.users;
    INSERT INTO auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
      SELECT id, id, 'totp', 'verified', now(), now() FROM auth.users;
    INSERT INTO auth.mfa_challenges (id, factor_id, created_at, ip_address) SELECT id, id, now(), '::1' FROM auth.mfa_factors;
    INSERT INTO auth.webauthn_credentials (id, user_id, credential_id, public_key)
      SELECT id, id, uuid_send(id), '' FROM auth.users;
    INSERT INTO auth.webauthn_challenges (id, user_id, challenge_type, session_data, expires_at)
      SELECT id, id, 'registration', '{}', now() FROM auth.users;
    INSERT INTO auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
      SELECT id, id, now(), now(), 'otp' FROM auth.sessions`);
  await harness.server.inDatabase(harness.projects[0], 'look', (client) => client.query('ANALYZE'));
  const scans: string[] = [];
  const explain = {
    query: async (text: string, values: readonly unknown[] = []) => {
      const plan = await harness.connections.with(harness.projects[0], 'auth', (sql) =>
        sql.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values),
      );
      scans.push(...plan.rows.map((row) => row['QUERY PLAN']).filter((line) => line.includes('Seq Scan')));
      return { rows: [], rowCount: 0 };
    },
  };
  const { users, sessions, oneTimeTokens, flows, factors, identities, passkeys } = transactionOf(explain);
  const id = randomUUID();
  await users.byId(id);
  await users.byEmail('many7@b.example', 'lock');
  await users.delete(id);
  await sessions.byId(id);
  await sessions.endOf(id, { except: id });
  await sessions.downgrade(id, 'totp');
  await users.byPhone('1');
  await users.ofSession(id);
  await factors.deleteChallenges(id, new Date());
  await sessions.methodsOf(id);
  await oneTimeTokens.take(['a', 'b'], ['recovery_token', 'confirmation_token']);
  await oneTimeTokens.delete(id);
  await flows.byAuthCode('a');
  await flows.take(id, 'a');
  await flows.insert(aFlow());
  await flows.newestOf(id, 'otp');
  await factors.of([id]);
  await identities.of([id]);
  await identities.find('email', id);
  await passkeys.of(id);
  await passkeys.byId(id, 'lock');
  await passkeys.byCredentialId(id, 'lock');
  await passkeys.takeChallenge(id, 'authentication', null);
  const [createdAt, challenge] = [new Date(), 'AA'];
  const begun = {
    kind: 'authentication',
    userId: null,
    sessionId: null,
    createdAt,
    expiresAt: createdAt,
  } as const;
  await passkeys.insertChallenge({ id, challenge, ...begun });
  expect(scans).toEqual([]);
  await owner('DELETE FROM auth.users');
  expect(await owner('SELECT id FROM auth.sessions UNION ALL SELECT id FROM auth.one_time_tokens')).toEqual(
    [],
  );
});

test('a factor’s name is free again when its factor is gone', async () => {
  const user = aUser();
  const factor = aFactor(user.id, { friendlyName: 'n' });
  const done = await within(async ({ users, factors }) => {
    await users.insert(user);
    await factors.insert(factor);
    await factors.delete(factor.id);
    return factors.insert(aFactor(user.id, { friendlyName: 'n' }));
  });
  expect(done).toBe(true);
});
