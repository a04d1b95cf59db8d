/** `launchdb users`: a project's users, for whoever runs the platform; and users who come from another platform's dump. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { patience } from './patience.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { writeUsersDump } from './users-dump.ts';

/** of `U*U*`, as the authors of bcrypt give it */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK';

let platform: PlatformUnderTest;
let folder: string;
let id: string;
beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  folder = await mkdtemp(join(tmpdir(), 'launchdb-users-'));
  const token = await platform.owner('users-command');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
});
afterAll(async () => {
  await platform.close();
  await rm(folder, { recursive: true });
});

const users = (what: string, ...args: readonly string[]) => platform.launchdb('users', what, id, ...args);
const signIn = async (email: string, password: string) => {
  const answer = await platform.call<{ access_token?: string; error_code?: string }>(
    'POST',
    `/project/${id}/auth/v1/token?grant_type=password`,
    { body: { email, password } },
  );
  return [answer.status, answer.body.error_code];
};
const written = async (name: string, text: string) => {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
};

test('they are made, listed, banned and deleted', async () => {
  const file = await written('password', 'correct horse\n');
  const made = await users('create', 'Ann@Example.com', '--password-file', file, '--confirmed');
  expect(made).toMatchObject({ code: 0 });
  expect(made.output).toContain('ann@example.com');
  expect(await signIn('ann@example.com', 'correct horse')).toEqual([200, undefined]);
  expect((await users('create', 'ann@example.com')).output).toContain('already been registered');
  await users('create', 'bob@example.com');
  const listed = await users('list');
  expect(listed.output).toMatch(
    /bob@example\.com .*never seen {2}unconfirmed\n.* ann@example\.com .*seen \d/,
  );
  expect(listed.output).toContain('2 users, page 1 of 1');
  expect((await users('list', '--filter', 'bob')).output).toContain('1 user,');
  expect((await users('ban', 'ann@example.com', '--for', '24h')).output).toContain('is banned until');
  expect(await signIn('ann@example.com', 'correct horse')).toEqual([400, 'user_banned']);
  expect((await users('ban', 'ann@example.com', '--for', '1 day')).code).toBe(1);
  expect((await users('ban', 'ann@example.com', '--for', 'none')).output).toContain('is not banned');
  expect((await users('delete', 'bob@example.com')).code).toBe(0);
  expect(await users('delete', 'bob@example.com')).toMatchObject({ code: 1 });
  expect((await users('list')).output).toContain('1 user,');
  for (const wrong of [['list', 'x'], ['create'], ['change', 'x']])
    expect((await users(wrong[0]!, ...wrong.slice(1))).code).toBe(64);
});

const [ann, bob, sso] = [randomUUID(), randomUUID(), randomUUID()];
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const dump = (hash = BCRYPT) => `--
-- PostgreSQL database dump
--
SET statement_timeout = 0;

COPY auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at, id) FROM stdin;
${ann}\t${ann}\t{"sub": "${ann}", "email": "carl@example.com"}\temail\t\\N\t2024-01-02 03:04:05+00\t2024-01-02 03:04:05+00\t${randomUUID()}
\\.

COPY auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at, phone, is_sso_user, is_anonymous) FROM stdin;
\\N\t${ann}\tauthenticated\tauthenticated\tCarl@example.com\t${hash}\t2024-01-02 03:04:05.5+00\t{"provider": "email", "providers": ["email"]}\t{"full_name": "Carl\\\\nC"}\t2024-01-02 03:04:05+00\t2024-01-02 03:04:05+00\t\\N\tf\tf
\\N\t${bob}\tauthenticated\tauthenticated\tann@example.com\t\\N\t\\N\t{}\t{}\t2024-01-03 03:04:05+00\t\\N\t\\N\tf\tf
\\N\t${sso}\tauthenticated\tauthenticated\tsso@example.com\t\\N\t\\N\t{}\t{}\t2024-01-03 03:04:05+00\t\\N\t\\N\tt\tf
\\.

COPY auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) FROM stdin;
${randomUUID()}\t${ann}\tphone\ttotp\tverified\t2024-01-02 03:04:05+00\t2024-01-02 03:04:05+00\t${SECRET}
\\.
`;

test('a broken line imports nobody, and says which it is', async () => {
  const file = await written('broken.sql', dump('not a hash'));
  const { code, output } = await users('import', file);
  expect(code).toBe(1);
  expect(output).toMatch(/broken\.sql:\d+: encrypted_password is of no kind/);
  expect(output).toContain('Nothing was imported');
  expect((await users('list')).output).toContain('1 user,');
  const cut = await written('cut.sql', dump().slice(0, 900));
  expect(await users('import', cut)).toMatchObject({ code: 1 });
  const inserts = await written('inserts.sql', "INSERT INTO auth.users (id) VALUES ('1');\n");
  expect((await users('import', inserts)).output).toContain('has INSERT');
});

test('those of a dump sign in with the password that they had, and again changes nothing', async () => {
  const file = await written('users.sql', dump());
  expect(await users('import', file, '--dry-run')).toMatchObject({ code: 0 });
  expect(await signIn('carl@example.com', 'U*U*')).toEqual([400, 'invalid_credentials']);
  const { code, output } = await users('import', file);
  // one address is taken
  expect(code).toBe(2);
  expect(output).toContain('1 imported, 0 were there already.');
  expect(output).toContain('Left out: 1 users of single sign-on.');
  expect(output).toContain(`1 left out: another user has their address or telephone. ${bob}`);
  expect(await signIn('carl@example.com', 'U*U*')).toEqual([200, undefined]);
  const rows = await platform.sql<Record<string, unknown>>(
    `SELECT users.email, users.created_at::text, raw_user_meta_data ->> 'full_name' AS name, secret, provider
     FROM auth.users JOIN auth.mfa_factors f ON f.user_id = users.id JOIN auth.identities i ON i.user_id = users.id
     WHERE users.id = $1`,
    [ann],
    id,
  );
  expect(rows).toEqual([
    expect.objectContaining({
      email: 'carl@example.com',
      name: 'Carl\nC',
      secret: SECRET,
      provider: 'email',
    }),
  ]);
  const again = await users('import', file);
  expect(again.output).toContain('0 imported, 1 were there already.');
});

test('an import that was killed goes on where it was: everybody is there once', async () => {
  const many = 4_000;
  const file = join(folder, 'many.sql');
  await writeUsersDump(file, many, BCRYPT);
  const here = "email LIKE 'imported%'";
  const count = async (from: string) =>
    (await platform.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`, [], id))[0]?.n ?? 0;
  const child = platform.launchdbProcess('users', 'import', id, file);
  const ended = once(child, 'exit');
  await vi.waitFor(
    async () => expect(await count(`auth.users WHERE ${here}`)).toBeGreaterThan(0),
    patience(2),
  );
  child.kill('SIGKILL');
  await ended;
  // what was being written is not there by half
  const first = await count(`auth.users WHERE ${here}`);
  expect(first % 200).toBe(0);
  const again = await users('import', file);
  expect([again.code, again.output]).toEqual([
    0,
    expect.stringContaining(`${many - first} imported, ${first} were there already.`),
  ]);
  expect((await users('import', file)).output).toContain(`0 imported, ${many} were there already.`);
  expect(await count(`auth.users WHERE ${here}`)).toBe(many);
  expect(await count(`auth.identities JOIN auth.users ON users.id = user_id WHERE users.${here}`)).toBe(many);
  expect(await count(`auth.mfa_factors JOIN auth.users ON users.id = user_id WHERE ${here}`)).toBe(many / 10);
  expect(await signIn('imported7@example.com', 'U*U*')).toEqual([200, undefined]);
});
