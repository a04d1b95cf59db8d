/** What is mailed to people, and what they come back with, by the client library that people have and a real SMTP server. */
import { randomUUID } from 'node:crypto';
import { GoTrueClient, type AuthError } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authUnderTest, SITE } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());
beforeEach(() => auth.set());

const PASSWORD = 'a password';
const address = (name = 'u') => `${name}-${randomUUID().slice(0, 8)}@ex.museum`;

function client(flowType: 'implicit' | 'pkce' = 'implicit') {
  const kept = new Map<string, string>();
  return new GoTrueClient({
    url: auth.url,
    headers: { apikey: auth.anonKey },
    autoRefreshToken: false,
    detectSessionInUrl: false,
    flowType,
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
  });
}

const codeIn = ({ text }: { readonly text: string }) => /enter this code: (\d{6})/.exec(text)?.[1] ?? '';
const linkIn = ({ text }: { readonly text: string }) => new URL(/: (http\S+)/.exec(text)?.[1] ?? '');
const follow = async (link: URL | string, method = 'GET') => {
  const { status, headers } = await fetch(link, { method, redirect: 'manual' });
  return { status, location: headers.get('location') ?? '' };
};
const said = (location: string) => Object.fromEntries(new URLSearchParams(new URL(location).hash.slice(1)));
const post = async (path: string, body: object) => {
  const answer = await fetch(auth.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const refusal = ({ error }: { readonly error: AuthError | null }) => error && [error.status, error.code];

async function confirmed(one = client(), email = address()) {
  await one.signUp({ email, password: PASSWORD });
  const { error } = await one.verifyOtp({ email, token: codeIn(await auth.mailTo(email)), type: 'email' });
  expect(error).toBeNull();
  auth.advance(61);
  return { email, one };
}

describe('a sign-up is confirmed', () => {
  test('by the code, with any letter case, as type email and as type signup', async () => {
    for (const type of ['email', 'signup'] as const) {
      const email = address("O'Neil+Tag");
      const one = client();
      const { data } = await one.signUp({ email, password: PASSWORD });
      expect([data.session, data.user?.email]).toEqual([null, email.toLowerCase()]);
      const mail = await auth.mailTo(email.toLowerCase());
      expect(mail.headers.get('to')).toBe(email.toLowerCase());
      expect(refusal(await one.signInWithPassword({ email, password: PASSWORD }))).toEqual([
        400,
        'email_not_confirmed',
      ]);
      const verified = await one.verifyOtp({ email: email.toUpperCase(), token: codeIn(mail), type });
      expect(verified.error).toBeNull();
      expect(verified.data.user).toMatchObject({
        email: email.toLowerCase(),
        user_metadata: { email_verified: true },
        identities: [{ identity_data: { email_verified: true } }],
      });
      expect(verified.data.user?.email_confirmed_at).toBeTruthy();
    }
  });

  test('by the link, once; whoever looks at it before does nothing', async () => {
    const email = address();
    await client().signUp({
      email,
      password: PASSWORD,
      options: { emailRedirectTo: `${SITE}/in?next=/a&x=1` },
    });
    const link = linkIn(await auth.mailTo(email));
    expect(link.searchParams.get('redirect_to')).toBe(`${SITE}/in?next=/a&x=1`);
    expect((await follow(link, 'HEAD')).status).toBe(200);
    expect((await follow(link, 'OPTIONS')).status).toBe(204);
    const { status, location } = await follow(link);
    expect([status, location.split('#')[0]]).toEqual([303, `${SITE}/in?next=/a&x=1`]);
    expect(said(location)).toMatchObject({
      token_type: 'bearer',
      type: 'signup',
      expires_in: '3600',
      sb: '',
    });
    const one = client();
    const { access_token = '', refresh_token = '' } = said(location);
    expect((await one.setSession({ access_token, refresh_token })).error).toBeNull();
    const again = await follow(link);
    expect(again.status).toBe(303);
    expect(said(again.location)).toMatchObject({ error: 'access_denied', error_code: 'otp_expired', sb: '' });
  });

  test('by the hash that a page of the project’s own sends; a wrong type spends nothing', async () => {
    const email = address();
    const one = client();
    await one.signUp({ email, password: PASSWORD });
    const token_hash = linkIn(await auth.mailTo(email)).searchParams.get('token') ?? '';
    expect(token_hash).toMatch(/^[0-9a-f]{56}$/);
    for (const type of ['recovery', 'email_change'] as const)
      expect(refusal(await one.verifyOtp({ token_hash, type }))).toEqual([403, 'otp_expired']);
    expect((await one.verifyOtp({ token_hash, type: 'email' })).error).toBeNull();
    expect(refusal(await one.verifyOtp({ token_hash, type: 'email' }))).toEqual([403, 'otp_expired']);
  });

  test('of ten who come with one code at once, one is let in', async () => {
    const email = address();
    await client().signUp({ email, password: PASSWORD });
    const token = codeIn(await auth.mailTo(email));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client().verifyOtp({ email, token, type: 'email' })),
    );
    const codes = answers.map(({ error }) => error?.code ?? 'in');
    expect(codes.toSorted()).toEqual(['in', ...Array<string>(9).fill('otp_expired')]);
  });

  test('not by a code that is too old', async () => {
    const email = address();
    const one = client();
    await one.signUp({ email, password: PASSWORD });
    const mail = await auth.mailTo(email);
    auth.advance(3_601);
    expect(refusal(await one.verifyOtp({ email, token: codeIn(mail), type: 'email' }))).toEqual([
      403,
      'otp_expired',
    ]);
    const link = await follow(linkIn(mail));
    expect(said(link.location)).toMatchObject({ error_code: 'otp_expired' });
  });

  test('with a new code when it is sent again, and the one before is worth nothing', async () => {
    const email = address();
    const one = client();
    await one.signUp({ email, password: PASSWORD });
    const first = codeIn(await auth.mailTo(email));
    expect(refusal(await one.resend({ type: 'signup', email }))).toEqual([429, 'over_email_send_rate_limit']);
    auth.advance(61);
    expect((await one.resend({ type: 'signup', email })).error).toBeNull();
    const second = codeIn(await auth.mailTo(email, 2));
    if (first !== second)
      expect(refusal(await one.verifyOtp({ email, token: first, type: 'email' }))?.[0]).toBe(403);
    expect((await one.verifyOtp({ email, token: second, type: 'email' })).error).toBeNull();
  });

  test('and after ten wrong codes by the next one alone', async () => {
    const email = address();
    const one = client();
    await one.signUp({ email, password: PASSWORD });
    const token = codeIn(await auth.mailTo(email));
    const wrong = token === '000000' ? '000001' : '000000';
    await Promise.all(
      Array.from({ length: 10 }, () => one.verifyOtp({ email, token: wrong, type: 'email' })),
    );
    expect(refusal(await one.verifyOtp({ email, token, type: 'email' }))).toEqual([403, 'otp_expired']);
    auth.advance(61);
    await one.resend({ type: 'signup', email });
    const next = codeIn(await auth.mailTo(email, 2));
    expect((await one.verifyOtp({ email, token: next, type: 'email' })).error).toBeNull();
  });
});

describe('people get back in', () => {
  test('by a mail to choose a new password', async () => {
    const { email } = await confirmed();
    const one = client();
    expect(
      (await one.resetPasswordForEmail(email, { redirectTo: 'https://evil.example/' })).error,
    ).toBeNull();
    const mail = await auth.mailTo(email, 2);
    expect(mail.headers.get('subject')).toBe('Reset your password');
    expect(linkIn(mail).searchParams.get('redirect_to')).toBe(SITE);
    expect((await one.verifyOtp({ email, token: codeIn(mail), type: 'recovery' })).error).toBeNull();
    expect((await one.updateUser({ password: 'another password' })).error).toBeNull();
    await auth.signIn(email, 'another password');
  });

  test('by a magic link, new people by the mail of a sign-up', async () => {
    const email = address();
    const one = client();
    const data = { name: 'Zoë' };
    expect((await one.signInWithOtp({ email, options: { data } })).error).toBeNull();
    const first = await one.verifyOtp({ email, token: codeIn(await auth.mailTo(email)), type: 'email' });
    expect(first.data.user?.user_metadata).toMatchObject(data);
    auth.advance(61);
    expect((await one.signInWithOtp({ email })).error).toBeNull();
    const mail = await auth.mailTo(email, 2);
    expect([mail.headers.get('subject'), linkIn(mail).searchParams.get('type')]).toEqual([
      'Your sign-in link',
      'magiclink',
    ]);
    expect((await one.verifyOtp({ email, token: codeIn(mail), type: 'magiclink' })).error).toBeNull();
  });

  test('strangers hear what everybody does, and no more often', async () => {
    const { email: known } = await confirmed();
    const unknown = address('nobody');
    for (const path of ['/recover', '/resend']) {
      const ask = (email: string) => post(path, { email, type: 'signup' });
      expect(await ask(known)).toEqual({ status: 200, body: {} });
      expect(await ask(unknown)).toEqual({ status: 200, body: {} });
      const [one, other] = [await ask(known), await ask(unknown)];
      expect([one.status, one.body['code']]).toEqual([429, 'over_email_send_rate_limit']);
      expect([other.status, other.body['code']]).toEqual([429, 'over_email_send_rate_limit']);
      auth.advance(61);
    }
    const existing = await client().signInWithOtp({ email: unknown, options: { shouldCreateUser: false } });
    expect(refusal(existing)).toEqual([422, 'otp_disabled']);
    expect(auth.mails.filter(({ to }) => to.includes(unknown))).toEqual([]);
  });

  test('sign-ups that are closed let those in who are known, and say nothing about others', async () => {
    const { email } = await confirmed();
    auth.set({ signUpsOpen: false });
    const stranger = address('stranger');
    for (const one of [email, stranger])
      expect(await post('/otp', { email: one, create_user: true })).toEqual({ status: 200, body: {} });
    await auth.mailTo(email, 2);
    expect(await auth.owner(`SELECT FROM auth.users WHERE email = '${stranger}'`)).toEqual([]);
  });

  test('ten at once for a new address make one user, and nobody sees a fault of ours', async () => {
    const email = address();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post('/otp', { email })));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect((await auth.owner(`SELECT FROM auth.users WHERE email = '${email}'`)).length).toBe(1);
  });
});

describe('with PKCE', () => {
  test('a link brings a code, which the verifier makes a session of, once', async () => {
    const { email } = await confirmed();
    const one = client('pkce');
    await one.signInWithOtp({ email, options: { emailRedirectTo: `${SITE}/in?next=/a&code=evil` } });
    const link = linkIn(await auth.mailTo(email, 2));
    expect(link.searchParams.get('token')).toMatch(/^pkce_/);
    const stripped = new URL(link);
    stripped.searchParams.set('token', link.searchParams.get('token')?.slice(5) ?? '');
    expect(said((await follow(stripped)).location)).toMatchObject({ error_code: 'otp_expired' });
    const { location } = await follow(link);
    const back = new URL(location);
    expect([back.hash, back.searchParams.getAll('next'), back.searchParams.getAll('code').length]).toEqual([
      '',
      ['/a'],
      1,
    ]);
    const code = back.searchParams.get('code') ?? '';
    const wrong = { auth_code: code, code_verifier: 'x'.repeat(43) };
    expect((await post('/token?grant_type=pkce', wrong)).body).toMatchObject({ code: 'bad_code_verifier' });
    const exchanged = await one.exchangeCodeForSession(code);
    expect(exchanged.error).toBeNull();
    expect(exchanged.data.user?.email).toBe(email);
    expect((await post('/token?grant_type=pkce', wrong)).status).toBe(404);
    const failed = new URL((await follow(link)).location);
    expect(failed.searchParams.get('error_code')).toBe('otp_expired');
    expect(failed.searchParams.get('next')).toBe('/a');
  });

  test('a code lives for five minutes from the click, and a challenge has a form', async () => {
    const { email } = await confirmed();
    const one = client('pkce');
    await one.resetPasswordForEmail(email);
    const link = linkIn(await auth.mailTo(email, 2));
    auth.advance(1_000);
    const code = new URL((await follow(link)).location).searchParams.get('code') ?? '';
    auth.advance(301);
    expect(refusal(await one.exchangeCodeForSession(code))).toBeTruthy();
    const late = { auth_code: code, code_verifier: 'x'.repeat(43) };
    expect((await post('/token?grant_type=pkce', late)).body).toMatchObject({ code: 'flow_state_expired' });
    for (const [body, status] of [
      [{ auth_code: '', code_verifier: 'x' }, 400],
      [{ auth_code: randomUUID(), code_verifier: 'x' }, 404],
      [{ auth_code: "'; drop table auth.users --", code_verifier: 'x' }, 404],
    ] as const)
      expect((await post('/token?grant_type=pkce', body)).status).toBe(status);
    const short = { email: address(), code_challenge: 'short', code_challenge_method: 's256' };
    for (const path of ['/otp', '/recover', '/magiclink'])
      expect(await post(path, short)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });
});

describe('an address is changed', () => {
  test('when both have agreed, whichever comes first', async () => {
    for (const newFirst of [true, false]) {
      const { email, one } = await confirmed();
      const next = address('new');
      const { data } = await one.updateUser({ email: next });
      expect([data.user?.email, data.user?.new_email]).toEqual([email, next]);
      const codes = [
        { email, token: codeIn(await auth.mailTo(email, 2)) },
        { email: next, token: codeIn(await auth.mailTo(next)) },
      ];
      const [first, second] = newFirst ? codes.toReversed() : codes;
      if (!first || !second) throw new Error('two codes');
      const half = await post('/verify', { ...first, type: 'email_change' });
      expect(half).toMatchObject({
        status: 200,
        body: { code: '200', msg: expect.stringContaining('accepted') },
      });
      expect((await one.getUser()).data.user?.email).toBe(email);
      const whole = await post('/verify', { ...second, type: 'email_change' });
      expect(whole.body['user']).toMatchObject({
        email: next,
        identities: [{ identity_data: { email: next } }],
      });
      await auth.signIn(next, PASSWORD);
    }
  });

  test('by the new one alone where the owner says so; to one that is taken never', async () => {
    auth.set({ secureEmailChange: false });
    const { email, one } = await confirmed();
    const { email: other } = await confirmed();
    expect(refusal(await one.updateUser({ email: other }))).toEqual([422, 'email_exists']);
    const next = address('new');
    await one.updateUser({ email: next });
    const { location } = await follow(linkIn(await auth.mailTo(next)));
    expect(said(location)).toMatchObject({ type: 'email_change', token_type: 'bearer' });
    expect(auth.mails.filter(({ to }) => to.includes(email)).length).toBe(1);
  });

  test('and what was sent to the one before opens nothing any more', async () => {
    auth.set({ secureEmailChange: false });
    const { email, one } = await confirmed();
    await one.updateUser({ email: address('a') });
    await client().resetPasswordForEmail(email);
    const old = codeIn(await auth.mailTo(email, 2));
    const next = (await one.getUser()).data.user?.new_email ?? '';
    await post('/verify', { email: next, token: codeIn(await auth.mailTo(next)), type: 'email_change' });
    expect((await post('/verify', { email, token: old, type: 'recovery' })).status).toBe(403);
  });
});

test('a password is changed with a code that is mailed, where the owner says so', async () => {
  auth.set({ password: { minLength: 6, requires: [], reauthenticate: true, needsCurrent: false } });
  const { email, one } = await confirmed();
  auth.advance(25 * 3_600);
  await one.refreshSession();
  expect(refusal(await one.updateUser({ password: 'better password' }))).toEqual([
    400,
    'reauthentication_needed',
  ]);
  expect((await one.reauthenticate()).error).toBeNull();
  const nonce = /code: (\d{6})/.exec((await auth.mailTo(email, 2)).text)?.[1] ?? '';
  const wrong = nonce === '000000' ? '000001' : '000000';
  expect(refusal(await one.updateUser({ password: 'better password', nonce: wrong }))).toEqual([
    422,
    'reauthentication_not_valid',
  ]);
  expect((await one.updateUser({ password: 'better password', nonce })).error).toBeNull();
});

test.each([
  [{}, 'validation_failed'],
  [{ type: 'email' }, 'validation_failed'],
  [{ type: 'email', token: '123456', token_hash: 'x' }, 'validation_failed'],
  [{ type: 'email', email: 'a@b.example', token_hash: 'x' }, 'validation_failed'],
  [{ type: 'email', token: '123456' }, 'validation_failed'],
  [{ type: 'toString', email: 'a@b.example', token: '123456' }, 'validation_failed'],
  [{ type: 'sms', phone: '4917', token: '123456' }, 'phone_provider_disabled'],
])('%j is no code', async (body, code) => {
  expect(await post('/verify', body)).toMatchObject({ status: 400, body: { code } });
});

test('a subject is as it was written; what a template names is there', async () => {
  const html = '<a href="{{ .ConfirmationURL }}">{{ .Data.name }}</a>';
  auth.set({
    templates: { confirmation: { subject: "You're in, {{ .Data.name }}", text: '{{ .Token }}', html } },
  });
  const email = address();
  await client().signUp({ email, password: PASSWORD, options: { data: { name: 'Zoë <b>' } } });
  const mail = await auth.mailTo(email);
  expect(mail.headers.get('subject')).toBe("You're in, Zoë <b>");
  expect(mail.html).toContain('Zoë &lt;b&gt;</a>');
  expect(mail.html).toContain('&amp;type=signup');
  expect(auth.warned).toEqual([]);
});
