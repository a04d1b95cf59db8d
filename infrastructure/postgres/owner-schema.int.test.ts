/** What an owner does with the schemas of the database: made anew, extended, dumped and loaded, with the real pg_dump. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PG_DUMP } from '../process/system-programs.ts';
import { testFolder } from '../testing/folder.ts';
import { allowExtensions } from './platform-database.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresMigrations } from './postgres-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ensureTemplate, latestTemplateVersion } from './project-template.ts';
import { testDatabase } from '../testing/database.ts';
import { testServer } from '../testing/server.ts';

const run = promisify(execFile);
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';
const SCRIPT = join(import.meta.dirname, '../../docs/load-dump.sh');
let server: PostgresServer;
let databases: PostgresDatabases;
let path: string;
const made: ProjectId[] = [];

async function project(version?: number) {
  const id = newProject();
  made.push(id);
  const latest = await latestTemplateVersion();
  if (version !== undefined) await ensureTemplate(server, version);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await databases.ensureDatabase(id, version ?? latest);
  await databases.ensureUsers(id, logins, USUAL_BOUNDS);
  const { host, port } = server.address;
  const uri = `postgresql://${ownerRole(id)}:${logins.owner.password}@${host}:${port}/${id}`;
  /** each in a session of its own */
  const sql = async (text: string) => {
    const client = new pg.Client({ connectionString: uri });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const upgrade = () => new PostgresMigrations(server, latest).migrate(id, latest);
  return { id, uri, sql, upgrade };
}
type Made = Awaited<ReturnType<typeof project>>;

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  await server.administer('make the role of the list', (client) =>
    client.query(
      `DO $$ BEGIN CREATE ROLE launchdb_platform; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    ),
  );
  const pgDump = await PG_DUMP.find(USUAL_PATH);
  path = `${dirname(pgDump ?? '')}:${USUAL_PATH}`;
});
afterAll(async () => {
  for (const id of made) {
    await databases.dropDatabase(id);
    await databases.removeUsers(id);
  }
  await server.close();
});

const allow = (...names: string[]) => allowExtensions(server, names);
const schemaOf = async ({ sql }: Made, name: string) =>
  (
    await sql(`SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = '${name}'`)
  )[0]?.['schema'];

describe('a schema public that is made anew', () => {
  const rights = async ({ sql }: Made) => {
    const [row] = await sql(`SELECT has_schema_privilege('anon', 'public', 'USAGE') AS usage,
      has_schema_privilege('anon', 'public', 'CREATE') AS "create",
      has_table_privilege('anon', 'public.t', 'SELECT') AS read`);
    return row;
  };
  const OPEN = { usage: true, create: false, read: true };

  test.each([
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE public.t ()',
    'DROP SCHEMA public; CREATE SCHEMA fresh; ALTER SCHEMA fresh RENAME TO public; CREATE TABLE public.t ()',
    'BEGIN; DROP SCHEMA public; CREATE SCHEMA public CREATE TABLE t (); DROP TABLE public.t; CREATE TABLE public.t (); COMMIT',
  ])('is as the first one was: %s', async (reset) => {
    const one = await project();
    await one.sql(reset);
    expect(await rights(one)).toEqual(OPEN);
  });

  test('is left alone where it was made with grants of its own, and when they are taken back', async () => {
    const one = await project();
    await one.sql('DROP SCHEMA public; CREATE SCHEMA public; CREATE TABLE public.t ()');
    await one.sql(
      'REVOKE ALL ON SCHEMA public FROM anon; CREATE SCHEMA other; ALTER SCHEMA other RENAME TO another',
    );
    expect(await rights(one)).toMatchObject({ usage: false });
    await one
      .sql(
        `DROP SCHEMA public CASCADE; CREATE SCHEMA public GRANT USAGE ON SCHEMA public TO service_role; CREATE TABLE public.t ()`,
      )
      .catch(() => one.sql('DROP SCHEMA public CASCADE'));
  });

  test('without it nothing of the owner lands in a schema of ours', async () => {
    const one = await project();
    await one.sql('DROP SCHEMA public');
    await expect(one.sql('CREATE TABLE zz ()')).rejects.toMatchObject({ code: '42501' });
    for (const schema of ['extensions', 'auth', 'storage', 'launchdb', 'launchdb_rest'])
      await expect(one.sql(`CREATE TABLE ${schema}.zz ()`)).rejects.toMatchObject({ code: '42501' });
  });

  test('of a project that exists is mended by its upgrade', async () => {
    const one = await project(6);
    await one.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await server.inDatabase(one.id, 'as it was', (client) =>
      client.query(`GRANT CREATE ON SCHEMA extensions TO ${ownerRole(one.id)}`),
    );
    await one.upgrade();
    await one.sql('CREATE TABLE public.t ()');
    expect(await rights(one)).toEqual(OPEN);
    await expect(one.sql('CREATE TABLE extensions.zz ()')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('extensions', () => {
  test('go where their owner says, and into `extensions` where nothing is said', async () => {
    await allow('ltree', 'citext', 'hstore', 'uuid-ossp');
    const one = await project();
    await one.sql('create extension ltree with schema public; create table l (a public.ltree)');
    await one.sql('CREATE EXTENSION citext');
    await one.sql(
      `SELECT set_config('search_path', '', false); CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA extensions`,
    );
    await one.sql(`DO $$ BEGIN EXECUTE format('CREATE EXTENSION %I SCHEMA public', 'hstore'); END $$`);
    expect([
      await schemaOf(one, 'ltree'),
      await schemaOf(one, 'citext'),
      await schemaOf(one, 'uuid-ossp'),
      await schemaOf(one, 'hstore'),
    ]).toEqual(['public', 'extensions', 'extensions', 'public']);
  });

  test('one that stands is no reason to refuse another, and may be named again', async () => {
    await allow('ltree', 'citext');
    const one = await project();
    await one.sql('CREATE EXTENSION ltree');
    await allow('citext', 'pgcrypto', 'no_such_extension', 'postgres_fdw');
    await one.sql('CREATE EXTENSION citext; CREATE EXTENSION IF NOT EXISTS ltree');
    const refused = await one.sql('CREATE EXTENSION hstore').catch((error: unknown) => error);
    // neither what the server does not have nor what only a superuser installs
    expect(refused).toMatchObject({ code: '42501', hint: 'Allowed are: citext, pgcrypto.' });
    await expect(
      one.sql(
        `SET launchdb.standing_extensions = 'hstore'; DO $$ BEGIN EXECUTE 'CREATE EXTENSION ' || 'hstore'; END $$`,
      ),
    ).rejects.toMatchObject({ code: '42501' });
    expect(await schemaOf(one, 'hstore')).toBeUndefined();
  });
});

describe('dumps', () => {
  const dump = async (uri: string, ...options: string[]) =>
    (await run('pg_dump', [...options, uri], { env: { PATH: path }, maxBuffer: 64e6 })).stdout;
  const load = (file: string, uri: string) => run(SCRIPT, [file, uri], { env: { PATH: path } });

  const CONTENT = `CREATE SCHEMA app;
    CREATE TABLE app.orders (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, note text);
    INSERT INTO app.orders (note) VALUES (E'a;\n\n-- Name: x; Type: EVENT TRIGGER; Schema: auth\n'), ('ü''$$');
    CREATE TABLE public.notes (id int PRIMARY KEY, owner uuid DEFAULT auth.uid(), c extensions.citext);
    INSERT INTO public.notes VALUES (1, NULL, 'X');
    ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON public.notes TO authenticated USING (owner = auth.uid());
    CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
ALTER TABLE nothing OWNER TO nobody;
RETURN 'CREATE EXTENSION x;';
END $f$;
    CREATE FUNCTION app.g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
    REVOKE ALL ON public.notes FROM anon`;
  const loaded = async ({ sql }: Made) => ({
    orders: (await sql('SELECT note FROM app.orders ORDER BY id')).map(({ note }) => note),
    notes: await sql('SELECT id, c::text FROM public.notes'),
    policies: await sql('SELECT policyname FROM pg_policies ORDER BY lower(policyname::text) COLLATE "C"'),
    g: (await sql('SELECT app.g()'))[0]?.['g'],
    f: (await sql(`SELECT prosrc LIKE '%OWNER TO nobody%' AS f FROM pg_proc WHERE proname = 'f'`))[0]?.['f'],
    rights: await sql(`SELECT has_table_privilege('anon', 'public.notes', 'SELECT') AS anon,
      has_table_privilege('authenticated', 'public.notes', 'SELECT') AS authenticated`),
  });

  test("an owner's plain pg_dump is taken, and loaded into another project", async () => {
    await allow('citext');
    const [from, into] = [await project(), await project()];
    await from.sql(`CREATE EXTENSION citext; ${CONTENT};
      CREATE POLICY "own folder" ON storage.objects TO authenticated
        USING (bucket_id = 'x' AND (storage.foldername(name))[1] = auth.uid()::text)`);
    const folder = await testFolder();
    await dump(from.uri, '-f', join(folder.path, 'dump.sql'));
    await load(join(folder.path, 'dump.sql'), into.uri);
    expect(await loaded(into)).toEqual(await loaded(from));
    // what new tables are given is as before
    await into.sql('CREATE TABLE public.later ()');
    expect(await into.sql(`SELECT has_table_privilege('anon', 'public.later', 'INSERT') AS may`)).toEqual([
      { may: true },
    ]);
    // all of it or nothing: notes are there
    await into.sql('DROP SCHEMA app CASCADE');
    await expect(load(join(folder.path, 'dump.sql'), into.uri)).rejects.toThrow(/already exists/);
    expect(await into.sql(`SELECT to_regnamespace('app') AS app`)).toEqual([{ app: null }]);
    await folder.remove();
  });

  test('what an owner may read of ours gives no power over it', async () => {
    const one = await project();
    for (const statement of [
      'DELETE FROM launchdb.schema_changes',
      'BEGIN; LOCK TABLE launchdb.migrations',
      'SELECT * FROM launchdb.migrations FOR UPDATE',
      'ALTER TABLE launchdb.migrations ADD COLUMN x int',
      'CREATE TABLE x (v int REFERENCES launchdb.migrations)',
      `SELECT launchdb.open_public()`,
      `SELECT launchdb.names_schema('x')`,
    ])
      await expect(one.sql(statement)).rejects.toMatchObject({ code: '42501' });
    expect(
      await one.sql(`SELECT role FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) role
        WHERE has_schema_privilege(role, 'launchdb', 'USAGE')`),
    ).toEqual([]);
  });

  const SUPABASE = `CREATE SCHEMA auth AUTHORIZATION sb_admin; CREATE SCHEMA storage AUTHORIZATION sb_admin;
    CREATE SCHEMA extensions; CREATE SCHEMA graphql; CREATE SCHEMA realtime; CREATE SCHEMA vault;
    CREATE EXTENSION citext WITH SCHEMA extensions; CREATE EXTENSION postgres_fdw WITH SCHEMA extensions;
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT NULL::uuid $$;
    CREATE TABLE auth.users (id uuid PRIMARY KEY, email text); ALTER TABLE auth.users OWNER TO sb_admin;
    INSERT INTO auth.users VALUES ('00000000-0000-4000-8000-000000000001', E'a;\n-- Name: n; Type: TABLE; Schema: public; Owner: x');
    CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text);
    ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
    CREATE POLICY "own files" ON storage.objects USING (bucket_id = 'x');
    CREATE POLICY "TO sb_admin" ON storage.objects AS RESTRICTIVE FOR INSERT TO anon, authenticated WITH CHECK (bucket_id = ';
--');
    CREATE POLICY theirs ON storage.objects TO sb_admin USING (true);
    GRANT USAGE ON SCHEMA auth, public, extensions TO anon, authenticated, service_role, sb_admin;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO sb_admin, anon, authenticated;
    ${CONTENT};
    GRANT ALL ON public.notes TO sb_admin WITH GRANT OPTION;
    CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE);
    INSERT INTO public.profiles SELECT id FROM auth.users;
    CREATE FUNCTION public.new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER on_user AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.new_user();
    CREATE FUNCTION extensions.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
    CREATE EVENT TRIGGER issue_pg_net_access ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION')
      EXECUTE FUNCTION extensions.watch();
    CREATE PUBLICATION supabase_realtime FOR TABLE public.notes;
    COMMENT ON SCHEMA public IS 'standard public schema'`;

  test.each([
    ['plain text', []],
    ['plain text without comments, with INSERT', ['--inserts', '--quote-all-identifiers', '--no-comments']],
    ['a custom archive', ['-Fc']],
  ])("a dump of Supabase's shape is loaded: %s", async (_kind, options) => {
    await allow('citext');
    const [source, folder, into] = [await testDatabase(), await testFolder(), await project()];
    const file = join(folder.path, 'supabase.dump');
    try {
      await source.pool.query('CREATE ROLE sb_admin');
      await source.pool.query(SUPABASE);
      await dump(source.url, ...options, '-f', file);
    } finally {
      await source.pool.query('DROP OWNED BY sb_admin CASCADE; DROP ROLE sb_admin');
      await source[Symbol.asyncDispose]();
    }
    const { stderr } = await load(file, into.uri);
    expect(stderr).toMatch(/left out: extension postgres_fdw: permission denied/);
    expect(stderr).toMatch(/left out: CREATE POLICY .?theirs.? ON/);
    expect(stderr).toMatch(/left out: ALTER TABLE ONLY .*profiles.* FOREIGN KEY .*users/);
    expect(await loaded(into)).toMatchObject({
      orders: [`a;\n\n-- Name: x; Type: EVENT TRIGGER; Schema: auth\n`, `ü'$$`],
      notes: [{ id: 1, c: 'X' }],
      policies: ['mine', 'own files', 'TO sb_admin'].map((policyname) => ({ policyname })),
      g: 2,
      f: true,
      rights: [{ anon: false, authenticated: true }],
    });
    expect(await into.sql('SELECT count(*)::int AS n FROM public.profiles')).toEqual([{ n: 1 }]);
    await folder.remove();
  });
});
