/**
 * Sign-in by others on the whole platform: a browser goes to a provider and comes back through the gateway, by itself and so
 * without any key, to an auth service that in the other shape is a process of its own.
 */
import { randomUUID } from 'node:crypto';
import { AuthClient } from '@supabase/auth-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser } from '../../infrastructure/testing/browser.ts';
import { startOpenIdServer, type OpenIdServer } from '../../infrastructure/testing/open-id-server.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const SITE = 'https://app.example';

let platform: PlatformUnderTest;
let acme: OpenIdServer;
let id: string;
let anonKey: string;
/** as the platform itself calls it, and so what people are sent back to */
let home: string;
let settings: (change: object) => Promise<unknown>;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({ AUTH_ALLOW_PRIVATE_PROVIDERS: 'on' });
  await platform.start();
  const token = await platform.owner('providers');
  const call = <T>(method: string, path: string, body?: object) =>
    platform.call<T>(method, `/api/projects${path}`, { token, ...(body && { body }) });
  id = (await call<{ id: string }>('POST', '', { name: 'shop' })).body.id;
  anonKey = (await call<{ anon_key: string }>('GET', `/${id}/keys`)).body.anon_key;
  const told = await call<{ auth_url: string }>('GET', `/${id}/auth/settings`);
  home = told.body.auth_url;
  acme = await startOpenIdServer([`${home}/callback`]);
  settings = async (change) => {
    const { status, body } = await call('PATCH', `/${id}/auth/settings`, { settings: change });
    if (status !== 200) throw new Error(`not set: ${JSON.stringify(body)}`);
  };
  const { clientId: client_id, clientSecret: client_secret, issuer } = acme;
  const providers = { acme: { enabled: true, client_id, client_secret, issuer } };
  await settings({ site_url: SITE, manual_linking: true, providers });
}, 240_000);
afterAll(async () => {
  await platform.close();
  await acme.close();
});

function person(): { readonly who: string; readonly email: string } {
  const who = randomUUID();
  const email = `${who}@example.com`;
  acme.people.set(who, { email, email_verified: true, name: 'Ann' });
  return { who, email };
}

/** @returns the address that acme sends them back to */
async function back(browser: Browser, who: string, begin = `${home}/authorize`): Promise<string> {
  const query = new URLSearchParams({ provider: 'acme', login_hint: who, redirect_to: `${SITE}/in` });
  const atAcme = await browser.go(`${begin}?${query.toString()}`, acme.issuer);
  return acme.signIn(atAcme, `${home}/callback`);
}

async function sentOn(browser: Browser, address: string, form?: URLSearchParams): Promise<URL> {
  const answer = await browser.ask(address, form);
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '');
}

const saidIn = ({ hash }: URL) => Object.fromEntries(new URLSearchParams(hash.slice(1)));

const client = (storage = new Map<string, string>()) =>
  new AuthClient({
    url: `${platform.url}/project/${id}/auth/v1`,
    headers: { apikey: anonKey, Authorization: `Bearer ${anonKey}` },
    autoRefreshToken: false,
    flowType: 'pkce',
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
  });

test('a browser signs in without a key, is told apart from another, and comes in with what acme vouches for', async () => {
  const { who, email } = person();
  const browser = new Browser();
  const address = await back(browser, who);
  expect(saidIn(await sentOn(new Browser(), address))).toMatchObject({ error_code: 'bad_oauth_state' });
  const to = await sentOn(browser, address);
  expect(to.href.startsWith(`${SITE}/in#`)).toBe(true);
  const { access_token = '' } = saidIn(to);
  const { data } = await client().getUser(access_token);
  expect(data.user).toMatchObject({
    email,
    app_metadata: { providers: ['acme'] },
    identities: [{ id: who }],
  });
  // their token is good at the REST API, too
  const rest = await platform.call('GET', `/project/${id}/rest/v1/`, {
    token: access_token,
    headers: { apikey: anonKey },
  });
  expect(rest.status).toBe(200);
});

test('a provider that answers with a form is answered, too', async () => {
  const browser = new Browser();
  const { who } = person();
  const address = new URL(await back(browser, who));
  const next = await sentOn(browser, `${home}/callback`, address.searchParams);
  expect(next.href.startsWith(`${home}/callback?`)).toBe(true);
  expect(saidIn(await sentOn(browser, next.href))).toHaveProperty('access_token');
});

test('the real client, by another name of this machine, with PKCE: it signs in, and adds another identity', async () => {
  expect(new URL(home).host).not.toBe(new URL(platform.url).host);
  const [one, other] = [person(), person()];
  const browser = new Browser();
  const auth = client();
  const options = (who: string) => ({
    skipBrowserRedirect: true,
    redirectTo: `${SITE}/in`,
    queryParams: { login_hint: who },
  });
  const asked = await auth.signInWithOAuth({ provider: 'acme' as 'google', options: options(one.who) });
  const atAcme = await browser.go(asked.data.url ?? '', acme.issuer);
  const to = await sentOn(browser, await acme.signIn(atAcme, `${home}/callback`));
  const signedIn = await auth.exchangeCodeForSession(to.searchParams.get('code') ?? '');
  expect(signedIn.error).toBeNull();
  expect(signedIn.data.user?.email).toBe(one.email);
  const link = await auth.linkIdentity({ provider: 'acme' as 'google', options: options(other.who) });
  const linked = await sentOn(browser, await acme.signIn(link.data?.url ?? '', `${home}/callback`));
  const exchanged = await auth.exchangeCodeForSession(linked.searchParams.get('code') ?? '');
  expect(exchanged.error).toBeNull();
  expect(exchanged.data.user?.identities?.map(({ id }) => id)).toEqual([one.who, other.who]);
  const token = await acme.idToken(one.who, `${home}/callback`);
  const shown = await client().signInWithIdToken({ provider: 'acme', token });
  expect(shown.data.user?.id).toBe(signedIn.data.user?.id);
});

test('what is off is told at once, and it is counted how people came in', async () => {
  await settings({ providers: { acme: { enabled: false } } });
  const url = `${home}/authorize?provider=acme`;
  await expect.poll(async () => (await fetch(url, { redirect: 'manual' })).status).toBe(400);
  const metrics = await (await fetch(`http://127.0.0.1:${platform.environment['AUTH_PORT']}/metrics`)).text();
  const done = [...metrics.matchAll(/auth_sign_ins_total\{.*method="(\w+)",outcome="done".*\} (\d+)/g)];
  expect(Object.fromEntries(done.map(([, method, count]) => [method, count]))).toMatchObject({
    oauth: '3',
    pkce: '2',
  });
});
