/** What people's apps do in a browser: the client library as it is published, in a page, in Chromium, on the whole platform. */
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smtpSink, type SmtpSink } from '../../infrastructure/testing/smtp-sink.ts';
import { clientBundle, serveApp, startBrowser } from './browser-under-test.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

// of the page
declare const window: { readonly client: SupabaseClient };
declare const document: { readonly title: string };

const EMAIL = 'ann@example.com';
let platform: PlatformUnderTest;
let browser: Browser;
let sink: SmtpSink;
let app: Awaited<ReturnType<typeof serveApp>>;
let id: string;

beforeAll(async () => {
  sink = await smtpSink();
  platform = await PlatformUnderTest.create({
    SMTP_URL: `smtp://127.0.0.1:${sink.port}`,
    SMTP_FROM: 'no-reply@example.com',
  });
  [browser] = await Promise.all([startBrowser(), platform.start()]);
  const token = await platform.owner('browser');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'app' } });
  ({ id } = made.body);
  const query = `CREATE TABLE notes (id int PRIMARY KEY, owner uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users (id), text text);
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (owner = auth.uid()) WITH CHECK (owner = auth.uid())`;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const options = JSON.stringify({ auth: { flowType: 'pkce', storageKey: `${id}-auth-token` } });
  const html = `<!doctype html><title>An app</title><script src="/supabase.js"></script>
    <script>window.client = supabase.createClient('${platform.url}/project/${id}', '${keys.body.anon_key}', ${options});</script>`;
  app = await serveApp({
    '/': { type: 'text/html; charset=utf-8', text: html },
    '/supabase.js': { type: 'text/javascript; charset=utf-8', text: await clientBundle() },
  });
  // as the app's owner has it
  await platform.call('PATCH', `/api/projects/${id}/auth/settings`, {
    token,
    body: { settings: { site_url: app.url, mail_every_seconds: 0 } },
  });
});
afterAll(async () => {
  await browser.close();
  await Promise.all([platform.close(), app.close(), sink.close()]);
});

async function openedPage(path = ''): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(app.url + path);
  return page;
}
/** The newest link to her, of so many mails. */
async function link(count: number): Promise<string> {
  const mails = () => sink.mails.filter(({ to }) => to.includes(EMAIL));
  await expect.poll(() => mails().length, { timeout: 60_000 }).toBe(count);
  return /: (http\S+)/.exec(mails().at(-1)?.text ?? '')?.[1] ?? '';
}
const askForLink = (page: Page) =>
  page.evaluate(
    async ([email, back]) => {
      const { error } = await window.client.auth.signInWithOtp({ email, options: { emailRedirectTo: back } });
      return error?.message ?? null;
    },
    [EMAIL, `${app.url}?next=/notes`] as const,
  );
const whoIsIn = (page: Page) =>
  page.evaluate(async () => (await window.client.auth.getSession()).data.session?.user.email ?? null);
const stored = (page: Page) => page.evaluate((key) => localStorage.getItem(key) ?? '', `${id}-auth-token`);

test('a magic link opens in the browser that asked for it: a session by PKCE, kept, and rows by row-level security', async () => {
  const page = await openedPage();
  expect(await whoIsIn(page)).toBeNull();
  expect(await askForLink(page)).toBeNull();
  const answers: string[] = [];
  page.on('response', (response) => void answers.push(response.headers()['location'] ?? ''));
  await page.goto(await link(1));
  // the redirect had a code, and no token that a log or a history would keep
  expect(answers.filter((location) => /[?&]code=[0-9a-f-]{36}/.test(location)).length).toBe(1);
  expect(answers.filter((location) => location.includes('access_token'))).toEqual([]);
  await expect.poll(() => whoIsIn(page)).toBe(EMAIL);
  const back = new URL(page.url());
  expect([back.searchParams.get('next'), back.searchParams.has('code')]).toEqual(['/notes', false]);
  expect(JSON.parse(await stored(page))).toMatchObject({ token_type: 'bearer', user: { email: EMAIL } });

  const written = await page.evaluate(async () => {
    const { status, error } = await window.client.from('notes').insert({ id: 1, text: 'hers' });
    return [status, error?.message ?? null];
  });
  expect(written).toEqual([201, null]);
  await platform.sql(`INSERT INTO auth.users (id) VALUES (gen_random_uuid())`, [], id);
  await platform.sql(
    `INSERT INTO notes SELECT 2, id, 'not hers' FROM auth.users WHERE email IS NULL`,
    [],
    id,
  );
  const rows = () => page.evaluate(async () => (await window.client.from('notes').select('text')).data);
  expect(await rows()).toEqual([{ text: 'hers' }]);

  await page.reload();
  expect(await whoIsIn(page)).toBe(EMAIL);
  expect(await rows()).toEqual([{ text: 'hers' }]);
  const before = await stored(page);
  expect(await page.evaluate(async () => (await window.client.auth.refreshSession()).error)).toBeNull();
  expect(await stored(page)).not.toBe(before);
  expect(await page.evaluate(async () => (await window.client.auth.signOut()).error)).toBeNull();
  expect([await whoIsIn(page), await stored(page), await rows()]).toEqual([null, '', []]);
});

test('in another browser the link signs nobody in: the code is of no use there, and the app is told', async () => {
  const [page, other] = [await openedPage(), await openedPage()];
  expect(await askForLink(page)).toBeNull();
  await other.goto(await link(2));
  await other.waitForFunction(() => document.title === 'An app');
  expect([await whoIsIn(other), await stored(other)]).toEqual([null, '']);
  const code = new URL(other.url()).searchParams.get('code') ?? '';
  const error = await other.evaluate(
    async (given) => (await window.client.auth.exchangeCodeForSession(given)).error?.message ?? null,
    code,
  );
  expect(error).toMatch(/verifier/);
  // whoever asked for it is let in by the same code
  await page.goto(`${app.url}?code=${code}`);
  await expect.poll(() => whoIsIn(page)).toBe(EMAIL);
});
