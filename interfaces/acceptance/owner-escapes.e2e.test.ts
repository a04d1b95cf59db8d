/**
 * The known ways out of a database, tried by its owner, through the API and by their login: each is refused, and the rest
 * of the cluster is afterwards as it was before.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { by } from './as-client.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Connection {
  readonly db_uri: string;
  readonly db_uri_pooler: string;
  readonly service_role_key: string;
}
interface Neighbour {
  readonly id: string;
  readonly uri: string;
}

let platform: PlatformUnderTest;
let token: string;
let id: string;
let uris: Connection;
let neighbour: Neighbour;
/** a file that PostgreSQL's user may write to */
let escaped: string;
/** of the platform's superuser, one that stays */
let session: number | undefined;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('escapes');
  const create = async (name: string, as: string) => {
    const made = await platform.call<{ id: string }>('POST', '/api/projects', { token: as, body: { name } });
    const path = `/api/projects/${made.body.id}/connection`;
    return [made.body.id, (await platform.call<Connection>('GET', path, { token: as })).body] as const;
  };
  [id, uris] = await create('prison', token);
  const [other, { db_uri }] = await create('neighbour', await platform.owner('neighbour'));
  neighbour = { id: other, uri: db_uri };
  const [directory] = await platform.sql<{ setting: string }>('SHOW data_directory');
  const [oldest] = await platform.sql<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid() ORDER BY backend_start`,
    [],
    id,
  );
  session = oldest?.pid;
  escaped = join(Object.values(directory ?? {})[0] ?? '', 'escaped');
});
afterAll(() => platform.close());

interface SqlAnswer {
  readonly rows: Record<string, unknown>[];
  readonly sqlstate: string;
  readonly detail: string;
}
const post = (query: string) =>
  platform.call<SqlAnswer>('POST', `/api/projects/${id}/sql`, { token, body: { query } });
const direct = (query: string) => by(uris.db_uri, (client) => client.query(query));

/** Names of this run, which a table of tests cannot know. */
const filled = (text: string) =>
  text
    .replaceAll('$MINE', id)
    .replaceAll('$OTHER', neighbour.id)
    .replaceAll('$FILE', escaped)
    .replaceAll('$SESSION', String(session));

/** Everything that is not this one database's own. Passwords and marks too. */
async function cluster(): Promise<unknown> {
  const asked = await Promise.all(
    [
      'SELECT * FROM pg_authid ORDER BY oid',
      'SELECT roleid, member, grantor, admin_option FROM pg_auth_members ORDER BY 1, 2, 3',
      'SELECT datname, datdba, datallowconn, datconnlimit, datacl FROM pg_database ORDER BY datname',
      'SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2',
      'SELECT spcname FROM pg_tablespace ORDER BY 1',
      'SELECT slot_name FROM pg_replication_slots',
      'SELECT subname FROM pg_subscription',
      'SELECT gid FROM pg_prepared_xacts',
      'SELECT * FROM pg_file_settings',
      `SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles ORDER BY 1`,
      'SELECT parname, paracl FROM pg_parameter_acl',
    ].map((query) => platform.sql(query)),
  );
  const inside = await Promise.all(
    [
      'SELECT extname FROM pg_extension ORDER BY 1',
      'SELECT evtname, evtenabled, evtfoid FROM pg_event_trigger ORDER BY 1',
      'SELECT lanname, lanpltrusted FROM pg_language ORDER BY 1',
      'SELECT fdwname FROM pg_foreign_data_wrapper',
      `SELECT nspname, nspowner, nspacl FROM pg_namespace WHERE nspname IN ('auth', 'storage', 'launchdb', 'launchdb_rest', 'extensions')`,
      `SELECT oid, proowner, prosrc, proconfig, proacl FROM pg_proc
       WHERE pronamespace::regnamespace::text IN ('auth', 'storage', 'launchdb', 'launchdb_rest') ORDER BY oid`,
      'SELECT version, checksum FROM launchdb.migrations ORDER BY 1',
    ].map((query) => platform.sql(query, [], id)),
  );
  return [asked, inside];
}

const PERMISSION = '42501';
/** or, in the transaction of the API: not in a transaction */
const ALONE = '(42501|25001)';

/** What is tried, and what PostgreSQL answers; without a code it is a refusal of a right. */
const ESCAPES: readonly (readonly [title: string, sql: string, code?: string])[] = [
  ['a program by COPY', `COPY (SELECT 1) TO PROGRAM 'touch $FILE'`],
  ['a program that is read', `CREATE TEMP TABLE t (x text); COPY t FROM PROGRAM 'id'`],
  ['a file by COPY', `COPY (SELECT 1) TO '$FILE'`],
  ['a file that is read', `CREATE TEMP TABLE t (x text); COPY t FROM '/etc/passwd'`],
  ['lo_import', `SELECT lo_import('/etc/passwd')`],
  ['lo_export', `SELECT lo_export(lo_from_bytea(0, 'x'), '$FILE')`],
  ['pg_read_file', `SELECT pg_read_file('/etc/passwd')`],
  ['pg_read_binary_file', `SELECT pg_read_binary_file('postgresql.conf')`],
  ['pg_ls_dir', `SELECT pg_ls_dir('/')`],
  ['pg_ls_logdir', 'SELECT pg_ls_logdir()'],
  ['pg_ls_waldir', 'SELECT pg_ls_waldir()'],
  ['pg_stat_file', `SELECT pg_stat_file('postgresql.conf')`],
  ['settings of files', 'SELECT * FROM pg_file_settings'],
  ['rules of pg_hba', 'SELECT * FROM pg_hba_file_rules'],
  ['a tablespace', `CREATE TABLESPACE mine LOCATION '/tmp'`, ALONE],
  ['a library', `LOAD '/tmp/evil.so'`],
  ['a function in C', `CREATE FUNCTION evil() RETURNS int LANGUAGE c AS '/tmp/evil', 'evil'`],
  ['an internal function', `CREATE FUNCTION evil() RETURNS int LANGUAGE internal AS 'pg_backend_pid'`],
  ['dblink', 'CREATE EXTENSION dblink'],
  ['postgres_fdw', 'CREATE EXTENSION postgres_fdw'],
  ['file_fdw', 'CREATE EXTENSION file_fdw'],
  ['a wrapper of their own', 'CREATE FOREIGN DATA WRAPPER mine'],
  ['an untrusted language', 'CREATE EXTENSION plpython3u'],
  ['a language by hand', 'CREATE LANGUAGE mine HANDLER plpgsql_call_handler'],
  ['adminpack', 'CREATE EXTENSION adminpack'],
  ['ALTER SYSTEM', `ALTER SYSTEM SET log_statement = 'all'`, ALONE],
  ['a reload of the server', 'SELECT pg_reload_conf()'],
  ['the log turned', 'SELECT pg_rotate_logfile()'],
  ['a checkpoint', 'CHECKPOINT'],
  ['the superuser by SET ROLE', 'SET ROLE postgres'],
  ['the platform by SET ROLE', 'SET ROLE launchdb_platform'],
  ['another owner by SET ROLE', 'SET ROLE $OTHER_owner'],
  ['their own authenticator', 'SET ROLE $MINE_authenticator'],
  ['rights over files by SET ROLE', 'SET ROLE pg_read_server_files'],
  ['another by way of service_role', 'SET ROLE service_role; SET ROLE $OTHER_owner'],
  ['another session', 'SET SESSION AUTHORIZATION $OTHER_owner'],
  ['the session of service_role', 'SET SESSION AUTHORIZATION service_role'],
  ['role as a setting', `SELECT set_config('role', 'postgres', false)`],
  [
    'a function that becomes another',
    `CREATE FUNCTION evil() RETURNS int LANGUAGE sql SET role = postgres AS 'SELECT 1'; SELECT evil()`,
  ],
  ['superuser', 'ALTER ROLE CURRENT_USER SUPERUSER'],
  ['past row-level security', 'ALTER ROLE CURRENT_USER BYPASSRLS'],
  ['replication', 'ALTER ROLE CURRENT_USER REPLICATION'],
  ['more connections', 'ALTER ROLE CURRENT_USER CONNECTION LIMIT -1'],
  ['a role', 'CREATE ROLE intruder'],
  ['a role as service_role', 'SET ROLE service_role; CREATE ROLE intruder'],
  ['a database', 'CREATE DATABASE intruder', ALONE],
  ['a role dropped', 'DROP ROLE anon'],
  ['their login handed out', 'GRANT $MINE_owner TO $OTHER_owner'],
  ['a shared role handed on', 'GRANT service_role TO $OTHER_owner'],
  ['a right of the server', 'GRANT pg_execute_server_program TO CURRENT_USER'],
  ['a parameter handed out', 'GRANT SET ON PARAMETER log_statement TO CURRENT_USER'],
  ['settings for everybody', 'ALTER ROLE ALL SET work_mem = 64'],
  ['settings of another', 'ALTER ROLE $OTHER_owner SET statement_timeout = 0'],
  ['settings of the platform', `ALTER ROLE launchdb_platform SET launchdb.project_extensions = 'dblink'`],
  ['settings of their database', 'ALTER DATABASE $MINE SET statement_timeout = 0'],
  ['settings of all in their database', 'ALTER ROLE ALL IN DATABASE $MINE SET statement_timeout = 0'],
  ['their database opened', 'ALTER DATABASE $MINE CONNECTION LIMIT 1'],
  ['their database taken', 'ALTER DATABASE $MINE OWNER TO CURRENT_USER'],
  ['their database renamed', 'ALTER DATABASE $MINE RENAME TO escaped'],
  ['their mark', `COMMENT ON DATABASE $MINE IS NULL`],
  ['more temporary files', 'SET temp_file_limit = -1'],
  ['more temporary files for good', 'ALTER ROLE CURRENT_USER SET temp_file_limit = -1'],
  ['no triggers', `SET session_replication_role = 'replica'`],
  [
    'no triggers for good',
    `ALTER ROLE CURRENT_USER IN DATABASE $MINE SET session_replication_role = 'replica'`,
  ],
  ['catalogs by hand', `UPDATE pg_authid SET rolsuper = true`],
  ['catalogs unlocked', `SET allow_system_table_mods = on`],
  ['libraries preloaded', `ALTER ROLE CURRENT_USER SET session_preload_libraries = 'evil'`],
  ['everything logged', `SET log_statement = 'all'`],
  ['verifiers in pg_authid', 'SELECT rolpassword FROM pg_authid'],
  ['verifiers in pg_shadow', 'SELECT passwd FROM pg_shadow'],
  ['passwords of user mappings', 'SELECT umoptions FROM pg_user_mapping'],
  ['connections of subscriptions', 'SELECT subconninfo FROM pg_subscription'],
  ['a subscription', `CREATE SUBSCRIPTION s CONNECTION 'dbname=$OTHER' PUBLICATION p`, ALONE],
  ['a publication of everything', 'CREATE PUBLICATION p FOR ALL TABLES'],
  ['a physical slot', `SELECT pg_create_physical_replication_slot('s')`],
  ['a logical slot', `SELECT pg_create_logical_replication_slot('s', 'pgoutput')`],
  ['a replication origin', `SELECT pg_replication_origin_create('o')`],
  ['raw statistics', 'SELECT * FROM pg_statistic'],
  ['a backup', `SELECT pg_backup_start('b')`],
  ['another log segment', 'SELECT pg_switch_wal()'],
  ["the platform's session ended", 'SELECT pg_terminate_backend($SESSION)'],
  ["the platform's session cancelled", 'SELECT pg_cancel_backend($SESSION)'],
  ['an event trigger', 'CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION launchdb.note_ddl()'],
  ['our event trigger dropped', 'DROP EVENT TRIGGER launchdb_keep_extensions'],
  [
    'our list of extensions',
    `CREATE OR REPLACE FUNCTION launchdb.allowed_extensions() RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY['seg'] $$`,
  ],
  ['our record of migrations', 'DELETE FROM launchdb.migrations'],
  ['our functions called', `SELECT launchdb.refuse_extension('x')`],
  [
    'our functions replaced',
    'CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS $$ SELECT null::uuid $$',
  ],
  ['our functions from another schema', 'ALTER FUNCTION auth.uid() SET SCHEMA public'],
  ['our schemas dropped', 'DROP SCHEMA auth, storage CASCADE'],
  ['our schemas taken', 'ALTER SCHEMA auth OWNER TO CURRENT_USER'],
  ['what is ours, dropped with its owner', 'DROP OWNED BY postgres'],
  ['what is ours, reassigned', 'REASSIGN OWNED BY postgres TO CURRENT_USER'],
  ['catalogs locked', 'SELECT 1; LOCK TABLE pg_catalog.pg_class IN ACCESS EXCLUSIVE MODE'],
  ['catalogs rebuilt', 'REINDEX TABLE pg_catalog.pg_class'],
  [
    'a function in pg_catalog',
    'CREATE FUNCTION pg_catalog.evil() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  ],
  ['a cast for everybody', 'CREATE CAST (text AS int) WITH INOUT AS IMPLICIT', '42501'],
  ['a transform of PostgreSQL', 'ALTER OPERATOR = (text, text) OWNER TO CURRENT_USER'],
  ['a security label', `SECURITY LABEL ON ROLE postgres IS 'x'`, '22023'],
  ['a transaction prepared', `CREATE TABLE never (); PREPARE TRANSACTION 'forever'`, '(55000|25001|0A000)'],
];

describe.each([
  [
    'through the API',
    async (query: string) => {
      const { status, body } = await post(query);
      return { code: status === 422 ? body.sqlstate : `status ${status}`, message: body.detail };
    },
  ],
  [
    'by their login',
    async (query: string) => {
      const refused = await direct(query).then(
        () => undefined,
        (error: unknown) => error as pg.DatabaseError,
      );
      return { code: refused?.code ?? 'done', message: refused?.message ?? '' };
    },
  ],
])('%s', (_way, attempt) => {
  let before: unknown;
  beforeAll(async () => {
    before = await cluster();
  });

  test.each(ESCAPES)('refused: %s', async (_title, sql = '', code = PERMISSION) => {
    const refused = await attempt(filled(sql));
    expect(refused).toEqual({
      code: expect.stringMatching(new RegExp(`^${code}$`)) as string,
      message: expect.stringMatching(/\S/) as string,
    });
  });

  test('nothing of the cluster has changed, and no file was written', async () => {
    expect(await cluster()).toEqual(before);
    await expect(access(escaped)).rejects.toThrow();
  });
});

describe('what PostgreSQL lets everybody do reaches nobody else', () => {
  test('the sessions of others are not there', async () => {
    const seen = await by(neighbour.uri, async (client) => {
      await client.query(`SET application_name = 'a secret'; SELECT 'a secret'`);
      return direct(`SELECT datname, query, application_name FROM pg_stat_activity`);
    });
    expect(JSON.stringify(seen.rows)).not.toContain("SELECT 'a secret'");
    expect(new Set(seen.rows.map((row: { datname: string }) => row.datname))).toEqual(new Set([id]));
  });

  test('the locks of the platform, taken in their database, keep nobody waiting', async () => {
    await by(uris.db_uri, async (client) => {
      await client.query(
        `SELECT pg_advisory_lock(key) FROM unnest(ARRAY[${0x1a_db_01}, ${0x1a_db_02}, 7230551]) key`,
      );
      await client.query(
        `SELECT pg_advisory_lock(hashtextextended(name, 0)) FROM unnest(ARRAY['${id}', '${neighbour.id}']) name`,
      );
      const rotated = await platform.call<Connection>(
        'POST',
        `/api/projects/${id}/database-password/rotate`,
        { token },
      );
      expect(rotated.status).toBe(200);
      uris = { ...uris, ...rotated.body };
      const made = await platform.call('POST', '/api/projects', { token, body: { name: 'meanwhile' } });
      expect([made.status, made.body['status']]).toEqual([201, 'active']);
    });
  });

  test('notifications stay in the database', async () => {
    await by(neighbour.uri, async (client) => {
      const heard: unknown[] = [];
      client.on('notification', (message) => heard.push(message));
      await client.query('LISTEN launchdb_events; LISTEN pgrst');
      await direct(`NOTIFY launchdb_events, 'x'; NOTIFY pgrst, 'reload schema'`);
      await client.query('SELECT 1');
      expect(heard).toEqual([]);
    });
  });

  test('settings of their own role lift no limit of the API, and none that is hard', async () => {
    await direct(`ALTER ROLE CURRENT_USER SET statement_timeout = 0`);
    await direct(`ALTER ROLE CURRENT_USER IN DATABASE ${id} RESET ALL`);
    const { body } = await post(`SELECT current_setting('statement_timeout') AS statement_timeout,
      current_setting('temp_file_limit') AS temp_file_limit`);
    expect(body.rows).toEqual([{ statement_timeout: '30s', temp_file_limit: '2GB' }]);
    await direct(`ALTER ROLE CURRENT_USER RESET ALL`);
  });

  test('settings of the shared roles are without effect in other projects', async () => {
    await by(neighbour.uri, (client) => client.query('CREATE TABLE shown AS SELECT 1 AS n'));
    for (const role of ['anon', 'authenticated', 'service_role']) {
      await direct(`SET ROLE ${role}; ALTER ROLE ${role} SET search_path = 'evil';
        ALTER ROLE ${role} SET default_transaction_read_only = on; ALTER ROLE ${role} SET statement_timeout = 1`);
    }
    const theirs = await platform.login('neighbour');
    const path = `/api/projects/${neighbour.id}`;
    const { body } = await platform.call<Connection>('GET', `${path}/connection`, { token: theirs });
    // it starts anew
    for (const verb of ['pause', 'resume']) await platform.call('POST', `${path}/${verb}`, { token: theirs });
    const headers = { apikey: body.service_role_key };
    const rest = (method: string, rows?: object) =>
      platform.call(method, `/project/${neighbour.id}/rest/v1/shown`, {
        headers,
        ...(rows && { body: rows }),
      });
    await expect.poll(async () => (await rest('GET')).status, { timeout: 30_000 }).toBe(200);
    expect((await rest('POST', { n: 2 })).status).toBe(201);
    await platform.sql(
      'ALTER ROLE anon RESET ALL; ALTER ROLE authenticated RESET ALL; ALTER ROLE service_role RESET ALL',
    );
  });

  test('large objects are their own', async () => {
    const { rows } = await direct(`SELECT lo_from_bytea(0, 'kept') AS oid`);
    const oid = (rows as { oid: number }[])[0]?.oid;
    await expect(
      by(neighbour.uri, (client) => client.query('SELECT lo_get($1)', [oid])),
    ).rejects.toMatchObject({
      code: '42704',
    });
  });
});

test("the platform's own login has no session on the projects' server, where they could see or end it", async () => {
  expect(await platform.sql(`SELECT 1 FROM pg_stat_activity WHERE usename = 'launchdb_platform'`)).toEqual(
    [],
  );
  expect(await platform.sql(`SELECT 1 FROM pg_database WHERE datname = 'launchdb'`)).toEqual([]);
});

test('SQL that nobody waits for any more is ended', async () => {
  const running = () =>
    platform.sql(`SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%pg_sleep(25)%'`, [id]);
  const gone = new AbortController();
  const asked = fetch(`${platform.url}/api/projects/${id}/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'SET statement_timeout = 0; SELECT pg_sleep(25)' }),
    signal: gone.signal,
  });
  asked.catch(() => {});
  await expect.poll(running, { timeout: 60_000 }).toHaveLength(1);
  gone.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(running, { timeout: 60_000 }).toEqual([]);
});
