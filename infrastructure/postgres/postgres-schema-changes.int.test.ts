import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { schemaChangesContract } from '../../application/ports/schema-changes.contract.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresMigrations } from './postgres-migrations.ts';
import { PostgresSchemaChanges } from './postgres-schema-changes.ts';
import { ensureTemplate, latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

/** Projects with an open session of each owner. */
async function owners(count: number) {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const sessions = new Map<ProjectId, pg.Client>();
  const secrets = new Map<ProjectId, DatabaseLogins>();
  const version = await latestTemplateVersion();
  for (let made = 0; made < count; made++) {
    const project = newProject();
    const { logins } = await new AesSecrets(randomBytes(32)).issue();
    await databases.ensureDatabase(project, version);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    const { host, port } = server.address;
    const login = { user: ownerRole(project), password: logins.owner.password, database: project };
    const client = new pg.Client({ host, port, ...login });
    await client.connect();
    sessions.set(project, client);
    secrets.set(project, logins);
  }
  const as = (project: ProjectId, sql: string) =>
    sessions.get(project)?.query(sql) ?? Promise.reject(new Error('no session'));
  /** as drift is repaired */
  const ensureAgain = async (project: ProjectId) => {
    const login = secrets.get(project);
    if (login) await databases.ensureUsers(project, login, USUAL_BOUNDS);
  };
  const close = async () => {
    for (const [project, client] of sessions) {
      await client.end();
      await databases.dropDatabase(project);
      await databases.removeUsers(project);
    }
    await server.close();
  };
  return { server, databases, projects: [...sessions.keys()], as, ensureAgain, close };
}

schemaChangesContract('PostgreSQL', async () => {
  const { server, projects, as, close } = await owners(2);
  let number = 0;
  return {
    changes: new PostgresSchemaChanges(server),
    projects: projects as [ProjectId, ProjectId],
    change: async (project) => void (await as(project, `CREATE TABLE changed_${number++} ()`)),
    close,
  };
});

describe('DDL of the owner', () => {
  let made: Awaited<ReturnType<typeof owners>>;
  let changes: PostgresSchemaChanges;
  let project: ProjectId;
  let notedAtFirst: boolean;
  const run = (sql: string) => made.as(project, sql);
  const noted = async () => {
    let told = false;
    await changes.take(project, () => Promise.resolve(void (told = true)));
    return told;
  };

  beforeAll(async () => {
    made = await owners(1);
    [project] = made.projects as [ProjectId];
    changes = new PostgresSchemaChanges(made.server);
    notedAtFirst = await noted();
    await run('CREATE TABLE t (n int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT 1 AS n');
    await noted();
  });
  afterAll(() => made.close());

  test('of a new project there is none: its REST API reads what is there when it starts', () => {
    expect(notedAtFirst).toBe(false);
  });

  test.each([
    'CREATE VIEW v AS SELECT 1 AS n',
    'SELECT 1 AS n INTO filled',
    'ALTER TABLE t ADD COLUMN more text',
    'ALTER TABLE t DROP COLUMN more',
    `COMMENT ON TABLE t IS 'x'`,
    'GRANT SELECT ON t TO anon',
    'CREATE INDEX CONCURRENTLY ON t (n)',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    `DO $$ BEGIN EXECUTE 'CREATE TABLE hidden ()'; END $$`,
    'CREATE SCHEMA api CREATE TABLE inside ()',
    'DROP VIEW v',
    'DROP SCHEMA api CASCADE',
    'BEGIN; SAVEPOINT s; CREATE TABLE a (); ROLLBACK TO s; CREATE TABLE b (); COMMIT',
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE t (n int PRIMARY KEY)',
  ])('%s is noted', async (sql) => {
    expect(await noted()).toBe(false);
    await run(sql);
    expect(await noted()).toBe(true);
  });

  test.each([
    'INSERT INTO t VALUES (1)',
    'CREATE TEMPORARY TABLE mine (n serial PRIMARY KEY); DROP TABLE mine',
    'CREATE MATERIALIZED VIEW n AS SELECT 1 AS n; REFRESH MATERIALIZED VIEW n; DROP MATERIALIZED VIEW n; ROLLBACK',
    'BEGIN; CREATE TABLE undone (); ROLLBACK',
    'ANALYZE t',
    'TRUNCATE t',
  ])('%s is not', async (sql) => {
    await run(sql.includes('; ROLLBACK') && !sql.startsWith('BEGIN') ? `BEGIN; ${sql}` : sql);
    expect(await noted()).toBe(false);
  });

  test('of ours is noted when the API sees more by it', async () => {
    await made.ensureAgain(project);
    expect(await noted()).toBe(false);
    await run('DROP SCHEMA public CASCADE');
    expect(await noted()).toBe(true);
    await made.ensureAgain(project);
    expect(await noted()).toBe(true);
    await run('CREATE TABLE t (n int PRIMARY KEY)');
    await noted();
  });

  test('is seen when it is committed, not before, and waits for nobody', async () => {
    await run('BEGIN; CREATE TABLE open_end ()');
    expect(await noted()).toBe(false);
    const login = await made.server.inDatabase(project, 'other', async (client) => {
      await client.query(`SET ROLE ${ownerRole(project)}; CREATE TABLE public.meanwhile ()`);
      return true;
    });
    expect([login, await noted()]).toEqual([true, true]);
    await run('COMMIT');
    expect(await noted()).toBe(true);
  });

  test('a flood leaves one row for each transaction', async () => {
    await run(
      `DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE flood_%s ()', i); END LOOP; END $$`,
    );
    const rows = await made.server.inDatabase(project, 'look', (client) =>
      client.query('SELECT 1 FROM launchdb.schema_changes'),
    );
    expect(rows.rowCount).toBe(1);
    expect([await noted(), await noted()]).toEqual([true, false]);
  });

  test.each([
    'ALTER EVENT TRIGGER launchdb_note_ddl DISABLE',
    'DROP EVENT TRIGGER launchdb_note_drop',
    'DROP FUNCTION launchdb.note_ddl() CASCADE',
    `CREATE OR REPLACE FUNCTION launchdb.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
    'ALTER FUNCTION launchdb.note_ddl() RESET ALL',
    'DROP SCHEMA launchdb CASCADE',
    'ALTER SCHEMA launchdb RENAME TO other',
    'DELETE FROM launchdb.schema_changes',
    'INSERT INTO launchdb.schema_changes VALUES (pg_current_xact_id())',
    'TRUNCATE launchdb.schema_changes',
    'SELECT 1; LOCK TABLE launchdb.schema_changes',
    'CREATE TRIGGER mine BEFORE DELETE ON launchdb.schema_changes EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    `SET session_replication_role = 'replica'`,
    'SET track_counts = off',
    'SELECT pg_stat_reset()',
    'CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION launchdb.note_ddl()',
  ])('the owner may not: %s', async (sql) => {
    await expect(run(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test("their operators, functions and temporary tables do not come into ours' way", async () => {
    await run(`CREATE SCHEMA evil;
      CREATE FUNCTION evil.pg_current_xact_id() RETURNS xid8 LANGUAGE sql AS $$ SELECT 1/0; SELECT '1'::xid8 $$;
      CREATE FUNCTION evil.lie(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'in ours'; END $$;
      CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.lie);
      CREATE TEMPORARY TABLE schema_changes (transaction xid8 PRIMARY KEY);
      CREATE TEMPORARY TABLE pg_event_trigger_ddl_commands ()`);
    await noted();
    await run('SET search_path = evil, pg_temp, pg_catalog; CREATE TABLE public.after_tricks ()');
    expect(await noted()).toBe(true);
    await run('RESET search_path');
  });
});

test('a project of an earlier template goes on, and has its changes told once it is upgraded', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const project = newProject();
  await ensureTemplate(server, 3);
  await databases.ensureDatabase(project, 3);
  const changes = new PostgresSchemaChanges(server);
  const noted = async () => {
    let told = false;
    await changes.take(project, () => Promise.resolve(void (told = true)));
    return told;
  };
  const change = (name: string) =>
    server.inDatabase(project, 'change', (client) => client.query(`CREATE TABLE public.${name} ()`));
  await change('before');
  expect(await noted()).toBe(false);
  const version = await latestTemplateVersion();
  await new PostgresMigrations(server, version).migrate(project, version);
  await noted();
  await change('after');
  expect([await noted(), await noted()]).toEqual([true, false]);
  await databases.dropDatabase(project);
  await server.close();
});
