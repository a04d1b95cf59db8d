/** A project's auth settings, as their owner changes them. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { answeringServer } from '../../infrastructure/testing/answering-server.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Shown {
  readonly auth_url: string;
  readonly settings: Record<string, unknown> & { readonly smtp: Record<string, unknown> | null };
  readonly defaults: Record<string, unknown>;
  readonly default_templates: Record<string, { readonly subject: string }>;
}

let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('auth-settings');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
});
afterAll(() => platform.close());

const path = (project = id) => `/api/projects/${project}/auth/settings`;
const get = (headers: Record<string, string> = {}, as = token) =>
  platform.call<Shown>('GET', path(), { token: as, headers });
const patch = (settings: unknown, headers: Record<string, string> = {}, as = token) =>
  platform.call<Shown & { errors?: readonly { pointer: string }[] }>('PATCH', path(), {
    token: as,
    body: { settings },
    headers,
  });

test('a new project has the defaults; what is changed is shown, and is there after a restart', async () => {
  const before = await get();
  expect([before.status, before.headers.get('etag')]).toEqual([200, '"0"']);
  expect(before.body.auth_url).toBe(
    `${platform.url.replace('127.0.0.1', 'localhost')}/project/${id}/auth/v1`,
  );
  expect(before.body.settings).toEqual(before.body.defaults);
  expect(before.body.settings).toMatchObject({
    sign_ups_open: true,
    password: { min_length: 6 },
    smtp: null,
  });
  expect(before.body.default_templates['invite']?.subject).toBe('You have been invited');

  const smtp = {
    host: 'mail.example.com',
    sender_email: 'shop@example.com',
    user: 'shop',
    password: 'hunter2',
  };
  const changed = await patch({ sign_ups_open: false, password: { min_length: 10 }, smtp });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"1"']);
  const { password: _, ...others } = smtp;
  const expected = {
    ...before.body.defaults,
    sign_ups_open: false,
    password: { ...(before.body.defaults['password'] as object), min_length: 10 },
    smtp: { ...others, port: 587, sender_name: null, password: 'set' },
  };
  expect(changed.body.settings).toEqual(expected);
  expect(changed.body.defaults).toEqual(before.body.defaults);

  expect((await get({ 'if-none-match': '"1"' })).status).toBe(304);
  await platform.stop();
  await platform.start();
  expect((await get()).body.settings).toEqual(expected);
  // the same again is no change
  expect((await patch({ sign_ups_open: false, smtp: { password: 'hunter2' } })).headers.get('etag')).toBe(
    '"1"',
  );
  const back = await patch({ sign_ups_open: null, password: { min_length: null }, smtp: null });
  expect([back.body.settings, back.headers.get('etag')]).toEqual([before.body.defaults, '"2"']);
});

test('who has read another state changes nothing', async () => {
  const etag = (await get()).headers.get('etag') ?? '';
  const first = await patch({ autoconfirm: true }, { 'if-match': etag });
  expect(first.status).toBe(200);
  const stale = await patch({ autoconfirm: false }, { 'if-match': etag });
  expect(stale).toMatchObject({ status: 412, body: { type: '/docs#project/revision-mismatch' } });
  expect((await get()).body.settings).toMatchObject({ autoconfirm: true });
  expect((await patch({ autoconfirm: null }, { 'if-match': '*' })).status).toBe(200);
});

test('every fault is told with its place, and nothing is changed', async () => {
  const before = await get();
  const faults = async (body: unknown) => {
    const { status, body: problem } = await patch(body);
    return [status, problem.errors?.map(({ pointer }) => pointer)];
  };
  expect(await faults({ otp: { digits: 5 }, unknown: 1 })).toEqual([
    400,
    expect.arrayContaining(['/body/settings/otp/digits']),
  ]);
  expect(
    await faults({
      site_url: 'javascript:alert(1)',
      allowed_redirects: ['https://ok.example', '**'],
      smtp: { host: 'mail.example.com:25' },
      providers: { 'my-idp': { enabled: true }, google: { enabled: true, client_id: 'x' } },
      hooks: { custom_access_token: { url: 'http://hooks.example' } },
      templates: { magic_link: { subject: 'Hello' } },
    }),
  ).toEqual([
    400,
    [
      '/body/settings/site_url',
      '/body/settings/allowed_redirects/1',
      '/body/settings/providers/my-idp/client_id',
      '/body/settings/providers/my-idp/issuer',
      '/body/settings/hooks/custom_access_token/url',
      '/body/settings/smtp/host',
      '/body/settings/smtp/sender_email',
      '/body/settings/templates/magic_link/text',
      '/body/settings/templates/magic_link/html',
      '/body/settings/hooks/custom_access_token/secret',
      '/body/settings/providers/google/client_secret',
    ],
  ]);
  expect(await faults({ templates: { invite: { subject: 'a', text: 'b', html: 'c\u0000' } } })).toEqual([
    400,
    ['/body/settings/templates/invite/html'],
  ]);
  expect((await get()).headers.get('etag')).toBe(before.headers.get('etag'));
});

test('the largest settings that there may be are taken', async () => {
  const part = '"\n'.repeat(16_000);
  const kinds = ['confirmation', 'invite', 'magic_link', 'recovery', 'email_change', 'reauthentication'];
  const template = { subject: 'x'.repeat(500), text: part, html: part };
  const templates = Object.fromEntries(kinds.map((kind) => [kind, template]));
  const redirect = `https://${'ü'.repeat(1_992)}`;
  const most = await patch({ templates, allowed_redirects: Array(100).fill(redirect) });
  expect([most.status, most.body.settings]).toEqual([200, expect.objectContaining({ templates })]);
  expect((await patch({ templates: { invite: { text: 'x'.repeat(64 * 1024) } } })).status).toBe(400);
  expect((await patch({ templates: null, allowed_redirects: null })).status).toBe(200);
});

test('others see and change nothing; a personal token does what its scopes let it', async () => {
  const stranger = await platform.owner('auth-settings-stranger');
  expect([(await get({}, stranger)).status, (await patch({}, {}, stranger)).status]).toEqual([404, 404]);
  const personal = async (...scopes: string[]) => {
    const body = { name: scopes.join('-'), scopes, project_id: id };
    return (await platform.call<{ token: string }>('POST', '/api/tokens', { token, body })).body.token;
  };
  const [reader, writer] = [await personal('read'), await personal('read', 'write')];
  expect([(await get({}, reader)).status, (await patch({ autoconfirm: true }, {}, reader)).status]).toEqual([
    200, 403,
  ]);
  expect((await patch({ autoconfirm: true }, {}, writer)).status).toBe(200);
  expect((await platform.call('GET', path(), {})).status).toBe(401);
});

test('who changed what is in the audit trail, without a secret, and without a new revision of the project', async () => {
  const project = () => platform.call<object>('GET', `/api/projects/${id}`, { token });
  const before = (await project()).headers.get('etag');
  await patch({
    providers: { google: { enabled: true, client_id: 'x', client_secret: 'hunter5' } },
    captcha: { provider: 'turnstile', secret: 'hunter6' },
  });
  expect((await project()).headers.get('etag')).toBe(before);
  await vi.waitFor(async () => {
    const { body } = await platform.call<{ entries: { type: string; data: unknown }[] }>(
      'GET',
      `/api/projects/${id}/audit?type=AuthSettingsChanged`,
      { token },
    );
    expect(body.entries.length).toBeGreaterThan(3);
    expect(body.entries[0]?.data).toMatchObject({ projectId: id, settings: { providers: { google: {} } } });
    expect(JSON.stringify(body)).not.toMatch(/hunter|ciphertext/);
  });
  expect(platform.output).not.toMatch(/hunter/);
  // what the operator reads
  const { output } = await platform.launchdb('events', `projectauth-${id}`);
  expect(output).toContain('AuthSettingsChanged');
  expect(output).toContain('providers, captcha)');
  expect(output).not.toMatch(/hunter/);
});

test('hooks and captcha verifiers on this machine are not asked unless the operator allows it', async () => {
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const { url, asked, close } = await answeringServer();
  const signUp = async () => {
    const headers = { apikey: keys.body.anon_key, 'x-supabase-api-version': '2024-01-01' };
    const body = {
      email: 'a@example.com',
      password: 'a password',
      gotrue_meta_security: { captcha_token: 'x' },
    };
    const answer = await platform.call('POST', `/project/${id}/auth/v1/signup`, { headers, body });
    return [answer.status, answer.body['code']];
  };
  const secret = `v1,whsec_${'A'.repeat(44)}`;
  expect((await patch({ captcha: null, hooks: { before_user_created: { url, secret } } })).status).toBe(200);
  await expect.poll(signUp).toEqual([500, 'unexpected_failure']);
  const captcha = { provider: 'turnstile', verify_url: url, secret: 'hunter7' };
  expect((await patch({ captcha, hooks: null })).status).toBe(200);
  await expect.poll(signUp).toEqual([500, 'captcha_failed']);
  expect((await patch({ captcha: null })).status).toBe(200);
  expect(asked).toEqual([]);
  await close();
});

test('the auth service goes by a change within a second, and stops with the project', async () => {
  const key = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const shown = async () => {
    const headers = { apikey: key.body.anon_key };
    const { status, body } = await platform.call('GET', `/project/${id}/auth/v1/settings`, { headers });
    return [status, body['disable_signup']];
  };
  expect(await shown()).toEqual([200, false]);
  await patch({ sign_ups_open: false });
  await vi.waitFor(async () => expect(await shown()).toEqual([200, true]));
  await patch({ sign_ups_open: null });
  await vi.waitFor(async () => expect(await shown()).toEqual([200, false]));
  await platform.call('POST', `/api/projects/${id}/pause`, { token });
  await vi.waitFor(async () => expect((await shown())[0]).toBe(503));
});
