/** Sign-in by others: a real provider of OpenID Connect, the real client, real databases. */
import { createHash, randomUUID } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { AuthClient } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuthSecrets, AuthSettings } from '../../domain/auth/auth-settings.ts';
import { answeringServer, json } from '../../infrastructure/testing/answering-server.ts';
import { Browser } from '../../infrastructure/testing/browser.ts';
import { startOpenIdServer, type OpenIdServer } from '../../infrastructure/testing/open-id-server.ts';
import { authUnderTest, SITE } from '../acceptance/auth-under-test.ts';

let service: Awaited<ReturnType<typeof authUnderTest>>;
let acme: OpenIdServer;
/** of whoever asks the service; at acme each comes with one of their own */
let browser: Browser;
beforeAll(async () => {
  service = await authUnderTest();
  acme = await startOpenIdServer([`${service.url}/callback`, `${service.otherUrl}/callback`]);
}, 60_000);
afterAll(async () => {
  await acme.close();
  await service.close();
});

const provider = { enabled: true, issuer: '', scopes: [] };
const set = (change: Partial<AuthSettings> = {}, secrets: Partial<AuthSecrets> = {}) => {
  const providers = {
    acme: { ...provider, clientId: acme.clientId, issuer: acme.issuer },
    off: { ...provider, enabled: false, clientId: acme.clientId, issuer: acme.issuer },
  };
  service.set({ providers, ...change }, secrets);
  service.setProviderSecrets({ acme: acme.clientSecret });
};
beforeEach(() => {
  browser = new Browser();
  set();
});

/** Somebody whom acme knows. */
function person(claims: Readonly<Record<string, unknown>> = {}): {
  readonly who: string;
  readonly email: string;
} {
  const who = randomUUID();
  const email = `${who}@example.com`;
  acme.people.set(who, { email, email_verified: true, name: 'Ann', ...claims });
  return { who, email };
}

type Query = Readonly<Record<string, string>>;

async function begun(query: Query, url = service.url): Promise<string> {
  const asked = new URLSearchParams({ provider: 'acme', ...query });
  const answer = await browser.ask(`${url}/authorize?${asked.toString()}`);
  expect(answer.status).toBe(302);
  return answer.headers.get('location') ?? '';
}

/** @returns where acme sends them back to */
const back = async (who: string, query: Query = {}, url = service.url) =>
  acme.signIn(await begun({ ...query, login_hint: who }, url), `${url}/callback`);

async function sent(address: string, by = browser) {
  const answer = await by.ask(address);
  expect(answer.status).toBe(303);
  const to = new URL(answer.headers.get('location') ?? '');
  return {
    to,
    said: Object.fromEntries(new URLSearchParams(to.hash.slice(1))),
    query: Object.fromEntries(to.searchParams),
  };
}

const signedIn = async (who: string, query: Query = {}) => (await sent(await back(who, query))).said;

const client = (storage = new Map<string, string>()) =>
  new AuthClient({
    url: service.url,
    headers: { apikey: service.anonKey, Authorization: `Bearer ${service.anonKey}` },
    autoRefreshToken: false,
    flowType: 'pkce',
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
  });

const userOf = async (token = '') => {
  const { data, error } = await client().getUser(token);
  if (error) throw error;
  return data.user;
};

const rows = (sql: string) => service.owner(sql);

describe('by the browser', () => {
  test('who is new becomes a user, and comes back as the same one', async () => {
    const { who, email } = person({ picture: 'https://a.example/1' });
    const first = await signedIn(who);
    expect(first).toMatchObject({
      token_type: 'bearer',
      refresh_token: expect.any(String),
      provider_token: expect.any(String),
    });
    const user = await userOf(first['access_token']);
    expect(user).toMatchObject({
      email,
      email_confirmed_at: expect.any(String),
      app_metadata: { provider: 'acme', providers: ['acme'] },
      user_metadata: { full_name: 'Ann', avatar_url: 'https://a.example/1', email_verified: true },
      identities: [{ provider: 'acme', id: who, identity_data: { iss: acme.issuer, sub: who } }],
    });
    acme.people.set(who, { email: 'moved@example.com', email_verified: true, name: 'Ann B.' });
    const again = await userOf((await signedIn(who))['access_token']);
    expect(again).toMatchObject({ id: user.id, email, user_metadata: { full_name: 'Ann B.' } });
    const claims = JSON.parse(
      Buffer.from(first['access_token']?.split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ amr: [{ method: 'oauth' }] });
  });

  test('the real client, by PKCE: a code for whoever has the verifier, once, and the provider’s token with it', async () => {
    const { who } = person();
    const storage = new Map<string, string>();
    const auth = client(storage);
    const asked = await auth.signInWithOAuth({
      provider: 'acme' as 'google',
      options: {
        skipBrowserRedirect: true,
        redirectTo: `${SITE}/in?next=/a&x=1`,
        queryParams: { login_hint: who },
      },
    });
    const answer = await browser.ask(asked.data.url ?? '');
    const came = await sent(
      await acme.signIn(answer.headers.get('location') ?? '', `${service.url}/callback`),
    );
    expect(came.said).toEqual({});
    expect(came.query).toMatchObject({ next: '/a', x: '1', code: expect.any(String) });
    const code = came.query['code'] ?? '';
    const stranger = await fetch(`${service.url}/token?grant_type=pkce`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth_code: code, code_verifier: 'x'.repeat(43) }),
    });
    expect(stranger.status).toBe(400);
    const exchanged = await auth.exchangeCodeForSession(code);
    expect(exchanged.error).toBeNull();
    expect(exchanged.data.session).toMatchObject({
      provider_token: expect.any(String),
      user: { identities: [{ id: who }] },
    });
    const left = await rows(`SELECT count(*) AS n FROM auth.flow_state WHERE provider_type = 'acme'`);
    expect(JSON.stringify(left)).toContain('"0"');
  });

  test('who says no there comes back with that', async () => {
    const { to, said, query } = await sent(await back('nobody', { redirect_to: `${SITE}/in` }));
    expect(to.href.startsWith(`${SITE}/in#`)).toBe(true);
    expect(said).toMatchObject({ error: 'access_denied', error_code: 'bad_oauth_callback' });
    expect(query).toEqual({});
    const challenge = { code_challenge: 'c'.repeat(43), code_challenge_method: 's256' };
    expect((await sent(await back('nobody', challenge))).query).toMatchObject({ error: 'access_denied' });
  });

  test('what is off, or none, is told at once', async () => {
    for (const name of ['off', 'none', '', 'constructor', '__proto__']) {
      const answer = await fetch(`${service.url}/authorize?provider=${name}`, { redirect: 'manual' });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error_code: 'validation_failed' });
    }
    const half = await fetch(`${service.url}/authorize?provider=acme&code_challenge=${'c'.repeat(43)}`, {
      redirect: 'manual',
    });
    expect(half.status).toBe(400);
    const two = await fetch(`${service.url}/authorize?provider=acme&provider=off`, { redirect: 'manual' });
    expect(two.status).toBe(400);
  });

  test('nobody is sent to where the owner has not said', async () => {
    for (const redirect_to of [
      'https://evil.example',
      '//evil.example',
      'https://app.example@evil.example',
      'javascript:alert(1)',
    ]) {
      const { who } = person();
      const { to } = await sent(await back(who, { redirect_to }));
      expect(to.origin).toBe(SITE);
    }
  });
});

describe('what was begun', () => {
  const bad = async (address: string, by?: Browser) => (await sent(address, by)).said['error_code'];

  test('is good once, and looking at it spends nothing', async () => {
    const address = await back(person().who);
    for (const method of ['HEAD', 'OPTIONS'])
      expect((await fetch(address, { method, redirect: 'manual' })).status).toBeLessThan(300);
    const both = await Promise.all([sent(address), sent(address)]);
    expect(both.filter(({ said }) => said['access_token'])).toHaveLength(1);
    expect(await bad(address)).toBe('bad_oauth_state');
  });

  test('is good for ten minutes, in its own project, with its own state', async () => {
    const other = new URL(await back(person().who));
    expect(await bad(`${service.otherUrl}/callback${other.search}`)).toBe('bad_oauth_state');
    expect(await bad(`${service.url}/callback?code=x`)).toBe('bad_oauth_state');
    expect(await bad(`${service.url}/callback?code=x&state=${randomUUID()}`)).toBe('bad_oauth_state');
    const [mine, theirs] = [new URL(await back(person().who)), new URL(await back(person().who))];
    mine.searchParams.set('state', theirs.searchParams.get('state') ?? '');
    // their code, my verifier: acme says no
    expect(await bad(mine.href)).toBe('bad_oauth_callback');
    const late = await back(person().who);
    service.advance(11 * 60);
    expect(await bad(late)).toBe('bad_oauth_state');
  });

  test('an answer that says that it is of another provider is refused', async () => {
    const mixed = new URL(await back(person().who));
    mixed.searchParams.set('iss', 'https://evil.example');
    expect(await bad(mixed.href)).toBe('bad_oauth_callback');
  });

  test('no code for a session is made of what waits for the provider', async () => {
    const address = new URL(await begun({ code_challenge: 'c'.repeat(43), code_challenge_method: 'plain' }));
    const state = address.searchParams.get('state') ?? '';
    for (const auth_code of [
      state,
      address.searchParams.get('code_challenge'),
      address.searchParams.get('nonce'),
    ]) {
      const answer = await fetch(`${service.url}/token?grant_type=pkce`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ auth_code, code_verifier: 'c'.repeat(43) }),
      });
      expect(answer.status).toBe(404);
    }
  });

  test('is of the browser that began it: in another one it is nothing, and is not spent', async () => {
    const address = await back(person().who);
    const other = new Browser();
    expect(await bad(address, other)).toBe('bad_oauth_state');
    // nor with the key of a sign-in that was begun there
    await other.ask(`${service.url}/authorize?provider=acme`);
    expect(await bad(address, other)).toBe('bad_oauth_state');
    expect((await sent(address)).said).toHaveProperty('access_token');
  });

  test('two tabs of one browser do not disturb each other', async () => {
    const [one, two] = [await back(person().who), await back(person().who)];
    expect((await sent(one)).said).toHaveProperty('access_token');
    expect((await sent(two)).said).toHaveProperty('access_token');
  });

  test('is kept so that whoever reads the database cannot end it', async () => {
    const answer = await fetch(`${service.url}/authorize?provider=acme`, { redirect: 'manual' });
    const [, key = ''] = /^launchdb-sign-in=([\w-]{43}); /.exec(answer.headers.get('set-cookie') ?? '') ?? [];
    const asked = new URL(answer.headers.get('location') ?? '').searchParams;
    const [row] = await rows(`SELECT * FROM auth.flow_state WHERE id = '${asked.get('state')}'`);
    const kept = [key, asked.get('code_challenge'), asked.get('nonce')];
    for (const secret of kept) expect(JSON.stringify(row)).not.toContain(secret);
    expect(kept).toEqual([expect.stringMatching(/./), expect.anything(), expect.anything()]);
  });

  test('a form that another page posts is as good as a query, and brings the browser’s key on the way on', async () => {
    const address = new URL(await back(person().who));
    const form = new URLSearchParams([...address.searchParams, ['user', 'x'.repeat(20_000)]]);
    const posted = await browser.ask(`${service.url}/callback`, form);
    expect(posted.status).toBe(303);
    const next = posted.headers.get('location') ?? '';
    expect(Object.fromEntries(new URL(next).searchParams)).toEqual(Object.fromEntries(address.searchParams));
    expect(await bad(next, new Browser())).toBe('bad_oauth_state');
    expect((await sent(next)).said).toHaveProperty('access_token');
  });

  test('at another name of ours people are sent home first, once, and come back to where they wanted to', async () => {
    const { port, host, pathname } = new URL(service.url);
    const asked = async (as: string, query: URLSearchParams) => {
      const headers = { host: as, referer: `${SITE}/page` };
      const path = `${pathname}/authorize?${query.toString()}`;
      const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
      get({ port, path, headers }, (answer) => resolve(answer.resume()));
      const { statusCode, headers: said } = await promise;
      expect(statusCode).toBe(302);
      return { to: new URL(said.location ?? ''), keeps: said['set-cookie'] !== undefined };
    };
    const query = { provider: 'acme', scopes: 'a b', login_hint: 'x y&z' };
    const first = await asked('proj-0123456789abcdef.example', new URLSearchParams(query));
    expect(first).toMatchObject({ keeps: false, to: { host, pathname: `${pathname}/authorize` } });
    const carried = Object.fromEntries(first.to.searchParams);
    expect(carried).toEqual({ ...query, redirect_to: `${SITE}/page`, moved: 'true' });
    // also where somebody in front calls us by another name all the time
    for (const as of [host, 'inside'])
      expect(await asked(as, first.to.searchParams)).toMatchObject({
        keeps: true,
        to: { origin: acme.issuer },
      });
    const { to } = await asked(host, first.to.searchParams);
    expect([to.searchParams.get('login_hint'), to.searchParams.get('moved')]).toEqual(['x y&z', null]);
  });
});

describe('whose account it is', () => {
  const password = 'correct horse battery';

  async function signedUp(email: string, autoconfirm: boolean) {
    set({ autoconfirm });
    const answer = await client().signUp({ email, password, options: { data: { by: 'password' } } });
    expect(answer.error).toBeNull();
    set();
    return answer.data;
  }

  test('an address that the provider vouches for leads to who has shown that it is theirs', async () => {
    const { who, email } = person();
    const { user } = await signedUp(email, true);
    const same = await userOf((await signedIn(who))['access_token']);
    expect(same).toMatchObject({
      id: user?.id,
      app_metadata: { provider: 'email', providers: ['email', 'acme'] },
      user_metadata: { by: 'password', full_name: 'Ann' },
    });
    await service.signIn(email, password);
  });

  test.each([['false'], [false], [undefined], [null]])(
    'one that it does not vouch for (%j) leads to nobody',
    async (email_verified) => {
      const { who, email } = person({ email_verified });
      const { user } = await signedUp(email, true);
      const { said } = await sent(await back(who));
      expect(said).toMatchObject({ error: 'access_denied', error_code: 'provider_email_needs_verification' });
      expect(
        JSON.stringify(await rows(`SELECT provider FROM auth.identities WHERE user_id = '${user?.id}'`)),
      ).not.toContain('acme');
    },
  );

  test('who signed up with somebody else’s address and waited loses whatever they could come back by', async () => {
    const { who, email } = person({ email_verified: 'true' });
    const { user } = await signedUp(email, false);
    const mail = await service.mailTo(email);
    await rows(
      `INSERT INTO auth.webauthn_credentials (user_id, credential_id, public_key) VALUES ('${user?.id}', 'a', 'b')`,
    );
    await rows(`INSERT INTO auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
      VALUES (gen_random_uuid(), '${user?.id}', 'webauthn', 'verified', now(), now())`);
    const mine = await userOf((await signedIn(who))['access_token']);
    expect(mine).toMatchObject({ id: user?.id, app_metadata: { provider: 'acme', providers: ['acme'] } });
    expect(mine.user_metadata).not.toHaveProperty('by');
    expect(mine.identities?.map((one) => one.provider)).toEqual(['acme']);
    await expect(service.signIn(email, password)).rejects.toThrow('invalid_credentials');
    expect(mail).toBeDefined();
    for (const table of ['one_time_tokens', 'mfa_factors', 'webauthn_credentials'])
      expect([table, await rows(`SELECT FROM auth.${table} WHERE user_id = '${mine.id}'`)]).toEqual([
        table,
        [],
      ]);
  });

  test('who is new with an address that nobody vouches for follows the link in a mail first', async () => {
    const { who, email } = person({ email_verified: 'false' });
    expect((await sent(await back(who))).said['error_code']).toBe('provider_email_needs_verification');
    expect((await sent(await back(who))).said['error_code']).toBe('provider_email_needs_verification');
    const link = /https?:\S+\/verify\?[^\s"<>]+/.exec((await service.mailTo(email)).text)?.[0] ?? '';
    expect((await sent(link)).said).toHaveProperty('access_token');
    expect(await userOf((await signedIn(who))['access_token'])).toMatchObject({ email });
  });

  test('closed sign-ups, bans and people without an address', async () => {
    const { who, email } = person();
    set({ signUpsOpen: false });
    expect((await sent(await back(who))).said['error_code']).toBe('signup_disabled');
    set();
    await signedIn(who);
    set({ signUpsOpen: false });
    expect(await signedIn(who)).toHaveProperty('access_token');
    await rows(`UPDATE auth.users SET banned_until = 'infinity' WHERE email = '${email}'`);
    expect((await sent(await back(who))).said['error_code']).toBe('user_banned');
    set();
    expect((await sent(await back(person({ email: undefined }).who))).said['error_code']).toBe(
      'validation_failed',
    );
  });

  test('two who come at once are one user', async () => {
    const { who, email } = person();
    const [one, two] = [await back(who), await back(who)];
    const both = await Promise.all([sent(one), sent(two)]);
    for (const { said } of both) expect(said['access_token'] ?? said['error_code']).toMatch(/^ey|^conflict$/);
    expect(
      JSON.stringify(await rows(`SELECT count(*) AS n FROM auth.users WHERE email = '${email}'`)),
    ).toContain('"1"');
  });

  test('a trigger of the owner’s that fails sends people back, and tells them nothing of it', async () => {
    await rows(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.email LIKE 'trigger%' THEN RAISE EXCEPTION 'a secret'; END IF; RETURN NEW; END $$`);
    await rows(
      'CREATE TRIGGER refuse AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.refuse()',
    );
    const { who } = person({ email: `trigger-${randomUUID()}@example.com` });
    const { to, said } = await sent(await back(who));
    expect(said).toMatchObject({ error: 'server_error', error_code: 'unexpected_failure' });
    expect(to.href).not.toContain('secret');
    await rows('DROP FUNCTION public.refuse() CASCADE');
  });
});

describe('another way to be known by', () => {
  const linked = async (token: string, who: string): Promise<Readonly<Record<string, string>>> => {
    const query = new URLSearchParams({ provider: 'acme', skip_http_redirect: 'true', login_hint: who });
    const answer = await fetch(`${service.url}/user/identities/authorize?${query.toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { url = '', error_code = '' } = (await answer.json()) as { url?: string; error_code?: string };
    if (answer.status !== 200) return { error_code, status: String(answer.status) };
    return (await sent(await acme.signIn(url, `${service.url}/callback`))).said;
  };

  test('is off until the owner says so, and asks who it is', async () => {
    const { access_token: token = '' } = await signedIn(person().who);
    expect(await linked(token, person().who)).toEqual({
      error_code: 'manual_linking_disabled',
      status: '404',
    });
    set({ manualLinking: true });
    expect(await linked(service.anonKey, person().who)).toMatchObject({ status: '403' });
  });

  test('is added to who asked, whatever its address is, and to nobody twice', async () => {
    set({ manualLinking: true });
    const [one, other] = [person(), person({ email_verified: false })];
    const { access_token: token = '' } = await signedIn(one.who);
    const user = await userOf((await linked(token, other.who))['access_token']);
    expect(user).toMatchObject({ email: one.email, id: (await userOf(token)).id });
    expect(user.identities?.map(({ id }) => id)).toEqual([one.who, other.who]);
    expect((await linked(token, other.who))['error_code']).toBe('identity_already_exists');
    const { access_token: stranger = '' } = await signedIn(person().who);
    expect((await linked(stranger, other.who))['error_code']).toBe('identity_already_exists');
    set({ manualLinking: false });
    expect((await userOf((await signedIn(other.who))['access_token'])).id).toBe(user.id);
  });

  test('makes a user of somebody anonymous, unless the address is somebody else’s', async () => {
    set({ manualLinking: true, anonymousSignIns: true });
    const anonymous = async () => (await client().signInAnonymously()).data.session?.access_token ?? '';
    const { who, email } = person();
    const token = await anonymous();
    const user = await userOf((await linked(token, who))['access_token']);
    expect(user).toMatchObject({ id: (await userOf(token)).id, email, is_anonymous: false });
    const taken = randomUUID();
    acme.people.set(taken, { email, email_verified: true });
    expect((await linked(await anonymous(), taken))['error_code']).toBe('email_exists');
  });

  test('with PKCE it is whoever has the verifier who adds it, and nobody who was led to the provider', async () => {
    set({ manualLinking: true });
    const [one, other] = [person(), person()];
    const storage = new Map<string, string>();
    const auth = client(storage);
    const { access_token = '', refresh_token = '' } = await signedIn(one.who);
    await auth.setSession({ access_token, refresh_token });
    const link = async () => {
      const { data, error } = await auth.linkIdentity({
        provider: 'acme' as 'google',
        options: { skipBrowserRedirect: true, queryParams: { login_hint: other.who } },
      });
      expect(error).toBeNull();
      const back = await acme.signIn(data?.url ?? '', `${service.url}/callback`);
      // the browser of somebody else, whom the link was sent to
      return (await sent(back, new Browser())).query['code'] ?? '';
    };
    const identities = async () => (await userOf(access_token)).identities?.map(({ id }) => id);
    const led = await link();
    const stranger = await fetch(`${service.url}/token?grant_type=pkce`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth_code: led, code_verifier: 'x'.repeat(43) }),
    });
    expect([stranger.status, await identities()]).toEqual([400, [one.who]]);
    const code = await link();
    expect(await identities()).toEqual([one.who]);
    const { data, error } = await auth.exchangeCodeForSession(code);
    expect(error).toBeNull();
    expect(data.user?.identities?.map(({ id }) => id)).toEqual([one.who, other.who]);
    expect(data.user?.app_metadata).toEqual({ provider: 'acme', providers: ['acme'] });
    // and what is somebody’s already is told as soon as they are back
    const asked = new URLSearchParams({
      provider: 'acme',
      skip_http_redirect: 'true',
      login_hint: one.who,
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 's256',
    });
    const answer = await fetch(`${service.url}/user/identities/authorize?${asked.toString()}`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    const { url } = (await answer.json()) as { url: string };
    const told = await sent(await acme.signIn(url, `${service.url}/callback`));
    expect(told.query).toMatchObject({ error_code: 'identity_already_exists' });
  });

  test('is added by nobody when the owner has turned that off in between, or somebody else was faster', async () => {
    const [mine, verifier] = [person(), 'v'.repeat(43)];
    const challenge = { code_challenge: verifier, code_challenge_method: 'plain' };
    const { access_token: token = '' } = await signedIn(mine.who);
    const coded = async (who: string) => {
      set({ manualLinking: true });
      const query = new URLSearchParams({
        provider: 'acme',
        skip_http_redirect: 'true',
        login_hint: who,
        ...challenge,
      });
      const answer = await fetch(`${service.url}/user/identities/authorize?${query.toString()}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { url } = (await answer.json()) as { url: string };
      return (await sent(await acme.signIn(url, `${service.url}/callback`))).query['code'];
    };
    const exchange = async (code: string | undefined) => {
      const answer = await fetch(`${service.url}/token?grant_type=pkce`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ auth_code: code, code_verifier: verifier }),
      });
      return [answer.status, ((await answer.json()) as { error_code?: string }).error_code];
    };
    const [off, late] = [await coded(person().who), person()];
    const code = await coded(late.who);
    set();
    expect(await exchange(off)).toEqual([404, 'manual_linking_disabled']);
    await signedIn(late.who);
    set({ manualLinking: true });
    expect(await exchange(code)).toEqual([422, 'identity_already_exists']);
    expect((await userOf(token)).identities?.map(({ id }) => id)).toEqual([mine.who]);
  });

  test('who has signed out in between gets nothing', async () => {
    set({ manualLinking: true });
    const { who } = person();
    const { access_token: token = '' } = await signedIn(who);
    const { id } = await userOf(token);
    await rows(`DELETE FROM auth.users WHERE id = '${id}'`);
    expect(await linked(token, person().who)).toMatchObject({ status: '403', error_code: 'user_not_found' });
  });
});

test('an owner’s hook may refuse who is new, in the browser and by an ID token, and nobody else', async () => {
  const { who, email } = person();
  const stranger = person();
  await signedIn(who);
  const hook = await answeringServer(json({ error: { http_code: 403, message: 'Not you' } }));
  const hooks = { beforeUserCreated: { url: hook.url, timeoutMs: 10_000 }, customAccessToken: null };
  const hookSecrets = { beforeUserCreated: `whsec_${'A'.repeat(44)}`, customAccessToken: null };
  set({ hooks }, { hookSecrets });
  expect(await signedIn(stranger.who)).toMatchObject({ error_code: 'unknown', error_description: 'Not you' });
  const token = await acme.idToken(stranger.who, `${service.url}/callback`);
  const { error } = await client().signInWithIdToken({ provider: 'acme', token });
  expect([error?.status, error?.message]).toEqual([403, 'Not you']);
  expect(hook.asked.map(({ body }) => (JSON.parse(body) as { user: { email: string } }).user.email)).toEqual([
    stranger.email,
    stranger.email,
  ]);
  expect(await rows(`SELECT FROM auth.users WHERE email = '${stranger.email}'`)).toEqual([]);
  expect((await userOf((await signedIn(who))['access_token'])).email).toBe(email);
  await hook.close();
});

describe('by an ID token that the app has', () => {
  const callback = () => `${service.url}/callback`;
  const hashed = (nonce: string) => createHash('sha256').update(nonce).digest('hex');

  test('the real client signs in by it, with the nonce whose hash is in it', async () => {
    const { who, email } = person();
    const token = await acme.idToken(who, callback(), hashed('n'));
    const auth = client();
    for (const nonce of [undefined, 'm', hashed('n')])
      expect(
        (await auth.signInWithIdToken({ provider: 'acme', token, ...(nonce && { nonce }) })).error?.code,
      ).toBe('validation_failed');
    const { data, error } = await auth.signInWithIdToken({ provider: 'acme', token, nonce: 'n' });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, identities: [{ id: who }] });
  });

  test('one that was altered, or of a provider that is off, is refused', async () => {
    const token = await acme.idToken(person().who, callback());
    const auth = client();
    const altered = token.slice(0, -8) + token.slice(-8).split('').toReversed().join('');
    expect((await auth.signInWithIdToken({ provider: 'acme', token: altered })).error?.status).toBe(400);
    expect((await auth.signInWithIdToken({ provider: 'off', token })).error?.status).toBe(400);
    expect((await auth.signInWithIdToken({ provider: 'acme', token: 'x' })).error?.status).toBe(400);
  });

  test('who is signed in is known by it from then on', async () => {
    set({ manualLinking: true });
    const [one, other] = [person(), person()];
    const auth = client();
    const first = await auth.signInWithIdToken({
      provider: 'acme',
      token: await acme.idToken(one.who, callback()),
    });
    const linked = await auth.linkIdentity({
      provider: 'acme',
      token: await acme.idToken(other.who, callback()),
    });
    expect(linked.error).toBeNull();
    expect((await userOf((await signedIn(other.who))['access_token'])).id).toBe(first.data.user?.id);
    set();
    const token = await acme.idToken(person().who, callback());
    expect((await auth.linkIdentity({ provider: 'acme', token })).error?.code).toBe(
      'manual_linking_disabled',
    );
  });
});
