/** What users of comparable services ran into, and what is not shown elsewhere; each is a kind. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi, GoTrueClient } from '@supabase/auth-js';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let admin: GoTrueAdminApi;
beforeAll(async () => {
  auth = await authUnderTest();
  admin = new GoTrueAdminApi({ url: auth.url, headers: { authorization: `Bearer ${auth.serviceKey}` } });
});
afterAll(() => auth.close());
beforeEach(() => auth.set());

const PASSWORD = 'a password';
const address = (name = 'u') => `${name}-${randomUUID().slice(0, 8)}@ex.museum`;
const client = () =>
  new GoTrueClient({
    url: auth.url,
    headers: { apikey: auth.anonKey },
    autoRefreshToken: false,
    persistSession: false,
  });
const codeIn = ({ text }: { readonly text: string }) => /enter this code: (\d{6})/.exec(text)?.[1] ?? '';

async function signedIn(email = address()) {
  const { data } = await admin.createUser({ email, password: PASSWORD, email_confirm: true });
  const one = client();
  const { access_token, refresh_token } = await auth.signIn(email, PASSWORD);
  await one.setSession({ access_token, refresh_token });
  return { one, email, id: data.user?.id ?? '' };
}

test('autoconfirm is about sign-ups: another address is confirmed by both', async () => {
  auth.set({ autoconfirm: true });
  const { one, email } = await signedIn();
  const next = address('new');
  const { data, error } = await one.updateUser({ email: next });
  expect([error, data.user?.email, data.user?.new_email]).toEqual([null, email, next]);
  for (const to of [email, next]) {
    expect((await one.getUser()).data.user?.email).toBe(email);
    const token = codeIn(await auth.mailTo(to));
    expect((await one.verifyOtp({ email: to, token, type: 'email_change' })).error).toBeNull();
  }
  expect((await one.getUser()).data.user?.email).toBe(next);
});

test('an address has one form at an invitation and a recovery, too', async () => {
  const invited = address('invited');
  const { data } = await admin.inviteUserByEmail(invited.toUpperCase());
  expect(data.user?.email).toBe(invited);
  const token = codeIn(await auth.mailTo(invited));
  const accepted = await client().verifyOtp({ email: ` ${invited.toUpperCase()} `, token, type: 'invite' });
  expect([accepted.error, accepted.data.user?.email]).toEqual([null, invited]);
  expect((await admin.inviteUserByEmail(invited)).error).toMatchObject({ status: 422, code: 'email_exists' });
  auth.advance(61);
  const one = client();
  expect((await one.resetPasswordForEmail(invited.toUpperCase())).error).toBeNull();
  const recovery = codeIn(await auth.mailTo(invited, 2));
  expect((await one.verifyOtp({ email: invited, token: recovery, type: 'recovery' })).error).toBeNull();
});

test('a password is counted in bytes, at every door', async () => {
  const { one, id } = await signedIn();
  const password = 'ü'.repeat(40);
  const refused = { status: 400, code: 'validation_failed' };
  expect((await client().signUp({ email: address(), password })).error).toMatchObject(refused);
  expect((await one.updateUser({ password })).error).toMatchObject(refused);
  expect((await admin.createUser({ email: address(), password })).error).toMatchObject(refused);
  expect((await admin.updateUserById(id, { password })).error).toMatchObject(refused);
  expect((await one.updateUser({ password: 'ü'.repeat(36) })).error).toBeNull();
});

test('who has a second factor recovers their password with it', async () => {
  const { one, email } = await signedIn();
  const { data: factor } = await one.mfa.enroll({ factorType: 'totp' });
  if (factor?.type !== 'totp') throw new Error('no factor');
  const now = () => Math.floor(auth.now().getTime() / 1000);
  const code = () => generateSync({ secret: factor.totp.secret, epoch: now() });
  expect((await one.mfa.challengeAndVerify({ factorId: factor.id, code: code() })).error).toBeNull();
  auth.advance(90);
  const other = client();
  await other.resetPasswordForEmail(email);
  const token = codeIn(await auth.mailTo(email));
  expect((await other.verifyOtp({ email, token, type: 'recovery' })).error).toBeNull();
  const level = await other.mfa.getAuthenticatorAssuranceLevel();
  expect(level.data).toMatchObject({ currentLevel: 'aal1', nextLevel: 'aal2' });
  const password = 'another password';
  expect((await other.updateUser({ password })).error).toMatchObject({
    status: 401,
    code: 'insufficient_aal',
  });
  expect((await other.mfa.challengeAndVerify({ factorId: factor.id, code: code() })).error).toBeNull();
  expect((await other.updateUser({ password })).error).toBeNull();
  expect((await auth.signIn(email, password)).access_token).toBeTruthy();
});

test('where sign-ups are closed the admin makes users, and who is there gets in by every way', async () => {
  auth.set({ signUpsOpen: false });
  const { email } = await signedIn();
  const one = client();
  expect((await one.signInWithOtp({ email })).error).toBeNull();
  const token = codeIn(await auth.mailTo(email));
  expect((await one.verifyOtp({ email, token, type: 'email' })).error).toBeNull();
  auth.advance(61);
  expect((await one.resetPasswordForEmail(email)).error).toBeNull();
  const recovery = codeIn(await auth.mailTo(email, 2));
  expect((await one.verifyOtp({ email, token: recovery, type: 'recovery' })).error).toBeNull();
  const stranger = await client().signUp({ email: address(), password: PASSWORD });
  expect(stranger.error).toMatchObject({ status: 422, code: 'signup_disabled' });
});
