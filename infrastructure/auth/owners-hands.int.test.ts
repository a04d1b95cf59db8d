/** What a project's owner hangs on the tables of users works, gains them nothing, and is nobody else's trouble. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { UserTransaction } from '../../application/ports/user-directory.ts';
import { aSession, aUser } from '../../application/testing/sample-users.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { PG_DUMP } from '../process/system-programs.ts';
import { testUsers } from '../testing/users.ts';

const TABLES = `SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r'`;
const DENIED = { code: '42501' };
const unavailable = { name: 'Unavailable' };

let harness: Awaited<ReturnType<typeof testUsers>>;
beforeAll(async () => {
  harness = await testUsers(1_500);
});
afterAll(() => harness.close());
afterEach(() =>
  owner(`DROP FUNCTION IF EXISTS public.theirs() CASCADE; DROP TABLE IF EXISTS public.profiles CASCADE;
    DROP TYPE IF EXISTS public.evil CASCADE; DELETE FROM auth.users`),
);
const within = <T>(work: (rows: UserTransaction) => Promise<T>, nth: 0 | 1 = 0) =>
  harness.directory.with(harness.projects[nth], work);
const owner = (sql: string, nth: 0 | 1 = 0) => harness.owner(sql, harness.projects[nth]);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'it was done',
    (error: unknown) => error,
  );
const signUp = (nth: 0 | 1 = 0) => within(({ users }) => users.insert(aUser()), nth);
const trigger = (body: string, { when = 'AFTER INSERT', on = 'auth.users', more = '' } = {}) =>
  owner(`CREATE OR REPLACE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql ${more} AS $f$ BEGIN ${body} END $f$;
    CREATE TRIGGER theirs ${when} ON ${on} FOR EACH ROW EXECUTE FUNCTION public.theirs()`);

test('what people write works: foreign keys, triggers, SQL, dumps of data', async () => {
  await owner(
    `CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, name text)`,
  );
  await trigger(
    `INSERT INTO public.profiles VALUES (new.id, new.raw_user_meta_data ->> 'full_name'); RETURN new;`,
    {
      more: `SECURITY DEFINER SET search_path = ''`,
    },
  );
  const user = await signUp();
  expect(await owner('SELECT * FROM public.profiles')).toEqual([
    { id: user?.id, name: user?.userMetadata['full_name'] },
  ]);
  await within(async ({ sessions, identities }) => {
    await sessions.insert(aSession(user!.id));
    const identity = {
      id: randomUUID(),
      userId: user!.id,
      provider: 'email',
      providerId: user!.id,
      data: {},
    };
    const times = { lastSignInAt: null, createdAt: new Date(0), updatedAt: new Date(0) };
    await identities.put({ ...identity, ...times });
  });
  await owner(`INSERT INTO auth.refresh_tokens (token, session_id) SELECT 't', id FROM auth.sessions;
    UPDATE auth.users SET raw_app_meta_data = raw_app_meta_data || '{"plan": "pro"}'`);
  expect((await within(({ users }) => users.byId(user!.id)))?.appMetadata).toMatchObject({ plan: 'pro' });
  // the data of one project's users, into another one
  const pgDump = (await PG_DUMP.find('/usr/local/bin:/usr/bin:/bin')) ?? '';
  const uri = (nth: 0 | 1) => {
    const { host, port } = harness.server.address;
    const role = ownerRole(harness.projects[nth]);
    return `postgresql://${role}:${harness.logins.owner.password}@${host}:${port}/${harness.projects[nth]}`;
  };
  const dumped = await promisify(execFile)(pgDump, ['-a', '--inserts', '-n', 'auth', uri(0)]);
  await owner(dumped.stdout.replace(/^\\(un)?restrict .*$/gm, ''), 1);
  expect(await within(({ users }) => users.byId(user!.id), 1)).toMatchObject({ email: user?.email });
  expect(await owner('SELECT token FROM auth.refresh_tokens', 1)).toEqual([{ token: 't' }]);
  await within(({ users }) => users.delete(user!.id));
  expect(await owner('SELECT * FROM public.profiles')).toEqual([]);
  await owner('DELETE FROM auth.users', 1);
});

test('an owner drops their own triggers, and no others', async () => {
  const names = async () =>
    (
      await owner(
        `SELECT tgname FROM pg_trigger WHERE tgrelid = 'auth.users'::regclass AND NOT tgisinternal ORDER BY 1`,
      )
    ).map(({ tgname }) => tgname);
  await trigger('RETURN new;');
  await owner(`CREATE TRIGGER "It's mine" AFTER UPDATE ON auth.users EXECUTE FUNCTION public.theirs();
    CREATE TRIGGER other AFTER DELETE ON auth.users EXECUTE FUNCTION public.theirs()`);
  await owner(`drop  trigger if exists "It's mine" on "auth"."users";`);
  expect(await names()).toEqual(['other', 'theirs']);
  await owner(`BEGIN; DROP TRIGGER IF EXISTS Theirs ON auth.users CASCADE; ROLLBACK`);
  expect(await names()).toEqual(['other', 'theirs']);
  // as migrations have it
  await owner(`DROP TRIGGER IF EXISTS theirs ON auth.users;
    CREATE TRIGGER theirs AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.theirs()`);
  await owner(
    `CREATE OR REPLACE TRIGGER theirs BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.theirs()`,
  );
  await expect(owner('DROP TRIGGER theirs ON auth.users')).rejects.toMatchObject(DENIED);
  // one of ours
  await harness.server.inDatabase(harness.projects[0], 'make one', (client) =>
    client.query(`CREATE FUNCTION launchdb.ours() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
      CREATE TRIGGER ours AFTER INSERT ON auth.users EXECUTE FUNCTION launchdb.ours()`),
  );
  await expect(owner('DROP TRIGGER IF EXISTS ours ON auth.users')).rejects.toMatchObject(DENIED);
  const [constraint] = await owner(
    `SELECT tgname FROM pg_trigger WHERE tgrelid = 'auth.identities'::regclass AND tgisinternal`,
  );
  const internal = `DROP TRIGGER IF EXISTS "${String(constraint?.['tgname'])}" ON auth.identities`;
  await expect(owner(internal)).rejects.toMatchObject(DENIED);
  await harness.server.inDatabase(harness.projects[0], 'drop it', (client) =>
    client.query('DROP FUNCTION launchdb.ours() CASCADE'),
  );
  await owner('DROP FUNCTION public.theirs() CASCADE');
  expect(await names()).toEqual([]);
});

test('owners may not alter the tables, and the roles of the REST API see none', async () => {
  for (const sql of [
    'ALTER TABLE auth.users ADD COLUMN mine int',
    'ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE auth.users DISABLE TRIGGER ALL',
    'ALTER TABLE auth.users OWNER TO CURRENT_USER',
    'DROP TABLE auth.mail_outbox',
    'TRUNCATE auth.flow_state',
    'CREATE INDEX mine ON auth.users (email)',
    'CREATE POLICY mine ON auth.users USING (true)',
    'CREATE TABLE auth.mine ()',
    `ALTER TYPE auth.factor_type ADD VALUE 'mine'`,
    'SET ROLE launchdb_tables',
  ])
    expect([sql, await refusal(owner(sql))]).toMatchObject([sql, DENIED]);
  // it gives nothing, whatever it says
  await owner('GRANT SELECT ON auth.users TO anon');
  const tables = await owner(TABLES);
  expect(tables).toHaveLength(13);
  const seen =
    await owner(`SELECT role, name FROM (${TABLES}) tables, unnest(ARRAY['public', 'anon', 'authenticated', 'service_role']) role
    WHERE has_any_column_privilege(role, name, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege(role, name, 'DELETE, TRIGGER')`);
  expect(seen).toEqual([]);
  const owners =
    await owner(`SELECT DISTINCT rolname, rolsuper, rolcanlogin FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
    WHERE relnamespace = 'auth'::regnamespace`);
  expect(owners).toEqual([{ rolname: 'launchdb_tables', rolsuper: false, rolcanlogin: false }]);
});

test('the login works in its schema, and nowhere else', async () => {
  await owner('CREATE TABLE public.profiles (id int)');
  await harness.as('auth', 'SELECT * FROM auth.users FOR UPDATE');
  for (const sql of [
    'SELECT * FROM public.profiles',
    'SELECT * FROM launchdb.migrations',
    'CREATE TABLE public.mine ()',
    'CREATE TABLE auth.mine ()',
    'CREATE TEMPORARY TABLE mine ()',
    'CREATE SCHEMA mine',
    'ALTER TABLE auth.users ADD COLUMN mine int',
    'DROP TABLE auth.flow_state',
    'CREATE TRIGGER mine AFTER INSERT ON auth.users EXECUTE FUNCTION public.theirs()',
    'SET ROLE anon',
    'SET ROLE launchdb_tables',
    `SET ROLE ${ownerRole(harness.projects[0])}`,
  ])
    expect([sql, await refusal(harness.as('auth', sql))]).toMatchObject([sql, DENIED]);
});

test('a trigger that says no says so by its own code, and nothing is kept', async () => {
  await trigger(`RAISE EXCEPTION 'not you' USING ERRCODE = 'PT001', HINT = 'go away';`);
  await expect(signUp()).rejects.toMatchObject({ name: 'SqlFailed', code: 'PT001', message: 'not you' });
  await trigger(`RETURN NULL;`, { when: 'BEFORE UPDATE' }).catch(() => {});
  expect(await owner('SELECT FROM auth.users')).toEqual([]);
  await owner(`DROP TRIGGER IF EXISTS theirs ON auth.users`);
  await trigger('RETURN NULL;', { when: 'BEFORE INSERT' });
  await expect(signUp()).rejects.toMatchObject({ name: 'SqlFailed', code: 'P0001' });
  // at the end of the transaction
  await owner(`DROP TRIGGER IF EXISTS theirs ON auth.users; CREATE CONSTRAINT TRIGGER theirs AFTER INSERT ON auth.users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.theirs();
    CREATE OR REPLACE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE unique_violation; END $f$`);
  await expect(signUp()).rejects.toMatchObject({ name: 'SqlFailed', code: '23505' });
});

test('a table of theirs that has it already is their trouble, not an address that is taken', async () => {
  const user = await signUp();
  await trigger(`RAISE unique_violation;`, { when: 'BEFORE UPDATE' });
  const update = within(({ users }) => users.update(user!.id, { email: 'new@b.example' }));
  await expect(update).rejects.toMatchObject({ name: 'SqlFailed', code: '23505' });
});

test.each([
  ['sleeps', 'PERFORM pg_sleep(60);'],
  ['loops', 'LOOP END LOOP;'],
  [
    'catches whatever ends it',
    `LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN OTHERS OR query_canceled THEN END; END LOOP;`,
  ],
  ['lifts its limits', `SET statement_timeout = 0; SET lock_timeout = 0; PERFORM pg_sleep(60);`],
  ['waits for a lock', `PERFORM pg_advisory_lock(1); PERFORM pg_sleep(60);`],
])(
  'a trigger that %s is unavailable within its bound, and nobody else’s project waits',
  async (_what, body) => {
    await trigger(`${body} RETURN new;`);
    const all = Array.from({ length: 7 }, () => signUp().catch((error: unknown) => error));
    await vi.waitFor(async () => expect(await working()).toBeGreaterThan(0), 5_000);
    expect(await signUp(1)).toBeDefined();
    for (const failed of await Promise.all(all)) expect(failed).toMatchObject(unavailable);
    await vi.waitFor(async () => expect(await working()).toBe(0), 10_000);
    await owner('DROP TRIGGER IF EXISTS theirs ON auth.users');
    expect(await signUp()).toBeDefined();
  },
);

test.each([
  ['at once', 'TRIGGER', ''],
  ['at the end', 'CONSTRAINT TRIGGER', 'DEFERRABLE INITIALLY DEFERRED'],
])(
  'a lock that a trigger takes %s for its session is in nobody’s way afterwards',
  async (_when, kind, put) => {
    await owner(`CREATE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS
      $f$ BEGIN PERFORM pg_advisory_lock(1); RETURN new; END $f$;
    CREATE ${kind} theirs AFTER INSERT ON auth.users ${put} FOR EACH ROW EXECUTE FUNCTION public.theirs()`);
    await Promise.all([signUp(), signUp(), signUp()]);
    expect(await owner('SELECT pg_try_advisory_xact_lock(1) AS free')).toEqual([{ free: true }]);
  },
);

const working = async () => {
  const { rowCount } = await harness.server.administer('look', (client) =>
    client.query(`SELECT FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'`, [
      `${harness.projects[0]}_auth`,
    ]),
  );
  return rowCount;
};

test('a trigger runs as the login, which leads nowhere', async () => {
  await owner('CREATE TABLE public.profiles (id int)');
  const other = harness.projects[1];
  for (const body of [
    'SET ROLE anon;',
    'SET ROLE launchdb_tables;',
    'SET SESSION AUTHORIZATION launchdb_tables;',
    `SET session_replication_role = replica;`,
    `EXECUTE 'SET ROLE ' || current_database() || '_owner';`,
    'PERFORM FROM public.profiles;',
    'PERFORM FROM launchdb.schema_changes;',
    'PERFORM rolpassword FROM pg_authid;',
    `PERFORM pg_read_file('/etc/passwd');`,
    `CREATE TABLE auth.mine ();`,
    `ALTER TABLE auth.users OWNER TO ${ownerRole(harness.projects[0])};`,
    `ALTER ROLE ${other}_auth PASSWORD 'x';`,
    `GRANT ${ownerRole(other)} TO ${ownerRole(harness.projects[0])};`,
    `COPY auth.users TO PROGRAM 'true';`,
  ]) {
    await trigger(`${body} RETURN new;`);
    expect([body, await refusal(signUp())]).toMatchObject([body, { name: 'SqlFailed', ...DENIED }]);
    await owner('DROP TRIGGER IF EXISTS theirs ON auth.users');
  }
});

test('what a trigger leaves set is gone with its transaction', async () => {
  await owner(`CREATE SCHEMA IF NOT EXISTS evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
    CREATE OR REPLACE FUNCTION evil.lower(varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'everybody' $$`);
  await trigger(`PERFORM set_config(name, value, false) FROM (VALUES ('search_path', 'evil, pg_catalog'),
      ('TimeZone', 'Asia/Tokyo'), ('DateStyle', 'German'), ('default_transaction_read_only', 'on'), ('statement_timeout', '1'),
      ('request.jwt.claims', '{"role":"x"}'), ('session_authorization', session_user)) set (name, value);
    RETURN new;`);
  for (let nth = 0; nth < 6; nth++) await signUp();
  const looked = () =>
    harness.connections.with(harness.projects[0], 'auth', (sql) =>
      sql.query(`SELECT current_setting('search_path') AS path, current_setting('transaction_read_only') AS read,
        current_setting('DateStyle') AS dates, current_setting('request.jwt.claims', true) AS claims, current_user = session_user AS itself`),
    );
  for (let nth = 0; nth < 6; nth++)
    expect((await looked()).rows).toMatchObject([
      { path: 'pg_catalog, pg_temp', read: 'off', dates: 'ISO, MDY', itself: true },
    ]);
  expect(await within(({ users }) => users.byEmail('everybody'))).toBeUndefined();
});

test.each([
  ['reads', `RAISE EXCEPTION 'as %', current_user;`, { code: 'P0001', message: 'as launchdb_tables' }],
  ['alters', 'ALTER TABLE auth.users ADD COLUMN mine int;', DENIED],
  ['drops', 'DROP TABLE auth.flow_state;', DENIED],
  ['grants', 'GRANT ALL ON auth.users TO anon;', DENIED],
  ['owns', 'DROP OWNED BY launchdb_tables;', DENIED],
  [
    'makes',
    'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$;',
    DENIED,
  ],
  ['becomes', 'SET ROLE postgres;', DENIED],
])(
  'what a foreign key runs as its table’s owner gains nothing: one that %s',
  async (_what, body, refused) => {
    const user = await signUp();
    await owner(`GRANT CREATE ON SCHEMA public TO PUBLIC;
    INSERT INTO auth.identities (user_id, provider, provider_id, identity_data) VALUES ('${user?.id}', 'email', 'x', '{}')`);
    // a row that goes with another one
    await trigger(`${body} RETURN old;`, { when: 'BEFORE DELETE', on: 'auth.identities' });
    await expect(owner('DELETE FROM auth.users')).rejects.toMatchObject(refused);
    await expect(within(({ users }) => users.delete(user!.id))).rejects.toMatchObject(refused);
    await owner('DROP TRIGGER IF EXISTS theirs ON auth.identities');
    // the cast of a column that refers to one
    await owner(`DROP TYPE IF EXISTS public.evil CASCADE; CREATE TYPE public.evil AS ENUM ('a');
    CREATE FUNCTION public.cast_evil(public.evil) RETURNS uuid LANGUAGE plpgsql AS $f$ BEGIN ${body} RETURN NULL; END $f$;
    CREATE CAST (public.evil AS uuid) WITH FUNCTION public.cast_evil(public.evil) AS IMPLICIT;
    CREATE TABLE public.profiles (id public.evil REFERENCES auth.users)`);
    await expect(owner(`INSERT INTO public.profiles VALUES ('a')`)).rejects.toMatchObject(refused);
    await owner('DROP TYPE public.evil CASCADE');
  },
);

test('over its size limit a project’s users sign in; where its owner is cut off nothing is written', async () => {
  const user = await signUp();
  const [project] = harness.projects;
  const bounded = (bounds: Partial<typeof USUAL_BOUNDS>) =>
    harness.databases.ensureUsers(project, harness.logins, { ...USUAL_BOUNDS, ...bounds });
  const fresh = async () => {
    harness.connections.forget(project);
    return within(({ users }) => users.update(user!.id, { lastSignInAt: new Date(0) }));
  };
  await bounded({ readOnly: true });
  expect(await fresh()).toMatchObject({ id: user!.id });
  await bounded({ readOnly: true, connections: 0 });
  await expect(fresh()).rejects.toMatchObject({ name: 'SqlFailed', code: '25006' });
  expect(await within(({ users }) => users.byId(user!.id))).toMatchObject({ id: user!.id });
  await bounded({});
  expect(await fresh()).toMatchObject({ id: user!.id });
});
