/** Keys as second factors, as the client library uses them. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi, GoTrueClient, type AMREntry } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  SoftwareAuthenticator,
  type KeyOptions,
  type Lies,
} from '../../application/testing/software-authenticator.ts';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import { authUnderTest, SITE } from '../acceptance/auth-under-test.ts';

const PASSWORD = 'a password';
const ON = { mfa: { ...AUTH_DEFAULTS.mfa, webauthn: true } };
/** as a page says it, which nobody has to believe */
const RP = { rpId: 'evil.example', rpOrigins: ['https://evil.example'] };

let auth: Awaited<ReturnType<typeof authUnderTest>>;
beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());
beforeEach(() => auth.set(ON));

const client = () => new GoTrueClient({ url: auth.url, persistSession: false, autoRefreshToken: false });
async function signedIn(email: string) {
  const one = client();
  await one.setSession(await auth.signIn(email, PASSWORD));
  return one;
}
async function person() {
  const admin = new GoTrueAdminApi({
    url: auth.url,
    headers: { authorization: `Bearer ${auth.serviceKey}` },
  });
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  const { data } = await admin.createUser({ email, email_confirm: true, password: PASSWORD });
  return { id: data.user!.id, email, admin, authenticator: new SoftwareAuthenticator(SITE) };
}

async function challenged(one: GoTrueClient, factorId: string) {
  const { access_token: token } = (await one.getSession()).data.session!;
  const answer = await fetch(`${auth.url}/factors/${factorId}/challenge`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ factorId, webauthn: RP }),
  });
  return (await answer.json()) as {
    id: string;
    error_code?: string;
    webauthn: { type: 'create' | 'request'; credential_options: { publicKey: KeyOptions } };
  };
}
type Challenged = Awaited<ReturnType<typeof challenged>>;

const answerTo = (authenticator: SoftwareAuthenticator, { webauthn }: Challenged, lies: Lies = {}) =>
  webauthn.type === 'create'
    ? authenticator.create(webauthn.credential_options.publicKey, lies)
    : authenticator.get(webauthn.credential_options.publicKey, lies);
const verify = (
  one: GoTrueClient,
  factorId: string,
  { id, webauthn: { type } }: Challenged,
  answer: object,
) =>
  one.mfa.verify({
    factorId,
    challengeId: id,
    webauthn: { type, ...RP, credential_response: { toJSON: () => answer } },
  } as never);
async function prove(
  one: GoTrueClient,
  factorId: string,
  authenticator: SoftwareAuthenticator,
  lies: Lies = {},
) {
  const asked = await challenged(one, factorId);
  return verify(one, factorId, asked, answerTo(authenticator, asked, lies));
}
const enroll = async (one: GoTrueClient, friendlyName = 'key') =>
  (await one.mfa.webauthn.enroll({ friendlyName })).data!.id;

async function withKey() {
  const who = await person();
  const one = await signedIn(who.email);
  const factorId = await enroll(one);
  expect((await prove(one, factorId, who.authenticator)).error).toBeNull();
  return { ...who, one, factorId };
}
const claims = async (one: GoTrueClient) => {
  const { access_token: token } = (await one.getSession()).data.session!;
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    aal: string;
    amr: AMREntry[];
  };
};
const FAILED = { status: 422, code: 'mfa_verification_failed' };

test('is enrolled with its key, and raises a session by it', async () => {
  const { email, authenticator } = await person();
  const one = await signedIn(email);
  const { data } = await one.mfa.webauthn.enroll({ friendlyName: 'key' });
  expect(data).toEqual({ id: expect.any(String), type: 'webauthn', friendly_name: 'key' });
  const asked = await challenged(one, data!.id);
  expect(asked).toMatchObject({
    type: 'webauthn',
    webauthn: {
      type: 'create',
      credential_options: {
        publicKey: {
          rp: { id: 'app.example' },
          excludeCredentials: [],
          attestation: 'none',
          authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
        },
      },
    },
  });
  // the client reads them, too
  expect((await one.mfa.challenge({ factorId: data!.id, webauthn: RP })).error).toBeNull();
  const done = await verify(one, data!.id, asked, answerTo(authenticator, asked, { flags: 0x01 }));
  expect(done.error).toBeNull();
  expect(await claims(one)).toMatchObject({
    aal: 'aal2',
    amr: [{ method: 'mfa/webauthn' }, { method: 'password' }],
  });
  expect((await one.mfa.listFactors()).data?.webauthn).toMatchObject([{ id: data!.id, status: 'verified' }]);

  const again = await signedIn(email);
  expect((await again.mfa.getAuthenticatorAssuranceLevel()).data).toMatchObject({
    currentLevel: 'aal1',
    nextLevel: 'aal2',
  });
  const second = await challenged(again, data!.id);
  expect(second.webauthn).toMatchObject({
    type: 'request',
    credential_options: { publicKey: { rpId: 'app.example', allowCredentials: [{ type: 'public-key' }] } },
  });
  expect((await verify(again, data!.id, second, answerTo(authenticator, second))).error).toBeNull();
  expect((await claims(again)).aal).toBe('aal2');
});

test.each<[string, Lies]>([
  ['another origin', { origin: 'https://evil.example' }],
  ['another domain', { rpId: 'evil.example' }],
  ['another challenge', { challenge: 'A'.repeat(43) }],
  ['nobody there', { flags: 0x00 }],
  ['a bad signature', { signature: 'bad' }],
  ['a key that is not its own', { id: 'AAAA' }],
  ['a count that goes back', { signCount: 0 }],
])('refuses %s', async (_, lies) => {
  const { email, authenticator, factorId, one } = await withKey();
  expect((await prove(one, factorId, authenticator, { signCount: 5 })).error).toBeNull();
  const again = await signedIn(email);
  expect((await prove(again, factorId, authenticator, lies)).error).toMatchObject(FAILED);
  expect((await claims(again)).aal).toBe('aal1');
  expect((await prove(again, factorId, authenticator, { signCount: 6 })).error).toBeNull();
});

test('a challenge is good once, right or wrong, for five minutes, in its session, and for what it was made for', async () => {
  const { email, authenticator, factorId } = await withKey();
  const [one, other] = [await signedIn(email), await signedIn(email)];
  const spent = { status: 422, code: 'mfa_challenge_expired' };
  const asked = await challenged(one, factorId);
  expect((await verify(other, factorId, asked, answerTo(authenticator, asked))).error).toMatchObject(FAILED);
  expect((await verify(one, factorId, asked, answerTo(authenticator, asked))).error).toMatchObject(spent);
  const wrong = await challenged(one, factorId);
  const bad = answerTo(authenticator, wrong, { signature: 'bad' });
  expect((await verify(one, factorId, wrong, bad)).error).toMatchObject(FAILED);
  expect((await verify(one, factorId, wrong, answerTo(authenticator, wrong))).error).toMatchObject(spent);
  const late = await challenged(one, factorId);
  auth.advance(301);
  expect((await verify(one, factorId, late, answerTo(authenticator, late))).error).toMatchObject(spent);
  // a new key in the place of one that is there
  const asRequest = await challenged(one, factorId);
  const created = new SoftwareAuthenticator(SITE).create({
    ...asRequest.webauthn.credential_options.publicKey,
    rp: { id: 'app.example' },
    user: { id: 'x' },
  });
  const asCreate = { ...asRequest, webauthn: { ...asRequest.webauthn, type: 'create' as const } };
  expect((await verify(one, factorId, asCreate, created)).error).toMatchObject(FAILED);
  const code = { factorId, challengeId: asRequest.id, code: '123456' };
  expect((await one.mfa.verify(code)).error).toMatchObject({ status: 400, code: 'validation_failed' });
  expect((await prove(one, factorId, authenticator)).error).toBeNull();
});

test('of two challenges to make a key the first that is answered counts', async () => {
  const { email, authenticator } = await person();
  const one = await signedIn(email);
  const factorId = await enroll(one);
  const [first, second] = [await challenged(one, factorId), await challenged(one, factorId)];
  expect((await verify(one, factorId, first, answerTo(authenticator, first))).error).toBeNull();
  const thief = new SoftwareAuthenticator(SITE);
  expect((await verify(one, factorId, second, answerTo(thief, second))).error).toMatchObject(FAILED);
  expect((await prove(one, factorId, authenticator)).error).toBeNull();
});

test('whoever has not shown their second factor makes no key for one that waits for it', async () => {
  const { email, one } = await withKey();
  const waiting = await enroll(one, 'another');
  const stolen = await signedIn(email);
  const insufficient = { error_code: 'insufficient_aal' };
  expect(await challenged(stolen, waiting)).toMatchObject(insufficient);
  const asked = await challenged(one, waiting);
  const answer = answerTo(new SoftwareAuthenticator(SITE), asked);
  expect((await verify(stolen, waiting, asked, answer)).error).toMatchObject({
    status: 403,
    code: 'insufficient_aal',
  });
  expect((await verify(one, waiting, asked, answer)).error).toBeNull();
});

test('an authenticator makes one key for a user, and a key is one factor', async () => {
  const { one, authenticator } = await withKey();
  const another = await enroll(one, 'another');
  const asked = await challenged(one, another);
  expect(() => answerTo(authenticator, asked)).toThrow('InvalidStateError');
  const id = authenticator.keys[0]!.id.toString('base64url');
  const same = new SoftwareAuthenticator(SITE).create(
    { ...asked.webauthn.credential_options.publicKey, excludeCredentials: [] },
    { id },
  );
  expect((await verify(one, another, asked, same)).error).toMatchObject(FAILED);
});

test('goes by its user, who has shown it, and by the service key; sessions are aal1 again', async () => {
  const { id, email, one, factorId, authenticator, admin } = await withKey();
  const weak = await signedIn(email);
  expect((await weak.mfa.unenroll({ factorId })).error).toMatchObject({ code: 'insufficient_aal' });
  expect((await one.mfa.unenroll({ factorId })).error).toBeNull();
  await one.refreshSession();
  expect(await claims(one)).toMatchObject({ aal: 'aal1', amr: [{ method: 'password' }] });
  const next = await enroll(one, 'next');
  authenticator.keys.splice(0);
  expect((await prove(one, next, authenticator)).error).toBeNull();
  expect((await admin.mfa.deleteFactor({ id: next, userId: id })).error).toBeNull();
  expect((await one.mfa.listFactors()).data?.all).toEqual([]);
});

test.each([true, false])('goes with its user (softly: %s)', async (isSoft) => {
  const { id, factorId, admin } = await withKey();
  expect((await admin.deleteUser(id, isSoft)).error).toBeNull();
  for (const left of [
    `mfa_factors WHERE user_id = '${id}'`,
    `mfa_challenges WHERE factor_id = '${factorId}'`,
  ])
    expect([left, await auth.owner(`SELECT FROM auth.${left}`)]).toEqual([left, []]);
});

test('one of a dump counts; of a row without a key nobody can make use', async () => {
  const { one, factorId, authenticator } = await withKey();
  await auth.owner(
    `UPDATE auth.mfa_factors SET web_authn_credential = web_authn_credential - 'flags' - 'attestationType'
       || '{"attestation": {"object": "o2NmbXQ="}}' WHERE id = '${factorId}'`,
  );
  expect((await prove(one, factorId, authenticator)).error).toBeNull();
  for (const credential of ['NULL', `'{}'`, `'{"id": "AA==", "publicKey": "AA=="}'`]) {
    await auth.owner(
      `UPDATE auth.mfa_factors SET web_authn_credential = ${credential} WHERE id = '${factorId}'`,
    );
    const asked = await challenged(one, factorId);
    const { challenge, rpId } = asked.webauthn.credential_options.publicKey;
    const answer = authenticator.get({ challenge, ...(rpId && { rpId }) });
    expect((await verify(one, factorId, asked, answer)).error).toMatchObject(FAILED);
  }
});

test('is off by default; factors that are there count on', async () => {
  const { one, factorId, authenticator } = await withKey();
  auth.set();
  expect((await one.mfa.webauthn.enroll({ friendlyName: 'x' })).error).toMatchObject({
    status: 422,
    code: 'mfa_webauthn_enroll_not_enabled',
  });
  expect((await prove(one, factorId, authenticator)).error).toBeNull();
});
