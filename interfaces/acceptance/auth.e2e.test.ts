/** Users of a project, by the client library that people have, unmodified, on the whole platform. */
import { createHmac } from 'node:crypto';
import { AuthClient, type AuthError } from '@supabase/auth-js';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answeringServer, json, type Asked } from '../../infrastructure/testing/answering-server.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({ AUTH_ALLOW_PRIVATE_HOOKS: 'on' });
  await platform.start();
  token = await platform.owner('auth');
});
afterAll(() => platform.close());

interface Project {
  readonly id: string;
  readonly anonKey: string;
  readonly serviceKey: string;
  readonly url: string;
}

async function project(name: string, settings: object = {}): Promise<Project> {
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  expect(made.status).toBe(201);
  const { id } = made.body;
  const keys = await platform.call<{ anon_key: string; service_role_key: string }>(
    'GET',
    `/api/projects/${id}/keys`,
    { token },
  );
  const changed = await platform.call('PATCH', `/api/projects/${id}/auth/settings`, {
    token,
    body: settings,
  });
  expect(changed.status).toBe(200);
  const { anon_key: anonKey, service_role_key: serviceKey } = keys.body;
  return { id, anonKey, serviceKey, url: `${platform.url}/project/${id}` };
}

function client({ url, anonKey }: Project): InstanceType<typeof AuthClient> {
  const headers = { apikey: anonKey, Authorization: `Bearer ${anonKey}` };
  return new AuthClient({ url: `${url}/auth/v1`, headers, autoRefreshToken: false, persistSession: false });
}

const codeOf = ({ error }: { readonly error: AuthError | null }) => [error?.status, error?.code];

let attempts = 0;
const unique = (name: string) => `${name}-${(attempts += 1)}`;

test('sign-up, sign-in, the user and their rows by row-level security, refresh and log-out', async () => {
  const one = await project(unique('users'), { settings: { autoconfirm: true } });
  const auth = client(one);
  const password = 'correct horse';
  const signedUp = await auth.signUp({
    email: 'Ada@Example.com',
    password,
    options: { data: { name: 'Ada' } },
  });
  expect(signedUp.error).toBeNull();
  expect(signedUp.data.user).toMatchObject({
    email: 'ada@example.com',
    role: 'authenticated',
    aud: 'authenticated',
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: { name: 'Ada', email_verified: true },
    is_anonymous: false,
    identities: [{ provider: 'email', id: signedUp.data.user?.id }],
  });
  expect(codeOf(await auth.signUp({ email: 'ada@example.COM', password: 'another one' }))).toEqual([
    422,
    'user_already_exists',
  ]);
  expect(codeOf(await auth.signInWithPassword({ email: 'ada@example.com', password: 'wrong' }))).toEqual([
    400,
    'invalid_credentials',
  ]);
  expect(codeOf(await auth.signInWithPassword({ email: 'nobody@example.com', password }))).toEqual([
    400,
    'invalid_credentials',
  ]);
  const signedIn = await auth.signInWithPassword({ email: 'ADA@example.com', password });
  const session = signedIn.data.session;
  if (!session) throw signedIn.error ?? new Error('no session');

  const sql = (query: string) =>
    platform.call('POST', `/api/projects/${one.id}/sql`, { token, body: { query } });
  await sql(`CREATE TABLE notes (id int PRIMARY KEY, owner uuid NOT NULL DEFAULT auth.uid()
    REFERENCES auth.users (id) ON DELETE CASCADE, text text)`);
  await sql('ALTER TABLE notes ENABLE ROW LEVEL SECURITY');
  await sql('CREATE POLICY own ON notes USING (owner = auth.uid())');
  const rest = (bearer: string, init: RequestInit = {}) =>
    fetch(`${one.url}/rest/v1/notes`, {
      ...init,
      headers: { apikey: one.anonKey, Authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    });
  await expect
    .poll(
      async () => (await rest(session.access_token, { method: 'POST', body: '{"id":1,"text":"x"}' })).status,
    )
    .toBe(201);
  expect(await (await rest(session.access_token)).json()).toMatchObject([{ owner: session.user.id }]);
  expect(await (await rest(one.anonKey)).json()).toEqual([]);

  const refreshed = await auth.refreshSession();
  expect(refreshed.error).toBeNull();
  expect(refreshed.data.session?.refresh_token).not.toBe(session.refresh_token);
  // whoever lost the answer asks again with the one before
  const again = await client(one).refreshSession({ refresh_token: session.refresh_token });
  expect(again.data.session?.refresh_token).toBe(refreshed.data.session?.refresh_token);
  expect((await auth.getUser()).data.user?.id).toBe(session.user.id);
  expect((await auth.signOut()).error).toBeNull();
  const late = await client(one).getUser(session.access_token);
  // what the client makes of 403 session_not_found
  expect(late.error?.name).toBe('AuthSessionMissingError');
});

test('ten who refresh with one token at once all go on, and end with one active token', async () => {
  const one = await project(unique('ten'), { settings: { autoconfirm: true } });
  const { data } = await client(one).signUp({ email: 'ten@example.com', password: 'ten at once' });
  const refreshToken = data.session?.refresh_token ?? '';
  const all = await Promise.all(
    Array.from({ length: 10 }, () => client(one).refreshSession({ refresh_token: refreshToken })),
  );
  expect(all.map(({ error }) => error)).toEqual(Array.from({ length: 10 }, () => null));
  expect(new Set(all.map((each) => each.data.session?.refresh_token)).size).toBe(1);
});

test('a token of another project opens nothing, a paused project says so, and one that sleeps is not woken', async () => {
  const one = await project(unique('here'), { settings: { autoconfirm: true } });
  const other = await project(unique('there'), { settings: { autoconfirm: true } });
  const { data } = await client(one).signUp({ email: 'a@example.com', password: 'of one project' });
  expect(codeOf(await client(other).getUser(data.session?.access_token))).toEqual([403, 'bad_jwt']);
  expect((await platform.call('POST', `/api/projects/${one.id}/pause`, { token })).status).toBe(200);
  const answer = await fetch(`${one.url}/auth/v1/user`, {
    headers: {
      Authorization: `Bearer ${data.session?.access_token}`,
      'x-supabase-api-version': '2024-01-01',
    },
  });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    503,
    'project_not_active',
  ]);
});

test('a trigger of the owner that raises rolls the user back, and tells the stranger nothing', async () => {
  const one = await project(unique('trigger'), { settings: { autoconfirm: true } });
  const uri = (
    await platform.call<{ db_uri: string }>('GET', `/api/projects/${one.id}/connection`, { token })
  ).body.db_uri;
  const owner = new pg.Client(uri);
  await owner.connect();
  try {
    await owner.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'secret % of the owner', NEW.email; END $$`);
    await owner.query(
      'CREATE TRIGGER refuse AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const refused = await client(one).signUp({ email: 'a@example.com', password: 'never a user' });
    expect(refused.error).toMatchObject({ status: 500, name: 'AuthRetryableFetchError' });
    expect(refused.error?.message).not.toContain('secret');
    expect((await owner.query('SELECT FROM auth.users')).rowCount).toBe(0);
  } finally {
    await owner.end();
  }
});

/** By whom a hook was asked, as a library of the standard checks it. */
function signer({ headers, body }: Asked, secrets: Readonly<Record<string, string>>): string | undefined {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const isBy = ([, secret]: [string, string]) => {
    const key = Buffer.from(secret.replace('v1,whsec_', ''), 'base64');
    return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  };
  return Object.entries(secrets).find(isBy)?.[0];
}

test('hooks of the owner decide who comes in and what their tokens say; rows go by it, and a large token passes', async () => {
  const secretOf = (byte: number) => `v1,whsec_${Buffer.alloc(32, byte).toString('base64')}`;
  const secrets = { before_user_created: secretOf(1), custom_access_token: secretOf(2) };
  const signers: (string | undefined)[] = [];
  const hook = await answeringServer((asked, res) => {
    signers.push(signer(asked, secrets));
    const { user, claims } = JSON.parse(asked.body) as { user?: { email: string }; claims?: object };
    if (!user) return json({ claims: { ...claims, tenant: 'acme', large: 'x'.repeat(23_000) } })(asked, res);
    const refusal = { error: { http_code: 403, message: 'Only from example.com' } };
    return json(user.email.endsWith('@example.com') ? {} : refusal)(asked, res);
  });
  const hooks = Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [name, { url: hook.url, secret }]),
  );
  const one = await project(unique('hooks'), { settings: { autoconfirm: true, hooks } });
  await platform.call('POST', `/api/projects/${one.id}/sql`, {
    token,
    body: {
      query: `CREATE TABLE notes (id int PRIMARY KEY, tenant text);
        INSERT INTO notes VALUES (1, 'acme'), (2, 'other');
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenants ON notes USING (tenant = auth.jwt() ->> 'tenant')`,
    },
  });
  const app = createClient(one.url, one.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const password = 'asked about';
  const refused = await app.auth.signUp({ email: 'ada@elsewhere.example', password });
  expect([...codeOf(refused), refused.error?.message]).toEqual([403, 'unknown', 'Only from example.com']);
  expect((await app.auth.signUp({ email: 'ada@example.com', password })).error).toBeNull();
  expect(signers).toEqual(['before_user_created', 'before_user_created', 'custom_access_token']);
  await expect.poll(async () => (await app.from('notes').select('id')).data).toEqual([{ id: 1 }]);
  const shown = await platform.call('GET', `/api/projects/${one.id}/auth/settings`, { token });
  for (const secret of Object.values(secrets))
    expect(`${JSON.stringify(shown.body)} ${platform.output}`).not.toContain(secret.slice(9));
  await hook.close();
});

test('without a mail server the mails are kept, where owner and operator find the code and the link', async () => {
  const one = await project(unique('mailbox'), { settings: { site_url: 'https://app.example' } });
  const email = "o'neil+tag@ex.museum";
  const auth = client(one);
  expect((await auth.signUp({ email, password: 'before the mail' })).error).toBeNull();
  const mailbox = () =>
    platform.call<{ mails: { id: string; to: string; text: string; state: string }[] }>(
      'GET',
      `/api/projects/${one.id}/auth/mailbox`,
      { token },
    );
  await expect.poll(async () => (await mailbox()).body.mails.map(({ state }) => state)).toEqual(['kept']);
  const [mail] = (await mailbox()).body.mails;
  expect(mail?.to).toBe(email);
  const listed = await platform.launchdb('mailbox');
  expect(listed.output).toMatch(new RegExp(`${one.id} .*${mail?.id} .*Confirm your e-mail address`));
  expect((await platform.launchdb('mailbox', one.id, mail?.id ?? '')).output).toContain(mail?.text.trim());
  expect((await platform.launchdb('mailbox', one.id, one.id)).code).toBe(1);

  const link = /: (http\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
  // by the public address, which has another name than ours for this machine
  expect(new URL(link).pathname).toBe(`/project/${one.id}/auth/v1/verify`);
  expect((await fetch(link, { method: 'HEAD', redirect: 'manual' })).status).toBe(200);
  const followed = await fetch(link, { redirect: 'manual' });
  const [target, fragment = ''] = followed.headers.get('location')?.split('#') ?? [];
  expect([followed.status, target]).toEqual([303, 'https://app.example/']);
  const said = new URLSearchParams(fragment);
  const session = { access_token: said.get('access_token')!, refresh_token: said.get('refresh_token')! };
  expect((await auth.setSession(session)).data.user?.email).toBe(email);
  const again = await fetch(link, { redirect: 'manual' });
  expect(again.headers.get('location')).toContain('error_code=otp_expired');
});
