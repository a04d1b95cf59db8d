/**
 * What an owner sets up for the users of their app in the console, and what comes of it: mails that arrive, a provider and a
 * hook that are asked, keys that are replaced. In Chromium, on the whole platform.
 */
import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  answeringServer,
  json,
  type AnsweringServer,
} from '../../infrastructure/testing/answering-server.ts';
import { startOpenIdServer, type OpenIdServer } from '../../infrastructure/testing/open-id-server.ts';
import { smtpSink, type SmtpSink } from '../../infrastructure/testing/smtp-sink.ts';
import { serveApp } from './browser-under-test.ts';
import { axeViolations, ConsoleUnderTest, heading, type Ask } from './console-under-test.ts';

/** an address may sign up so often, and no more */
const SELDOM = { interval: 1_500, timeout: 30_000 };
const INVITED = 'ben@example.org';
let consoles: ConsoleUnderTest;
let sink: SmtpSink;
let app: Awaited<ReturnType<typeof serveApp>>;
let provider: OpenIdServer;
let hook: AnsweringServer;
let page: Page;
let ask: Ask;
let id: string;
let authUrl: string;

beforeAll(async () => {
  sink = await smtpSink();
  consoles = await ConsoleUnderTest.start({
    SMTP_URL: `smtp://127.0.0.1:${sink.port}`,
    SMTP_FROM: 'no-reply@example.com',
    AUTH_ALLOW_PRIVATE_PROVIDERS: 'on',
    AUTH_ALLOW_PRIVATE_HOOKS: 'on',
  });
  const html = '<!doctype html><title>The book club</title>';
  app = await serveApp({ '/': { type: 'text/html; charset=utf-8', text: html } });
  ({ page, ask } = await consoles.owner('services'));
  id = String((await ask('POST', '/api/projects', { name: 'club' }))['id']);
  authUrl = String((await ask('GET', `/api/projects/${id}/auth/settings`))['auth_url']);
  provider = await startOpenIdServer([`${authUrl}/callback`]);
  hook = await answeringServer(json({}));
});
afterAll(async () => {
  await consoles.close();
  await Promise.all([app.close(), sink.close(), provider.close(), hook.close()]);
});

const open = (place: string) => page.goto(`/console/projects/${id}/${place}`);
const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.locator('[role="dialog"][data-open]:not([aria-modal="false"])');
const confirm = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const row = (text: string) => page.getByRole('row').filter({ hasText: text });
const section = (title: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const keys = async () => (await ask('GET', `/api/projects/${id}/keys`)) as { anon_key: string };
const settings = async () =>
  (await ask('GET', `/api/projects/${id}/auth/settings`))['settings'] as Record<string, unknown>;

/** Of the project's auth service, as an app asks it: with the anon key, and as whom. */
async function auth(path: string, body?: object, as?: string, method = body ? 'POST' : 'GET') {
  const { anon_key: apikey } = await keys();
  return consoles.platform.call<Record<string, never>>(method, `/project/${id}/auth/v1${path}`, {
    token: as ?? apikey,
    headers: { apikey },
    ...(body && { body }),
  });
}
/** The latest mail to them, of so many. */
async function mailTo(address: string, count: number) {
  const mails = () => sink.mails.filter(({ to }) => to.includes(address));
  await expect.poll(() => mails().length, { timeout: 60_000 }).toBe(count);
  return mails().at(-1)!;
}

async function invite(address: string): Promise<void> {
  await open('users');
  await button('Add user').click();
  await page.getByRole('menuitem', { name: 'Send an invitation' }).click();
  await dialog().getByLabel('E-mail address').fill(address);
  await confirm('Send invitation');
  await row(address).getByText('Invited').waitFor();
}

/** What an authenticator shows. */
function codeOf(secret: string): string {
  const bits = Array.from(secret, (sign) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Math.floor(new Date().getTime() / 30_000)));
  const hash = createHmac('sha1', Buffer.from(bytes.map((byte) => parseInt(byte, 2))))
    .update(time)
    .digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('whoever is invited gets the mail that the owner wrote, comes by its link, and is seen with sessions and factors', async () => {
  await open('settings/auth');
  const addresses = section('Addresses');
  await addresses.getByLabel('Site URL').fill(app.url);
  await addresses.getByRole('button', { name: 'Save' }).click();
  await expect.poll(settings).toMatchObject({ site_url: app.url });

  await page.getByRole('tab', { name: 'Mails' }).click();
  const mails = section('What is mailed');
  await mails.getByRole('combobox', { name: 'Mail' }).click();
  await page.getByRole('option', { name: 'Invitation' }).click();
  await mails.getByText('As the platform has it').waitFor();
  await mails.getByLabel('Subject').fill('Come and read, {{ .Email }}');
  await mails.getByRole('button', { name: 'Save' }).click();
  // with the values of an example
  await mails.getByText('Subject: Come and read, ann@example.com').waitFor();
  await mails.getByText('Your own').waitFor();
  expect(await axeViolations(page)).toEqual([]);

  await invite(INVITED);
  const mail = await mailTo(INVITED, 1);
  expect(mail.headers.get('subject')).toBe(`Come and read, ${INVITED}`);
  const guest = await consoles.visitor();
  await guest.page.goto(/(http\S+verify\S+)/.exec(mail.text)?.[1] ?? '');
  await guest.page.waitForURL(`${app.url}#**`);
  const said = new URLSearchParams(new URL(guest.page.url()).hash.slice(1));
  expect(said.get('type')).toBe('invite');
  const token = said.get('access_token') ?? '';
  await guest.context.close();

  const made = await auth('/factors', { factor_type: 'totp', friendly_name: 'My phone' }, token);
  const { id: factor, totp } = made.body as unknown as { id: string; totp: { secret: string } };
  const challenge = await auth(`/factors/${factor}/challenge`, {}, token);
  const answer = { challenge_id: challenge.body['id'], code: codeOf(totp.secret) };
  expect((await auth(`/factors/${factor}/verify`, answer, token)).status).toBe(200);
  await auth('/user', { password: 'a long password' }, token, 'PUT');

  await row(INVITED).press('Enter');
  await heading(page, INVITED).waitFor();
  await section('Sessions').getByText('Two factors').waitFor();
  const factors = section('Second factors');
  await factors.getByText('My phone').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await factors.getByRole('button', { name: 'Remove' }).click();
  await confirm('Remove');
  await factors.getByText('None.').waitFor();
  await button('Sign out everywhere').click();
  await confirm('Sign out everywhere');
  await page.getByText('They are signed in nowhere.').waitFor();

  await open('settings/mails');
  await mails.getByRole('combobox', { name: 'Mail' }).click();
  await page.getByRole('option', { name: 'Invitation' }).click();
  await button('Back to the mail of the platform').click();
  await confirm('Back to the mail of the platform');
  await mails.getByText('As the platform has it').waitFor();
  await invite('cleo@example.org');
  expect((await mailTo('cleo@example.org', 1)).headers.get('subject')).not.toContain('Come and read');
});

test('a provider that is added signs people in, and one that is removed does not', async () => {
  provider.people.set('dora', { email: 'dora@example.org', email_verified: true, name: 'Dora' });
  const signIn = `${authUrl}/authorize?provider=acme&login_hint=dora`;
  await open('settings/auth');
  const providers = section('Sign-in by others');
  await providers.getByText(`${authUrl}/callback`).waitFor();
  await button('Add a provider').click();
  await dialog().getByLabel('Name', { exact: true }).fill('Acme');
  await dialog().getByText('Small letters, digits').first().waitFor();
  await dialog().getByLabel('Name', { exact: true }).fill('acme');
  await dialog().getByLabel('Client id').fill(provider.clientId);
  await dialog()
    .getByRole('group', { name: 'Client secret' })
    .getByRole('button', { name: 'Set', exact: true })
    .click();
  await dialog().getByLabel('Client secret').fill(provider.clientSecret);
  await dialog().getByLabel('Issuer').fill(provider.issuer);
  expect(await axeViolations(page)).toEqual([]);
  await confirm('Save');
  await providers.getByText('On', { exact: true }).waitFor();
  expect(await page.content()).not.toContain(provider.clientSecret);

  const guest = await consoles.visitor();
  await guest.page.goto(signIn);
  await guest.page.waitForURL(`${app.url}#**access_token=**`);
  await open('users');
  await row('dora@example.org').getByText('acme').waitFor();

  await open('settings/auth');
  await providers.getByRole('button', { name: 'Remove' }).click();
  await confirm('Remove');
  await providers.getByText('There are none yet.').waitFor();
  await expect
    .poll(async () => (await guest.context.request.get(signIn, { maxRedirects: 0 })).status())
    .toBe(400);
  await guest.context.close();
});

test('a hook is asked, signed by the secret that was made here, and what it says holds', async () => {
  await open('settings/auth');
  const hooks = section('Hooks');
  await hooks.getByRole('switch', { name: 'Before a user is made' }).click();
  await hooks.getByLabel('Address', { exact: true }).fill(hook.url);
  await hooks.getByRole('button', { name: 'Set', exact: true }).click();
  const secret = await hooks.getByRole('textbox', { name: 'Secret' }).inputValue();
  expect(secret).toMatch(/^v1,whsec_/);
  await hooks.getByRole('button', { name: 'Save' }).click();
  await hooks.getByText('Set. It is kept sealed and shown to nobody.').waitFor();

  hook.answers(json({ error: { http_code: 403, message: 'Members of the club only.' } }));
  let others = 0;
  const signUp = () => auth('/signup', { email: `eve-${others++}@example.org`, password: 'a password' });
  await expect.poll(async () => (await signUp()).body['msg'], SELDOM).toBe('Members of the club only.');
  const [asked] = hook.asked;
  const signed = ['webhook-id', 'webhook-timestamp'].map((name) => String(asked?.headers[name])).join('.');
  const key = Buffer.from(secret.slice('v1,whsec_'.length), 'base64');
  expect(asked?.headers['webhook-signature']).toBe(
    `v1,${createHmac('sha256', key).update(`${signed}.${asked?.body}`).digest('base64')}`,
  );

  await hooks.getByRole('switch', { name: 'Before a user is made' }).click();
  await hooks.getByRole('button', { name: 'Save' }).click();
  await expect.poll(settings).toMatchObject({ hooks: { before_user_created: null } });
  await expect.poll(async () => (await signUp()).status, SELDOM).toBe(200);
});

test('API keys are replaced at once where they leaked; tokens are signed by a new key, whose public half is shown', async () => {
  const before = await keys();
  const asked = async (key: string) => {
    const headers = { apikey: key };
    return (await consoles.platform.call('GET', `/project/${id}/rest/v1/`, { headers })).status;
  };
  expect(await asked(before.anon_key)).toBe(200);
  await open('settings/keys');
  await button('Make new API keys').click();
  await dialog().getByRole('combobox', { name: 'The old ones end' }).click();
  await page.getByRole('option', { name: 'At once: they leaked' }).click();
  await page.getByRole('listbox').waitFor({ state: 'hidden' });
  expect(await axeViolations(page)).toEqual([]);
  await confirm('Make new API keys');
  await dialog().getByRole('heading', { name: 'The keys are new' }).waitFor();
  const shown = (await dialog().getByRole('region', { name: 'anon key' }).textContent()) ?? '';
  expect([shown, shown === before.anon_key]).toEqual([(await keys()).anon_key, false]);
  // whoever looks over a shoulder does not see the other
  await dialog().getByRole('region', { name: 'service role key' }).getByText('•••').waitFor();
  expect([await asked(before.anon_key), await asked(shown)]).toEqual([401, 200]);
  await page.keyboard.press('Escape');

  const table = page.getByRole('table', { name: 'What tokens of users are signed with' });
  await table.getByRole('row').filter({ hasText: 'HS256' }).getByText('Signs', { exact: true }).waitFor();
  await button('Sign by a new key').click();
  await confirm('Sign by a new key');
  const signs = table.getByRole('row').filter({ hasText: 'ES256' });
  await signs.getByText('Signs', { exact: true }).waitFor();
  await table.getByRole('row').filter({ hasText: 'HS256' }).getByText('Still good').waitFor();
  const kid = await signs.getByRole('code').textContent();
  const { body } = await consoles.platform.call<{ keys: { kid: string }[] }>(
    'GET',
    `/project/${id}/auth/v1/.well-known/jwks.json`,
  );
  expect(body.keys.map((one) => one.kid)).toContain(kid);
});

test('in all of that no page broke its policy, threw or was answered 500', () => {
  expect(consoles.faults).toEqual([]);
});
