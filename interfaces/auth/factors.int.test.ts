/** Second factors as the client library uses them, with codes of an authenticator that is not ours. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi, GoTrueClient, type AMREntry } from '@supabase/auth-js';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());
// each test begins in the middle of a step of its own
beforeEach(() => {
  const seconds = (auth.now().getTime() / 1000) % 30;
  auth.advance(45 - seconds);
});

const PASSWORD = 'a password';

const client = () =>
  new GoTrueClient({
    url: auth.url,
    headers: { apikey: auth.anonKey },
    persistSession: false,
    autoRefreshToken: false,
    experimental: { recoveryCodes: true },
  } as never);

async function user() {
  const admin = new GoTrueAdminApi({
    url: auth.url,
    headers: { authorization: `Bearer ${auth.serviceKey}` },
  });
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  const { data } = await admin.createUser({ email, email_confirm: true, password: PASSWORD });
  return { id: data.user!.id, email, admin };
}

async function signedIn(email: string) {
  const one = client();
  const { access_token, refresh_token } = await auth.signIn(email, PASSWORD);
  await one.setSession({ access_token, refresh_token });
  return one;
}

/** As an authenticator shows it so many seconds from now. */
const codeOf = (secret: string, inSeconds = 0) =>
  generateSync({ secret, epoch: Math.floor(auth.now().getTime() / 1000) + inSeconds });
const wrong = (secret: string) => {
  const good = new Set([-60, -30, 0, 30, 60].map((seconds) => codeOf(secret, seconds)));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !good.has(code))!;
};

async function enrolled(one: GoTrueClient, friendlyName?: string) {
  const { data, error } = await one.mfa.enroll({ factorType: 'totp', ...(friendlyName && { friendlyName }) });
  expect(error).toBeNull();
  return { id: data!.id, ...data!.totp };
}

const verify = (one: GoTrueClient, { id, secret }: { id: string; secret: string }, code = codeOf(secret)) =>
  one.mfa.challengeAndVerify({ factorId: id, code });

/** Somebody with a second factor, in an aal2 session, a step later. */
async function withFactor() {
  const person = await user();
  const one = await signedIn(person.email);
  const factor = await enrolled(one, 'phone');
  expect((await verify(one, factor)).error).toBeNull();
  auth.advance(30);
  return { ...person, one, factor };
}

const tokenOf = async (one: GoTrueClient) => (await one.getSession()).data.session!;
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    aal: string;
    amr: AMREntry[];
    session_id: string;
  };
const claims = async (one: GoTrueClient) => claimsOf((await tokenOf(one)).access_token);
const post = async (
  one: GoTrueClient,
  path: string,
  body: object = {},
  headers: Record<string, string> = {},
) => {
  const answer = await fetch(`${auth.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${(await tokenOf(one)).access_token}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};

describe('enrolment', () => {
  test('gives a secret, its URI and a QR code', async () => {
    const { email } = await user();
    const one = await signedIn(email);
    const { data } = await one.mfa.enroll({ factorType: 'totp', friendlyName: 'phone', issuer: 'My App' });
    expect(data).toMatchObject({ type: 'totp', friendly_name: 'phone' });
    expect(data?.totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<svg /);
    const uri = new URL(data!.totp.uri);
    expect(decodeURIComponent(uri.pathname)).toBe(`/My App:${email}`);
    expect(uri.searchParams.get('secret')).toBe(data?.totp.secret);
    expect((await one.mfa.listFactors()).data).toMatchObject({
      all: [{ friendly_name: 'phone', status: 'unverified', factor_type: 'totp' }],
      totp: [],
    });
    expect(JSON.stringify((await one.getUser()).data)).not.toContain(data?.totp.secret);
    const other = await enrolled(one, 'other');
    expect(decodeURIComponent(new URL(other.uri).pathname)).toBe(`/app.example:${email}`);
  });

  test('counts with its first code: the session is aal2, with other tokens', async () => {
    const { email } = await user();
    const one = await signedIn(email);
    const before = await tokenOf(one);
    const factor = await enrolled(one);
    const { data, error } = await verify(one, factor);
    expect(error).toBeNull();
    const after = claimsOf(data!.access_token);
    expect(after.aal).toBe('aal2');
    expect(after.amr.map(({ method }) => method)).toEqual(['totp', 'password']);
    expect(after.session_id).toBe(claimsOf(before.access_token).session_id);
    expect(data?.refresh_token).not.toBe(before.refresh_token);
    expect((await one.mfa.getAuthenticatorAssuranceLevel()).data).toMatchObject({
      currentLevel: 'aal2',
      nextLevel: 'aal2',
    });
    expect((await one.mfa.listFactors()).data?.totp).toMatchObject([{ id: factor.id, status: 'verified' }]);
  });

  test('advances the chain of refresh tokens by two', async () => {
    const { email } = await user();
    const one = await signedIn(email);
    const counter = async () =>
      Number(
        (
          await auth.owner(
            `SELECT refresh_token_counter AS n FROM auth.sessions WHERE id = '${(await claims(one)).session_id}'`,
          )
        )[0]?.['n'],
      );
    const before = await counter();
    await verify(one, await enrolled(one));
    expect(await counter()).toBe(before + 2);
  });

  test('has names of its own, also for two without one', async () => {
    const one = await signedIn((await user()).email);
    await enrolled(one);
    await enrolled(one, 'a');
    for (const friendlyName of [undefined, 'a', ' a ']) {
      const { error } = await one.mfa.enroll({ factorType: 'totp', ...(friendlyName && { friendlyName }) });
      expect(error).toMatchObject({ status: 422, code: 'mfa_factor_name_conflict' });
    }
  });

  test('has an end: ten at most, and those that nobody ended are gone after five minutes', async () => {
    const one = await signedIn((await user()).email);
    const first = await enrolled(one, '0');
    for (let n = 1; n < 10; n++) await enrolled(one, String(n));
    const { error } = await one.mfa.enroll({ factorType: 'totp', friendlyName: '10' });
    expect(error).toMatchObject({ status: 422, code: 'too_many_enrolled_mfa_factors' });
    auth.advance(301);
    expect((await one.mfa.challenge({ factorId: first.id })).error).toMatchObject({
      code: 'mfa_factor_not_found',
    });
    await enrolled(one, '0');
    expect((await one.mfa.listFactors()).data?.all).toHaveLength(1);
  });

  test('of a second one asks for the first', async () => {
    const { email } = await withFactor();
    const other = await signedIn(email);
    const { error } = await other.mfa.enroll({ factorType: 'totp', friendlyName: 'mine' });
    expect(error).toMatchObject({ status: 403, code: 'insufficient_aal' });
  });

  test('is not for the anonymous, nor of what is off', async () => {
    const { id, email } = await user();
    const one = await signedIn(email);
    for (const [body, status, code] of [
      [{ factor_type: 'phone', phone: '+49170' }, 422, 'mfa_phone_enroll_not_enabled'],
      [{ factor_type: 'webauthn' }, 422, 'mfa_webauthn_enroll_not_enabled'],
      [{ factor_type: 'x' }, 400, 'validation_failed'],
      [{ factor_type: 'totp', friendly_name: 'x'.repeat(300) }, 400, 'validation_failed'],
      [{ factor_type: 'totp', friendly_name: '\u0000' }, 400, 'validation_failed'],
    ] as const)
      expect([body, await post(one, '/factors', body)]).toMatchObject([
        body,
        { status, body: { error_code: code } },
      ]);
    auth.set({ mfa: { ...AUTH_DEFAULTS.mfa, totp: false } });
    expect((await one.mfa.enroll({ factorType: 'totp' })).error).toMatchObject({
      code: 'mfa_totp_enroll_not_enabled',
    });
    auth.set();
    await auth.owner(`UPDATE auth.users SET is_anonymous = true WHERE id = '${id}'`);
    expect((await one.mfa.enroll({ factorType: 'totp' })).error).toMatchObject({
      status: 403,
      code: 'no_authorization',
    });
  });
});

describe('a code', () => {
  test.each([
    [-60, false],
    [-30, true],
    [0, true],
    [30, true],
    [60, false],
  ])('of %i seconds from now is good: %s', async (seconds, isGood) => {
    const { email, factor } = await withFactor();
    auth.advance(120);
    const other = await signedIn(email);
    const { error } = await verify(other, factor, codeOf(factor.secret, seconds));
    expect(error === null).toBe(isGood);
    if (!isGood) expect(error).toMatchObject({ status: 422, code: 'mfa_verification_failed' });
  });

  test('is good once, and so is every one before it', async () => {
    const { email, factor } = await withFactor();
    auth.advance(60);
    const earlier = codeOf(factor.secret, -30);
    const [one, two] = [await signedIn(email), await signedIn(email)];
    const { data } = await two.mfa.challenge({ factorId: factor.id });
    expect((await verify(one, factor)).error).toBeNull();
    // its own session has ended with it, being aal1: another one
    expect(data?.id).toBeTruthy();
    const three = await signedIn(email);
    for (const code of [codeOf(factor.secret), earlier])
      expect((await verify(three, factor, code)).error).toMatchObject({ code: 'mfa_verification_failed' });
    auth.advance(30);
    expect((await verify(three, factor)).error).toBeNull();
  });

  test('at the same time is good for one of ten', async () => {
    const { email, factor } = await withFactor();
    const sessions = await Promise.all(Array.from({ length: 10 }, () => signedIn(email)));
    const code = codeOf(factor.secret);
    const answers = await Promise.all(sessions.map((one) => verify(one, factor, code)));
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
    expect(answers.flatMap(({ error }) => (error && (error.status ?? 500) >= 500 ? [error] : []))).toEqual(
      [],
    );
  });

  test('that is wrong leaves the challenge as it is', async () => {
    const { email, factor } = await withFactor();
    const one = await signedIn(email);
    const { data } = await one.mfa.challenge({ factorId: factor.id });
    const given = { factorId: factor.id, challengeId: data!.id };
    for (const code of [wrong(factor.secret), '1', 'abcdef'])
      expect((await one.mfa.verify({ ...given, code })).error).toMatchObject({
        status: 422,
        code: 'mfa_verification_failed',
      });
    expect((await one.mfa.verify({ ...given, code: '' })).error).toMatchObject({
      status: 400,
      code: 'validation_failed',
    });
    expect((await one.mfa.verify({ ...given, code: codeOf(factor.secret) })).error).toBeNull();
  });

  test('is waited for after five that were wrong, and after that it is good again', async () => {
    const { email, factor } = await withFactor();
    const one = await signedIn(email);
    for (let n = 0; n < 5; n++)
      expect((await verify(one, factor, wrong(factor.secret))).error).toMatchObject({
        code: 'mfa_verification_failed',
      });
    expect((await verify(one, factor)).error).toMatchObject({ status: 429, code: 'over_request_rate_limit' });
    // from another session, too
    expect((await verify(await signedIn(email), factor)).error).toMatchObject({ status: 429 });
    auth.advance(31);
    expect((await verify(one, factor)).error).toBeNull();
  });

  test('wants a challenge: its factor’s own, from the same place, not older than five minutes, once', async () => {
    const { email, factor } = await withFactor();
    const stranger = await withFactor();
    const one = await signedIn(email);
    const code = codeOf(factor.secret);
    const challenge = async (from = '') => {
      const { body } = await post(
        one,
        `/factors/${factor.id}/challenge`,
        {},
        from ? { 'x-forwarded-for': from } : {},
      );
      return body['id']!;
    };
    const answer = (challenge_id: string) =>
      post(one, `/factors/${factor.id}/verify`, { challenge_id, code });
    const theirs = await stranger.one.mfa.challenge({ factorId: stranger.factor.id });
    for (const id of [randomUUID(), 'x', '', theirs.data!.id])
      expect(await answer(id)).toMatchObject({ status: 422, body: { error_code: 'mfa_factor_not_found' } });
    const elsewhere = await challenge();
    await auth.owner(`UPDATE auth.mfa_challenges SET ip_address = '192.0.2.9' WHERE id = '${elsewhere}'`);
    expect(await answer(elsewhere)).toMatchObject({
      status: 422,
      body: { error_code: 'mfa_ip_address_mismatch' },
    });
    const old = await challenge();
    await auth.owner(
      `UPDATE auth.mfa_challenges SET created_at = created_at - interval '301 seconds' WHERE id = '${old}'`,
    );
    expect(await answer(old)).toMatchObject({ status: 422, body: { error_code: 'mfa_challenge_expired' } });
    const id = await challenge();
    expect(await answer(id)).toMatchObject({ status: 200 });
    expect(await answer(id)).toMatchObject({ status: 422, body: { error_code: 'mfa_challenge_expired' } });
  });

  test('of somebody else’s factor is none', async () => {
    const [ann, bob] = [await withFactor(), await withFactor()];
    const { error } = await ann.one.mfa.challenge({ factorId: bob.factor.id });
    expect(error).toMatchObject({ status: 404, code: 'mfa_factor_not_found' });
    expect((await ann.one.mfa.unenroll({ factorId: bob.factor.id })).error).toMatchObject({
      code: 'mfa_factor_not_found',
    });
    expect((await post(ann.one, '/factors/x/challenge')).status).toBe(404);
  });
});

test('sessions without the second factor end with a code, and those with it stay', async () => {
  const { email, one, factor } = await withFactor();
  const [two, three] = [await signedIn(email), await signedIn(email)];
  expect((await verify(two, factor)).error).toBeNull();
  expect((await three.getUser()).error).toBeTruthy();
  for (const stays of [one, two]) expect((await stays.getUser()).error).toBeNull();
});

test('whoever comes back in by a mail shows their second factor before they change what opens the account', async () => {
  const { email, factor } = await withFactor();
  const one = client();
  expect((await one.resetPasswordForEmail(email)).error).toBeNull();
  const token = /enter this code: (\d{6})/.exec((await auth.mailTo(email)).text)?.[1] ?? '';
  expect((await one.verifyOtp({ email, token, type: 'recovery' })).error).toBeNull();
  expect((await claims(one)).aal).toBe('aal1');
  // nor are they told whether the one that they know is right
  const changes = [{ password: 'another password' }, { password: PASSWORD }, { email: `new-${email}` }];
  for (const change of changes)
    expect((await one.updateUser(change)).error).toMatchObject({ status: 401, code: 'insufficient_aal' });
  expect((await one.updateUser({ data: { name: 'Zoë' } })).error).toBeNull();
  expect((await verify(one, factor)).error).toBeNull();
  expect((await one.updateUser({ password: 'another password' })).error).toBeNull();
  await auth.signIn(email, 'another password');
});

describe('a factor ends', () => {
  test('for its owner, with the second factor: what it made aal2 is aal1', async () => {
    const { one, factor } = await withFactor();
    const { session_id: session } = await claims(one);
    expect((await one.mfa.unenroll({ factorId: factor.id })).data).toEqual({ id: factor.id });
    const [row] = await auth.owner(`SELECT aal, factor_id FROM auth.sessions WHERE id = '${session}'`);
    expect(row).toEqual({ aal: 'aal1', factor_id: null });
    expect(
      await auth.owner(
        `SELECT authentication_method FROM auth.mfa_amr_claims WHERE session_id = '${session}'`,
      ),
    ).toEqual([{ authentication_method: 'password' }]);
    expect((await one.mfa.listFactors()).data?.all).toEqual([]);
  });

  test('not without it', async () => {
    const { email, factor } = await withFactor();
    const other = await signedIn(email);
    expect((await other.mfa.unenroll({ factorId: factor.id })).error).toMatchObject({
      status: 422,
      code: 'insufficient_aal',
    });
  });

  test('before it counts, without it', async () => {
    const one = await signedIn((await user()).email);
    const { id } = await enrolled(one);
    expect((await one.mfa.unenroll({ factorId: id })).error).toBeNull();
  });

  test('by the service key, for whoever has lost it', async () => {
    const { id, admin, one, factor } = await withFactor();
    const listed = await admin.mfa.listFactors({ userId: id });
    expect(listed.data?.factors).toMatchObject([{ id: factor.id, status: 'verified' }]);
    expect(JSON.stringify(listed)).not.toContain(factor.secret);
    expect((await admin.mfa.deleteFactor({ userId: id, id: factor.id })).error).toBeNull();
    const [row] = await auth.owner(
      `SELECT aal FROM auth.sessions WHERE id = '${(await claims(one)).session_id}'`,
    );
    expect(row).toEqual({ aal: 'aal1' });
  });
});

describe('recovery codes', () => {
  beforeEach(() => auth.set({ mfa: { ...AUTH_DEFAULTS.mfa, recoveryCodes: true } }));

  interface Codes {
    id: string;
    codes: string[];
    remaining: number;
    total: number;
  }
  const recoveryOf = (one: GoTrueClient) =>
    (
      one.mfa as unknown as {
        recoveryCodes: Record<
          string,
          (input?: object) => Promise<{ data: Codes; error: { status: number; code: string } | null }>
        >;
      }
    ).recoveryCodes;
  const made = async (one: GoTrueClient) => {
    const answer = await post(one, '/factors/recovery-codes');
    expect(answer.status).toBe(200);
    return answer.body as unknown as Codes;
  };
  const use = (one: GoTrueClient, code: string) => post(one, '/factors/recovery-codes/verify', { code });

  test('are ten, told once, kept as hashes, and a factor of their own kind', async () => {
    const { id, one } = await withFactor();
    const { codes, ...rest } = await made(one);
    expect(new Set(codes).size).toBe(10);
    expect(rest).toMatchObject({ type: 'recovery_code', total: 10, remaining: 10 });
    const [row] = await auth.owner(
      `SELECT * FROM auth.mfa_factors WHERE user_id = '${id}' AND factor_type = 'recovery_code'`,
    );
    for (const code of codes) expect(JSON.stringify(row)).not.toContain(code);
    const again = await post(one, '/factors/recovery-codes');
    expect(again).toMatchObject({ status: 422, body: { error_code: 'mfa_verified_factor_exists' } });
    const { data } = await one.mfa.listFactors();
    expect(data?.all).toHaveLength(2);
    expect(data?.totp).toHaveLength(1);
    expect(recoveryOf(one)).toBeTruthy();
  });

  test('are good once each, however they are typed, in place of the factor', async () => {
    const { email, one } = await withFactor();
    const { codes } = await made(one);
    const other = await signedIn(email);
    const { status, body } = await use(other, ` ${codes[0]!.toUpperCase().replaceAll('-', ' ')} `);
    expect(status).toBe(200);
    const after = claimsOf(body['access_token']!);
    expect([after.aal, after.amr.map(({ method }) => method)]).toEqual([
      'aal2',
      ['recovery_code', 'password'],
    ]);
    const third = await signedIn(email);
    expect(await use(third, codes[0]!)).toMatchObject({
      status: 422,
      body: { error_code: 'mfa_verification_failed' },
    });
    expect(await use(third, '')).toMatchObject({ status: 400 });
    expect((await use(third, codes[1]!)).status).toBe(200);
  });

  test('at the same time are good once', async () => {
    const { email, one } = await withFactor();
    const { codes } = await made(one);
    const sessions = await Promise.all(Array.from({ length: 5 }, () => signedIn(email)));
    const answers = await Promise.all(sessions.map((session) => use(session, codes[0]!)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('are waited for after five that were wrong; the authenticator is not, and neither the other way round', async () => {
    const { email, one, factor } = await withFactor();
    const { codes } = await made(one);
    const other = await signedIn(email);
    for (let n = 0; n < 5; n++) expect((await use(other, 'aaaa-aaaa-aaaa-aaaa')).status).toBe(422);
    expect(await use(other, codes[0]!)).toMatchObject({
      status: 429,
      body: { error_code: 'mfa_recovery_codes_locked' },
    });
    auth.advance(31);
    expect((await use(other, codes[0]!)).status).toBe(200);
    const third = await signedIn(email);
    for (let n = 0; n < 6; n++) await verify(third, factor, wrong(factor.secret));
    expect((await use(third, codes[1]!)).status).toBe(200);
  });

  test('want the second factor, and are none', async () => {
    const { email } = await withFactor();
    const other = await signedIn(email);
    expect(await post(other, '/factors/recovery-codes')).toMatchObject({
      status: 403,
      body: { error_code: 'insufficient_aal' },
    });
    const bare = await signedIn((await user()).email);
    await auth.owner(`UPDATE auth.sessions SET aal = 'aal2' WHERE id = '${(await claims(bare)).session_id}'`);
    expect(await post(bare, '/factors/recovery-codes')).toMatchObject({
      status: 422,
      body: { error_code: 'mfa_recovery_codes_sole_factor' },
    });
  });

  test('are made anew: the earlier ones are no longer good', async () => {
    const { email, one } = await withFactor();
    const { codes } = await made(one);
    const other = await post(one, '/factors/recovery-codes/regenerate');
    const fresh = (other.body as unknown as Codes).codes;
    const session = await signedIn(email);
    expect((await use(session, codes[0]!)).status).toBe(422);
    expect((await use(session, fresh[0]!)).status).toBe(200);
    const shown = await fetch(`${auth.url}/factors/recovery-codes`, {
      headers: { authorization: `Bearer ${(await tokenOf(one)).access_token}` },
    });
    expect(await shown.json()).toMatchObject({ type: 'recovery_code', remaining: 9 });
  });

  test('let somebody who has lost their authenticator end it all, and begin anew', async () => {
    const { email, one, factor } = await withFactor();
    const { codes } = await made(one);
    const lost = await signedIn(email);
    const { body } = await use(lost, codes[3]!);
    await lost.setSession({ access_token: body['access_token']!, refresh_token: body['refresh_token']! });
    expect((await lost.mfa.unenroll({ factorId: factor.id })).error).toMatchObject({
      code: 'mfa_recovery_codes_sole_factor',
    });
    const deleted = await fetch(`${auth.url}/factors/recovery-codes`, {
      method: 'DELETE',
      headers: {
        authorization: `Bearer ${(await tokenOf(lost)).access_token}`,
        'content-type': 'application/json;charset=UTF-8',
      },
    });
    expect(deleted.status).toBe(200);
    expect((await lost.mfa.unenroll({ factorId: factor.id })).error).toBeNull();
    expect((await lost.mfa.listFactors()).data?.all).toEqual([]);
    await enrolled(lost, 'new phone');
  });
});

test('each step is on record, without a secret', async () => {
  const { id, one, factor } = await withFactor();
  await verify(one, factor);
  await one.mfa.unenroll({ factorId: factor.id });
  const entries = await auth.owner(
    `SELECT payload->>'action' AS action, payload->>'log_type' AS type, ip_address AS ip FROM auth.audit_log_entries
     WHERE payload->>'actor_id' = '${id}' AND payload->>'log_type' = 'factor' ORDER BY created_at, action`,
  );
  expect(entries.map(({ action }) => action)).toEqual([
    'factor_in_progress',
    'challenge_created',
    'verification_attempted',
    'challenge_created',
    'verification_attempted',
    'factor_unenrolled',
  ]);
  expect(entries.every(({ ip }) => ip !== '')).toBe(true);
  const [{ all } = {}] = await auth.owner(
    `SELECT string_agg(payload::text, '') AS all FROM auth.audit_log_entries`,
  );
  expect(all).not.toContain(factor.secret);
});
