/** An owner's triggers on the tables of users, on the whole platform: their own users wait or are refused, nobody else's notice. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

const PASSWORD = 'correct horse battery';
interface Project {
  readonly id: string;
  readonly anonKey: string;
}
interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
}

let platform: PlatformUnderTest;
let token: string;
let hostile: Project;
let peaceful: Project;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('triggers');
  [hostile, peaceful] = [await project('hostile'), await project('peaceful')];
  for (const one of [hostile, peaceful]) await signUp(one, 'ann@example.com');
});
afterAll(() => platform.close());
afterEach(() =>
  sql('DROP TRIGGER IF EXISTS theirs ON auth.users; DROP TRIGGER IF EXISTS theirs ON auth.sessions'),
);

async function project(name: string): Promise<Project> {
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const path = `/api/projects/${made.body.id}`;
  const keys = await platform.call<{ anon_key: string }>('GET', `${path}/keys`, { token });
  await platform.call('PATCH', `${path}/auth/settings`, { token, body: { settings: { autoconfirm: true } } });
  return { id: made.body.id, anonKey: keys.body.anon_key };
}
async function sql(query: string): Promise<void> {
  const answer = await platform.call('POST', `/api/projects/${hostile.id}/sql`, { token, body: { query } });
  expect([answer.status, answer.status === 200 || answer.body]).toEqual([200, true]);
}
const trigger = (body: string, table = 'users', when = 'AFTER INSERT') =>
  sql(`CREATE OR REPLACE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${body} RETURN new; END $f$;
    CREATE TRIGGER theirs ${when} ON auth.${table} FOR EACH ROW EXECUTE FUNCTION public.theirs()`);

const auth = <T = Record<string, unknown>>({ id, anonKey }: Project, path: string, body: object) =>
  platform.call<T>('POST', `/project/${id}/auth/v1${path}`, {
    body,
    headers: { apikey: anonKey, 'x-supabase-api-version': '2024-01-01' },
  });
const signUp = (one: Project, email: string) => auth<Session>(one, '/signup', { email, password: PASSWORD });
const signIn = (one: Project) =>
  auth<Session>(one, '/token?grant_type=password', { email: 'ann@example.com', password: PASSWORD });
const refresh = (one: Project, refresh_token: string) =>
  auth<Session>(one, '/token?grant_type=refresh_token', { refresh_token });

let count = 0;
/** More than the login has sessions. */
const manySignUps = () =>
  Array.from({ length: 12 }, () => signUp(hostile, `user${(count += 1)}@example.com`));
const usersOf = async ({ id }: Project) =>
  (await platform.sql<{ email: string }>('SELECT email FROM auth.users', [], id)).map(({ email }) => email);

test.each([
  ['sleeps', 'PERFORM pg_sleep(600);'],
  ['loops', 'LOOP END LOOP;'],
  [
    'sleeps, whatever its limits are, and whoever ends it',
    `PERFORM set_config('statement_timeout', '0', false);
     LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN OTHERS OR query_canceled THEN NULL; END; END LOOP;`,
  ],
])(
  'one that %s is an outage of that project, within its bound, and other users are served meanwhile',
  async (_what, body) => {
    await trigger(body);
    const before = await usersOf(hostile);
    const answers: number[] = [];
    const held = manySignUps().map(async (asked) => {
      const { status, headers, body: told } = await asked;
      answers.push(status);
      return { status, retry: headers.get('retry-after'), text: JSON.stringify(told) };
    });
    // while they are held up
    const session = (await signIn(peaceful)).body;
    expect((await refresh(peaceful, session.refresh_token)).status).toBe(200);
    expect((await signUp(peaceful, `user${(count += 1)}@example.com`)).status).toBe(200);
    expect(answers).toEqual([]);
    for (const { status, retry, text } of await Promise.all(held)) {
      // what the client takes for an outage: it keeps its session, and asks again
      expect([status, retry === null]).toEqual([503, false]);
      expect(text).not.toMatch(/theirs|trigger|pg_sleep|canceling/i);
    }
    expect(await usersOf(hostile)).toEqual(before);
    // it is their own users' no longer, either, when it is gone
    await sql('DROP TRIGGER IF EXISTS theirs ON auth.users');
    await expect
      .poll(async () => (await signUp(hostile, `user${(count += 1)}@example.com`)).status)
      .toBe(200);
  },
);

test('one that fails for sessions lets nobody in, and keeps those who are', async () => {
  const session = (await signIn(hostile)).body;
  await trigger(`RAISE EXCEPTION 'secret % of the owner', old.id;`, 'sessions', 'BEFORE UPDATE');
  const refused = await refresh(hostile, session.refresh_token);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    500,
    expect.not.stringContaining('secret'),
  ]);
  await sql('DROP TRIGGER IF EXISTS theirs ON auth.sessions');
  expect((await refresh(hostile, session.refresh_token)).status).toBe(200);
  // the operator's log has what kind of fault it was
  expect(platform.output).toMatch(/sqlstate P0001/);
});

test('who somebody is, no owner says otherwise: the functions are not theirs', async () => {
  for (const query of [
    'CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS $$ SELECT null::uuid $$',
    'CREATE OR REPLACE FUNCTION auth.role() RETURNS text LANGUAGE sql AS $$ SELECT null::text $$',
    'DROP FUNCTION auth.jwt()',
    'ALTER FUNCTION auth.email() RENAME TO other',
  ]) {
    const answer = await platform.call('POST', `/api/projects/${hostile.id}/sql`, { token, body: { query } });
    expect([query, answer.status]).toEqual([query, 422]);
  }
  expect((await signIn(hostile)).status).toBe(200);
});
