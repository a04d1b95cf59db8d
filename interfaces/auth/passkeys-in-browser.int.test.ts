/** Passkeys and security keys in a real browser, with the authenticator that it has for tests, and the client library as it is published. */
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUTH_DEFAULTS } from '../../domain/auth/auth-settings.ts';
import { authUnderTest } from '../acceptance/auth-under-test.ts';
import { clientBundle, serveApp, startBrowser } from '../acceptance/browser-under-test.ts';

// of the page
declare const window: { readonly client: SupabaseClient };

const [EMAIL, PASSWORD] = ['ann@example.com', 'a password'];
let auth: Awaited<ReturnType<typeof authUnderTest>>;
let browser: Browser;
let app: Awaited<ReturnType<typeof serveApp>>;
let origin: string;

beforeAll(async () => {
  [auth, browser] = await Promise.all([authUnderTest(), startBrowser()]);
  const script = await clientBundle();
  const html = `<!doctype html><title>An app</title><script src="/supabase.js"></script>
    <script>window.client = supabase.createClient(location.origin + '/project/${auth.project}', '${auth.anonKey}');</script>`;
  app = await serveApp({
    '/': { type: 'text/html; charset=utf-8', text: html },
    '/supabase.js': { type: 'text/javascript; charset=utf-8', text: script },
  });
  // an address has no passkeys
  origin = app.url.replace('127.0.0.1', 'localhost').replace(/\/$/, '');
  await fetch(`${auth.url}/admin/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${auth.serviceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ email: EMAIL, password: PASSWORD, email_confirm: true }),
  });
});
afterAll(async () => {
  await browser.close();
  await Promise.all([auth.close(), app.close()]);
});

async function openedPage(transport: 'internal' | 'usb'): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  // as a gateway: the page and the service have one origin
  await page.route('**/project/**', (route) =>
    route.continue({ url: route.request().url().replace(origin, new URL(auth.url).origin) }),
  );
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const isPasskey = transport === 'internal';
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: isPasskey,
      hasUserVerification: isPasskey,
      isUserVerified: isPasskey,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(origin);
  return page;
}
const signIn = (page: Page) =>
  page.evaluate(
    async ([email, password]) =>
      (await window.client.auth.signInWithPassword({ email, password })).error?.message ?? null,
    [EMAIL, PASSWORD] as const,
  );
const proved = (page: Page) =>
  page.evaluate(async () => {
    const { data } = await window.client.auth.getClaims();
    const { aal, amr } = data?.claims ?? {};
    return { aal, amr: (amr as { method: string }[] | undefined)?.map(({ method }) => method) };
  });

test('a passkey is made, signs its user in without a password, and goes', async () => {
  auth.set({ siteUrl: origin, passkeys: { ...AUTH_DEFAULTS.passkeys, enabled: true } });
  const page = await openedPage('internal');
  expect(await signIn(page)).toBeNull();
  const made = await page.evaluate(async () => {
    const { data, error } = await window.client.auth.registerPasskey();
    return { id: data?.id, error: error?.message ?? null };
  });
  expect(made).toEqual({ id: expect.any(String), error: null });
  // the same authenticator has one already
  const again = await page.evaluate(
    async () => (await window.client.auth.registerPasskey()).error?.name ?? null,
  );
  expect(again).not.toBeNull();
  await page.evaluate(() => window.client.auth.signOut());
  for (let times = 0; times < 2; times++) {
    const signedIn = await page.evaluate(async () => {
      const { data, error } = await window.client.auth.signInWithPasskey();
      return [data?.user?.email, error?.message ?? null];
    });
    expect(signedIn).toEqual([EMAIL, null]);
    expect(await proved(page)).toEqual({ aal: 'aal1', amr: ['passkey'] });
  }
  const left = await page.evaluate(async (passkeyId) => {
    await window.client.auth.passkey.delete({ passkeyId });
    return (await window.client.auth.passkey.list()).data;
  }, made.id ?? '');
  expect(left).toEqual([]);
  expect(
    await page.evaluate(async () => (await window.client.auth.signInWithPasskey()).error?.code ?? null),
  ).toBe('webauthn_verification_failed');
});

test('a security key is a second factor', async () => {
  auth.set({ siteUrl: origin, mfa: { ...AUTH_DEFAULTS.mfa, webauthn: true } });
  const page = await openedPage('usb');
  expect(await signIn(page)).toBeNull();
  const enrolled = await page.evaluate(async () => {
    const { error } = await window.client.auth.mfa.webauthn.register({ friendlyName: 'key' });
    return error?.message ?? null;
  });
  expect(enrolled).toBeNull();
  expect(await proved(page)).toEqual({ aal: 'aal2', amr: ['mfa/webauthn', 'password'] });
  await page.evaluate(() => window.client.auth.signOut());
  expect(await signIn(page)).toBeNull();
  expect(await proved(page)).toEqual({ aal: 'aal1', amr: ['password'] });
  const raised = await page.evaluate(async () => {
    const { data } = await window.client.auth.mfa.listFactors();
    const factorId = data?.webauthn[0]?.id ?? '';
    return (await window.client.auth.mfa.webauthn.authenticate({ factorId })).error?.message ?? null;
  });
  expect(raised).toBeNull();
  expect(await proved(page)).toEqual({ aal: 'aal2', amr: ['mfa/webauthn', 'password'] });
});
