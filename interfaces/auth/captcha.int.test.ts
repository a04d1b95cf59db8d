/** Who has to show that they are human, by the client library that people have and a verifier that answers on this machine. */
import { randomUUID } from 'node:crypto';
import { GoTrueClient, type AuthError } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  answeringServer,
  failing,
  json,
  type AnsweringServer,
} from '../../infrastructure/testing/answering-server.ts';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let verifier: AnsweringServer;
const SECRET = '0x-the-captcha-secret';
const GOOD = 'a solved puzzle';
const email = () => `u-${randomUUID().slice(0, 8)}@ex.museum`;
const password = 'a password';

beforeAll(async () => {
  auth = await authUnderTest();
  verifier = await answeringServer();
});
beforeEach(() => {
  verifier.asked.splice(0);
  verifier.answers(({ body }, res) => {
    const isGood = new URLSearchParams(body).get('response') === GOOD;
    const no = { success: false, 'error-codes': ['invalid-input-response'] };
    return json(isGood ? { success: true } : no)({ headers: {}, body }, res);
  });
  protect();
});
afterAll(async () => {
  await auth.close();
  await verifier.close();
});

const protect = (verifyUrl = `${verifier.url}/siteverify`) =>
  auth.set(
    {
      autoconfirm: true,
      anonymousSignIns: true,
      passkeys: { ...AUTH_DEFAULTS.passkeys, enabled: true },
      captcha: { provider: 'turnstile', verifyUrl },
    },
    { captchaSecret: SECRET },
  );
const client = (key = auth.anonKey) =>
  new GoTrueClient({
    url: auth.url,
    headers: { apikey: key, Authorization: `Bearer ${key}` },
    autoRefreshToken: false,
    persistSession: false,
  });
const refusal = ({ error }: { readonly error: AuthError | null }) =>
  error && [error.status, error.code, error.message];
const NONE = [400, 'captcha_failed', 'captcha protection: request disallowed (no captcha_token found)'];
const WRONG = [400, 'captcha_failed', 'captcha protection: request disallowed (invalid-input-response)'];

const shown = (captchaToken: string | undefined) => ({ ...(captchaToken !== undefined && { captchaToken }) });

type Ask = (captchaToken?: string, key?: string) => Promise<{ readonly error: AuthError | null }>;
const known = email();
const ASKED: Readonly<Record<string, Ask>> = {
  'a sign-up': (captchaToken, key) =>
    client(key).signUp({ email: email(), password, options: shown(captchaToken) }),
  'an anonymous sign-in': (captchaToken, key) =>
    client(key).signInAnonymously({ options: shown(captchaToken) }),
  'a sign-in by password': (captchaToken, key) =>
    client(key).signInWithPassword({ email: known, password, options: shown(captchaToken) }),
  'a code': (captchaToken, key) =>
    client(key).signInWithOtp({ email: email(), options: shown(captchaToken) }),
  'a recovery': (captchaToken, key) => client(key).resetPasswordForEmail(email(), shown(captchaToken)),
  'a mail again': (captchaToken, key) =>
    client(key).resend({ type: 'signup', email: email(), options: shown(captchaToken) }),
  'a sign-in by passkey': (captchaToken, key) =>
    client(key).passkey.startAuthentication({ options: shown(captchaToken) }),
};

test.each(Object.entries(ASKED))('%s needs a solved puzzle', async (name, ask) => {
  if (name.includes('password'))
    await client().signUp({ email: known, password, options: { captchaToken: GOOD } });
  verifier.asked.splice(0);
  expect(refusal(await ask())).toEqual(NONE);
  expect(refusal(await ask(' '))).toEqual(NONE);
  expect(verifier.asked).toEqual([]);
  expect(refusal(await ask('another'))).toEqual(WRONG);
  expect(refusal(await ask('x'.repeat(20_000)))).toEqual(WRONG);
  expect(verifier.asked.length).toBe(1);
  expect(refusal(await ask(GOOD))).toBeNull();
  const form = new URLSearchParams(verifier.asked.at(-1)?.body);
  expect(Object.fromEntries(form)).toEqual({ secret: SECRET, response: GOOD, remoteip: '127.0.0.1' });
});

test('who has the service key is not asked; who only says so is', async () => {
  for (const ask of Object.values(ASKED)) {
    const answer = refusal(await ask(undefined, auth.serviceKey));
    expect([null, 'invalid_credentials']).toContain(answer && answer[1]);
  }
  expect(verifier.asked).toEqual([]);
  const forged = auth.serviceKey.replace(/.{5}$/, 'AAAAA');
  expect(refusal(await client(forged).signUp({ email: email(), password }))).toEqual(NONE);
});

test('a session that is there goes on, and nothing of a refused request is done', async () => {
  const one = client();
  const { data } = await one.signUp({ email: email(), password, options: { captchaToken: GOOD } });
  verifier.asked.splice(0);
  expect((await one.refreshSession({ refresh_token: data.session?.refresh_token ?? '' })).error).toBeNull();
  const code = await fetch(`${auth.url}/token?grant_type=pkce`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth_code: randomUUID(), code_verifier: 'x'.repeat(43) }),
  });
  expect([code.status, code.headers.get('x-sb-error-code')]).toEqual([404, 'flow_state_not_found']);
  expect(verifier.asked).toEqual([]);
  const refused = email();
  await client().signUp({ email: refused, password });
  await client().signUp({ email: refused, password, options: { captchaToken: 'another' } });
  expect(await auth.owner(`SELECT FROM auth.users WHERE email = '${refused}'`)).toEqual([]);
});

test.each(['hangs', 'drips', 'floods', 'breaks', 'is away', 'talks nonsense'] as const)(
  'a verifier that %s lets nobody in, and its secret is told to nobody',
  async (how) => {
    if (how === 'is away') protect('http://127.0.0.1:1/');
    else if (how === 'talks nonsense') verifier.answers(json({ success: 'yes' }));
    else verifier.answers(failing[how]);
    const address = email();
    const answer = await fetch(`${auth.url}/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' },
      body: JSON.stringify({
        email: address,
        password,
        gotrue_meta_security: { captcha_token: GOOD },
      }),
    });
    const body = await answer.text();
    expect([answer.status, JSON.parse(body)]).toEqual([
      500,
      { code: 'captcha_failed', message: 'captcha verification process failed' },
    ]);
    expect(await auth.owner(`SELECT FROM auth.users WHERE email = '${address}'`)).toEqual([]);
    const told = auth.warned.map((line) =>
      JSON.stringify(line, [...Object.getOwnPropertyNames(new Error('x')), ...Object.keys(line)]),
    );
    expect(`${body} ${told.join(' ')}`).not.toContain(SECRET);
  },
);

test('a project that asks for nothing asks nobody', async () => {
  auth.set({ autoconfirm: true });
  expect((await client().signUp({ email: email(), password })).error).toBeNull();
  expect(verifier.asked).toEqual([]);
});
