/** Passkeys as the client library uses them, with an authenticator that lies where a test wants it to. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi, GoTrueClient, type AMREntry } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  SoftwareAuthenticator,
  type KeyOptions,
  type Lies,
} from '../../application/testing/software-authenticator.ts';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import { authUnderTest, SITE } from '../acceptance/auth-under-test.ts';

const PASSWORD = 'a password';
const ON = { passkeys: { ...AUTH_DEFAULTS.passkeys, enabled: true } };

let auth: Awaited<ReturnType<typeof authUnderTest>>;
beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());
beforeEach(() => auth.set(ON));

const client = () =>
  new GoTrueClient({
    url: auth.url,
    headers: { apikey: auth.anonKey },
    persistSession: false,
    autoRefreshToken: false,
  });
const admin = () =>
  new GoTrueAdminApi({ url: auth.url, headers: { authorization: `Bearer ${auth.serviceKey}` } });

async function signedUp() {
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  const { data } = await admin().createUser({ email, email_confirm: true, password: PASSWORD });
  const one = client();
  const { access_token, refresh_token } = await auth.signIn(email, PASSWORD);
  await one.setSession({ access_token, refresh_token });
  return { id: data.user!.id, email, one, authenticator: new SoftwareAuthenticator(SITE) };
}
type Person = Awaited<ReturnType<typeof signedUp>>;

const optionsOf = (data: { options: unknown } | null) => data?.options as KeyOptions;

async function register({ one, authenticator }: Person, lies: Lies = {}) {
  const { data, error } = await one.passkey.startRegistration();
  if (!data) return { data: null, error };
  const credential = authenticator.create(optionsOf(data), lies);
  return one.passkey.verifyRegistration({ challengeId: data.challenge_id, credential } as never);
}
async function signIn(authenticator: SoftwareAuthenticator, lies: Lies = {}, one = client()) {
  const { data, error } = await one.passkey.startAuthentication();
  if (!data) return { data: null, error };
  const credential = authenticator.get(optionsOf(data), lies);
  return one.passkey.verifyAuthentication({ challengeId: data.challenge_id, credential } as never);
}
async function withPasskey() {
  const person = await signedUp();
  const { data, error } = await register(person);
  expect(error).toBeNull();
  return { ...person, passkey: data! };
}

const claimsOf = (token: string | undefined) =>
  JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string;
    aal: string;
    amr: AMREntry[];
  };
const count = async (sql: string) => Number((await auth.owner(`SELECT count(*) AS n ${sql}`))[0]?.['n']);
const actions = async ({ id }: Person) =>
  (
    await auth.owner(
      `SELECT payload ->> 'action' AS action FROM auth.audit_log_entries
       WHERE payload ->> 'actor_id' = '${id}' ORDER BY created_at`,
    )
  ).map(({ action }) => action);
/** in order */
const statuses = (answers: readonly { status: number }[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);
const post = async (path: string, body: object, token?: string) => {
  const answer = await fetch(`${auth.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

describe('registration', () => {
  test('makes a passkey that signs its user in', async () => {
    const person = await signedUp();
    const in5Minutes = () => Math.floor((auth.now().getTime() + 300_000) / 1000);
    const earliest = in5Minutes();
    const { data: begun } = await person.one.passkey.startRegistration();
    expect(begun?.expires_at).toBeGreaterThanOrEqual(earliest);
    expect(begun?.expires_at).toBeLessThanOrEqual(in5Minutes());
    expect(begun).toEqual({
      challenge_id: expect.any(String),
      expires_at: expect.any(Number),
      options: {
        rp: { id: 'app.example', name: 'app.example' },
        user: {
          id: Buffer.from(person.id).toString('base64url'),
          name: person.email,
          displayName: person.email,
        },
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
        timeout: 300_000,
        excludeCredentials: [],
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        attestation: 'none',
      },
    });
    const { data, error } = await register(person);
    expect([data, error]).toEqual([{ id: expect.any(String), created_at: expect.any(String) }, null]);

    const signedIn = await signIn(person.authenticator);
    expect(signedIn.error).toBeNull();
    const { sub, aal, amr } = claimsOf(signedIn.data?.session?.access_token);
    expect([sub, aal, amr.map(({ method }) => method)]).toEqual([person.id, 'aal1', ['passkey']]);
    expect(signedIn.data?.user?.email).toBe(person.email);
    const { data: list } = await person.one.passkey.list();
    expect(list).toEqual([{ id: data!.id, created_at: data!.created_at, last_used_at: expect.any(String) }]);
    expect(await actions(person)).toEqual(['login', 'passkey_created', 'login']);
    expect(JSON.stringify((await person.one.getUser()).data)).not.toContain(data!.id);
  });

  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another domain', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['nobody verified', { flags: 0x01 }],
    ['certificates', { attestation: 'certified' }],
    ['what a sign-in has', { type: 'webauthn.get' }],
  ])('refuses %s', async (_, lies) => {
    const person = await signedUp();
    expect((await register(person, lies)).error).toMatchObject({
      status: 400,
      code: 'webauthn_verification_failed',
    });
    expect((await person.one.passkey.list()).data).toEqual([]);
  });

  test('is one answer to one challenge, in five minutes, by its own user in the same session', async () => {
    const [person, other] = [await signedUp(), await signedUp()];
    const begin = async () => {
      const { data } = await person.one.passkey.startRegistration();
      const credential = person.authenticator.create(optionsOf(data));
      return { challengeId: data!.challenge_id, credential } as never;
    };
    const notFound = { status: 400, code: 'webauthn_challenge_not_found' };
    const given = await begin();
    expect((await other.one.passkey.verifyRegistration(given)).error).toMatchObject(notFound);
    const again = client();
    await again.setSession(await auth.signIn(person.email, PASSWORD));
    expect((await again.passkey.verifyRegistration(await begin())).error).toMatchObject(notFound);
    expect((await person.one.passkey.verifyRegistration(given)).error).toBeNull();
    expect((await person.one.passkey.verifyRegistration(given)).error).toMatchObject(notFound);
    // a wrong answer spends it, too
    const { data } = await person.one.passkey.startRegistration();
    const answer = (lies: Lies) =>
      person.one.passkey.verifyRegistration({
        challengeId: data!.challenge_id,
        credential: person.authenticator.create({ ...optionsOf(data), excludeCredentials: [] }, lies),
      } as never);
    expect((await answer({ rpId: 'evil.example' })).error?.code).toBe('webauthn_verification_failed');
    expect((await answer({})).error).toMatchObject(notFound);
    person.authenticator.keys.splice(0);
    const late = await begin();
    auth.advance(300);
    expect((await person.one.passkey.verifyRegistration(late)).error).toMatchObject({
      status: 400,
      code: 'webauthn_challenge_expired',
    });
  });

  test('of many at once with one challenge is one', async () => {
    const person = await signedUp();
    const { data } = await person.one.passkey.startRegistration();
    const token = (await person.one.getSession()).data.session?.access_token;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        post(
          '/passkeys/registration/verify',
          { challenge_id: data!.challenge_id, credential: person.authenticator.create(optionsOf(data)) },
          token,
        ),
      ),
    );
    expect(statuses(answers)).toEqual([200, 400, 400, 400, 400, 400]);
    expect((await person.one.passkey.list()).data).toHaveLength(1);
  });

  test('names those that are there, and takes none that anybody has', async () => {
    const person = await withPasskey();
    await expect(register(person)).rejects.toThrow('InvalidStateError');
    const id = person.authenticator.keys[0]!.id.toString('base64url');
    const thief = await signedUp();
    expect((await register(thief, { id })).error).toMatchObject({
      status: 422,
      code: 'webauthn_credential_exists',
    });
    expect((await signIn(thief.authenticator)).error?.code).toBe('webauthn_verification_failed');
    expect(claimsOf((await signIn(person.authenticator)).data?.session?.access_token).sub).toBe(person.id);
  });

  test('has an end: ten at most, also at once', async () => {
    const person = await signedUp();
    const another = () => ({ ...person, authenticator: new SoftwareAuthenticator(SITE) });
    for (let n = 0; n < 8; n++) expect((await register(another())).error).toBeNull();
    const both = await Promise.all(Array.from({ length: 5 }, () => register(another())));
    expect(both.filter(({ error }) => error === null)).toHaveLength(2);
    expect((await register(another())).error).toMatchObject({ status: 422, code: 'too_many_passkeys' });
    expect((await person.one.passkey.list()).data).toHaveLength(10);
  });

  test('asks for the second factor of whoever has one, and nothing of the anonymous', async () => {
    const person = await withPasskey();
    await auth.owner(
      `INSERT INTO auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
       VALUES (gen_random_uuid(), '${person.id}', 'totp', 'verified', now(), now())`,
    );
    const insufficient = { status: 403, code: 'insufficient_aal' };
    expect((await person.one.passkey.startRegistration()).error).toMatchObject(insufficient);
    expect((await person.one.passkey.delete({ passkeyId: person.passkey.id })).error).toMatchObject(
      insufficient,
    );
    // and a passkey is none
    const { data } = await signIn(person.authenticator);
    expect(claimsOf(data?.session?.access_token).aal).toBe('aal1');

    auth.set({ ...ON, anonymousSignIns: true });
    const one = client();
    await one.signInAnonymously();
    expect((await one.passkey.startRegistration()).error).toMatchObject({
      status: 403,
      code: 'no_authorization',
    });
  });

  test('bounds what it is sent', async () => {
    const person = await signedUp();
    const { data } = await person.one.passkey.startRegistration();
    const token = (await person.one.getSession()).data.session?.access_token;
    const good = person.authenticator.create(optionsOf(data));
    const { response } = good;
    for (const change of [
      { id: 'A'.repeat(1_400), rawId: 'A'.repeat(1_400) },
      { id: '' },
      { id: 'not base64!' },
      { type: 'password' },
      { response: { ...response, attestationObject: 'A'.repeat(12_000) } },
      { response: { ...response, clientDataJSON: 'A'.repeat(6_000) } },
      { response: { ...response, transports: Array.from({ length: 11 }, () => 'usb') } },
      { response: { ...response, transports: ['\u0000'] } },
      { response: { ...response, transports: ['x'.repeat(33)] } },
      { response: null },
    ]) {
      const body = { challenge_id: data!.challenge_id, credential: { ...good, ...change } };
      expect([change, await post('/passkeys/registration/verify', body, token)]).toMatchObject([
        change,
        { status: 400, body: { error_code: 'validation_failed' } },
      ]);
    }
    const body = { challenge_id: data!.challenge_id, credential: good };
    expect((await post('/passkeys/registration/verify', body, token)).status).toBe(200);
  });
});

describe('a sign-in', () => {
  test('begins alike for everybody, and says nothing of anybody', async () => {
    const { data } = await client().passkey.startAuthentication({ options: { captchaToken: 'x' } });
    expect(data).toEqual({
      challenge_id: expect.any(String),
      expires_at: expect.any(Number),
      options: {
        challenge: expect.stringMatching(/^[\w-]{43}$/),
        timeout: 300_000,
        rpId: 'app.example',
        userVerification: 'required',
      },
    });
    const person = await withPasskey();
    const named = await post('/passkeys/authentication/options', { email: person.email });
    expect(named.body['options']).toEqual({ ...data!.options, challenge: expect.any(String) });
  });

  test.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another domain', { rpId: 'evil.example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['a page in a frame', { crossOrigin: true }],
    ['nobody verified', { flags: 0x01 }],
    ['a bad signature', { signature: 'bad' }],
    ['the signature of another key', { signature: 'of another key' }],
    ['a key that is nobody’s', { id: 'AAAA' }],
    ['no user', { userHandle: null }],
    ['another user', { userHandle: Buffer.from(randomUUID()).toString('base64url') }],
    ['what a registration has', { type: 'webauthn.create' }],
  ])('refuses %s', async (_, lies) => {
    const person = await withPasskey();
    const refused = await signIn(person.authenticator, lies);
    expect([refused.error, refused.data?.session ?? null]).toMatchObject([
      { status: 400, code: 'webauthn_verification_failed', message: 'Credential verification failed' },
      null,
    ]);
    expect((await signIn(person.authenticator)).error).toBeNull();
  });

  test('is one answer to one challenge, of its own kind, in five minutes', async () => {
    const person = await withPasskey();
    const begin = async () => {
      const { data } = await client().passkey.startAuthentication();
      const credential = person.authenticator.get(optionsOf(data));
      return { challenge_id: data!.challenge_id, credential };
    };
    const verify = (body: object) => post('/passkeys/authentication/verify', body);
    const given = await begin();
    const answers = await Promise.all(Array.from({ length: 5 }, () => verify(given)));
    expect(statuses(answers)).toEqual([200, 400, 400, 400, 400]);
    expect((await verify(given)).body).toMatchObject({ error_code: 'webauthn_challenge_not_found' });
    const { data } = await person.one.passkey.startRegistration();
    const other = { challenge_id: data!.challenge_id, credential: person.authenticator.get(optionsOf(data)) };
    expect((await verify(other)).body).toMatchObject({ error_code: 'webauthn_challenge_not_found' });
    for (const id of ['', 'x', randomUUID(), "' OR true --", '\u0000'])
      expect((await verify({ ...other, challenge_id: id })).status).toBe(400);
    const late = await begin();
    auth.advance(300);
    expect((await verify(late)).body).toMatchObject({ error_code: 'webauthn_challenge_expired' });
    const older = await begin();
    auth.advance(1_800);
    await begin();
    expect((await verify(older)).body).toMatchObject({ error_code: 'webauthn_challenge_expired' });
    auth.advance(4_000);
    await begin();
    const anHourAgo = new Date(auth.now().getTime() - 3_600_000).toISOString();
    expect(await count(`FROM auth.webauthn_challenges WHERE expires_at < '${anHourAgo}'`)).toBe(0);
  });

  test('whose count goes back is of a copy: refused, and remembered when it was right', async () => {
    const person = await withPasskey();
    expect((await signIn(person.authenticator, { signCount: 10 })).error).toBeNull();
    for (const signCount of [10, 9, 0])
      expect((await signIn(person.authenticator, { signCount })).error?.code).toBe(
        'webauthn_verification_failed',
      );
    expect((await signIn(person.authenticator, { signCount: 11 })).error).toBeNull();
    const [row] = await auth.owner(
      `SELECT sign_count::int FROM auth.webauthn_credentials WHERE id = '${person.passkey.id}'`,
    );
    expect(row).toEqual({ sign_count: 11 });
  });

  test('is not for the banned, the unconfirmed and the deleted', async () => {
    const banned = await withPasskey();
    await admin().updateUserById(banned.id, { ban_duration: '1h' });
    expect((await signIn(banned.authenticator)).error).toMatchObject({ status: 403, code: 'user_banned' });
    const unconfirmed = await withPasskey();
    await auth.owner(`UPDATE auth.users SET email_confirmed_at = NULL WHERE id = '${unconfirmed.id}'`);
    expect((await signIn(unconfirmed.authenticator)).error).toMatchObject({
      status: 403,
      code: 'email_not_confirmed',
    });
    // told to nobody who has not shown who they are
    for (const { authenticator } of [banned, unconfirmed])
      expect((await signIn(authenticator, { signature: 'bad' })).error?.code).toBe(
        'webauthn_verification_failed',
      );
    for (const isSoft of [true, false]) {
      const person = await withPasskey();
      await admin().deleteUser(person.id, isSoft);
      expect(await count(`FROM auth.webauthn_credentials WHERE user_id = '${person.id}'`)).toBe(0);
      expect((await signIn(person.authenticator)).error?.code).toBe('webauthn_verification_failed');
    }
  });

  test('is of its own project alone', async () => {
    const person = await withPasskey();
    const other = new GoTrueClient({ url: auth.otherUrl, persistSession: false, autoRefreshToken: false });
    expect((await signIn(person.authenticator, {}, other)).error?.code).toBe('webauthn_verification_failed');
    const { data } = await other.passkey.startAuthentication();
    const credential = person.authenticator.get(optionsOf(data));
    const body = { challenge_id: data!.challenge_id, credential };
    expect((await post('/passkeys/authentication/verify', body)).body).toMatchObject({
      error_code: 'webauthn_challenge_not_found',
    });
  });

  test('bounds what it is sent', async () => {
    const person = await withPasskey();
    const { data } = await client().passkey.startAuthentication();
    const good = person.authenticator.get(optionsOf(data));
    const { response } = good;
    for (const change of [
      { response: { ...response, signature: 'A'.repeat(1_400) } },
      { response: { ...response, authenticatorData: 'A'.repeat(2_800) } },
      { response: { ...response, userHandle: 'A'.repeat(100) } },
      { response: { ...response, userHandle: '\u0000' } },
      { response: { ...response, clientDataJSON: '' } },
      { id: 5 },
    ]) {
      const body = { challenge_id: data!.challenge_id, credential: { ...good, ...change } };
      const { status } = await post('/passkeys/authentication/verify', body);
      expect([change, status]).toEqual([change, 400]);
    }
    const body = { challenge_id: data!.challenge_id, credential: good };
    expect((await post('/passkeys/authentication/verify', body)).status).toBe(200);
  });
});

describe('those that are there', () => {
  test('are named and deleted by their user alone', async () => {
    const [person, other] = [await withPasskey(), await withPasskey()];
    const passkeyId = person.passkey.id;
    const { data } = await person.one.passkey.update({ passkeyId, friendlyName: ' phone ' });
    expect(data).toMatchObject({ id: passkeyId, friendly_name: 'phone' });
    for (const friendlyName of ['', ' ', 'x'.repeat(121), '\u0000'])
      expect((await person.one.passkey.update({ passkeyId, friendlyName })).error).toMatchObject({
        status: 400,
        code: 'validation_failed',
      });
    const notFound = { status: 404, code: 'webauthn_credential_not_found' };
    for (const id of [passkeyId, randomUUID()]) {
      const { error } = await other.one.passkey.update({ passkeyId: id, friendlyName: 'x' });
      expect(error).toMatchObject(notFound);
      expect((await other.one.passkey.delete({ passkeyId: id })).error).toMatchObject(notFound);
    }
    expect((await other.one.passkey.list()).data).toMatchObject([{ id: other.passkey.id }]);
    expect((await person.one.passkey.delete({ passkeyId })).error).toBeNull();
    expect((await person.one.passkey.list()).data).toEqual([]);
    expect((await signIn(person.authenticator)).error?.code).toBe('webauthn_verification_failed');
    expect((await actions(person)).slice(1)).toEqual([
      'passkey_created',
      'passkey_updated',
      'passkey_deleted',
    ]);
  });

  test('are seen and deleted by the service key, of the user that it names', async () => {
    const [person, other] = [await withPasskey(), await signedUp()];
    const { passkey } = admin();
    const { data } = await passkey.listPasskeys({ userId: person.id });
    expect(data).toMatchObject([{ id: person.passkey.id }]);
    const ids = { userId: other.id, passkeyId: person.passkey.id };
    expect((await passkey.deletePasskey(ids)).error).toMatchObject({ status: 404 });
    expect((await passkey.listPasskeys({ userId: randomUUID() })).error).toMatchObject({
      status: 404,
      code: 'user_not_found',
    });
    expect((await passkey.deletePasskey({ ...ids, userId: person.id })).error).toBeNull();
    expect((await passkey.listPasskeys({ userId: person.id })).data).toEqual([]);
    const token = (await person.one.getSession()).data.session?.access_token;
    const answer = await fetch(`${auth.url}/admin/users/${person.id}/passkeys`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(403);
  });
});

describe('settings', () => {
  test('passkeys are off by default, and then there are none', async () => {
    const person = await withPasskey();
    auth.set();
    const off = { status: 404, code: 'passkey_disabled' };
    expect((await person.one.passkey.startRegistration()).error).toMatchObject(off);
    expect((await person.one.passkey.startAuthentication()).error).toMatchObject(off);
    expect((await person.one.passkey.list()).error).toMatchObject(off);
    expect((await admin().passkey.listPasskeys({ userId: person.id })).error).toMatchObject(off);
    const { data, error } = await person.one.getUser();
    expect([data.user?.id, error]).toEqual([person.id, null]);
  });

  test('say which domain and pages; of a site that can have none the answer says why', async () => {
    const passkeys = { ...ON.passkeys, rpName: 'Shop' };
    const redirects = ['https://www.shop.example/**'];
    auth.set({ passkeys, siteUrl: 'https://shop.example', allowedRedirects: redirects });
    const person = await signedUp();
    const { data } = await person.one.passkey.startRegistration();
    expect(data?.options).toMatchObject({ rp: { id: 'shop.example', name: 'Shop' } });
    const www = { ...person, authenticator: new SoftwareAuthenticator('https://www.shop.example') };
    expect((await register(www)).error).toBeNull();
    expect((await signIn(www.authenticator, { origin: 'https://shop.example' })).error).toBeNull();
    expect((await signIn(www.authenticator, { origin: 'https://x.shop.example' })).error).not.toBeNull();
    auth.set({ passkeys, siteUrl: 'shop://home' });
    expect((await client().passkey.startAuthentication()).error).toMatchObject({
      status: 400,
      code: 'validation_failed',
      message: expect.stringContaining('rp_id'),
    });
  });
});

test('nothing of this was worth a warning', () => {
  expect(auth.warned).toEqual([]);
});
