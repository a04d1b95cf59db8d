/** What a project's login sees of the others on its server, and that clients get what they ask for all the same. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { authenticatorRole, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';

const run = promisify(execFile);
const [mine, other] = [newProject(), newProject()];
let server: PostgresServer;
let databases: PostgresDatabases;
let logins: DatabaseLogins;
let me: pg.Client;
let them: pg.Client;

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  ({ logins } = await new AesSecrets(randomBytes(32)).issue());
  for (const project of [mine, other]) {
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  }
  [me, them] = [await owner(mine), await owner(other)];
  await them.query(`SET application_name = 'theirs'; ALTER ROLE CURRENT_USER SET search_path = 'theirs', public;
    CREATE TABLE theirs (); BEGIN; LOCK TABLE theirs; SELECT pg_advisory_lock(77)`);
});
afterAll(async () => {
  await me.end();
  await them.end();
  for (const project of [mine, other]) {
    await databases.dropDatabase(project);
    await databases.removeUsers(project);
  }
  await server.close();
});

async function owner(project: ProjectId): Promise<pg.Client> {
  const { host, port } = clusterAddress();
  const login = { user: ownerRole(project), password: logins.owner.password };
  const client = new pg.Client({ host, port, database: project, ...login });
  await client.connect();
  return client;
}
const rows = async (sql: string) => (await me.query<Record<string, unknown>>(sql)).rows;

test.each(['pg_roles', 'pg_user', 'pg_stat_activity', 'pg_locks'])(
  '%s shows nothing of other projects',
  async (view) => {
    const seen = await rows(`SELECT to_jsonb(v) AS row FROM ${view} v`);
    expect(seen.length).toBeGreaterThan(0);
    expect(JSON.stringify(seen)).not.toMatch(new RegExp(`${other}|theirs|"objid": ?77`));
    const superuser = await server.inDatabase(mine, 'look', (client) => client.query(`SELECT FROM ${view}`));
    expect(superuser.rowCount).toBeGreaterThan(seen.length);
  },
);

test.each([
  'SELECT * FROM pg_stat_get_activity(NULL)',
  'SELECT * FROM pg_lock_status()',
  'SELECT * FROM pg_stat_database',
  'SELECT pg_stat_get_db_xact_commit(1)',
  'SELECT pg_stat_get_backend_userid(1)',
  'SELECT * FROM pg_shdepend',
  'SELECT * FROM pg_db_role_setting',
  'SELECT * FROM pg_group',
  `SELECT pg_tablespace_size('pg_default')`,
  'SELECT * FROM launchdb.all_sessions',
  'SELECT * FROM launchdb.all_locks',
])('closed: %s', async (sql) => {
  await expect(me.query(sql)).rejects.toMatchObject({ code: '42501' });
});

test('one sees what one does oneself, and nobody through the REST API what others ask', async () => {
  const own = `SELECT query, state FROM pg_stat_activity WHERE pid = pg_backend_pid()`;
  expect(await rows(own)).toEqual([{ query: own, state: 'active' }]);
  expect(await rows('SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid()')).not.toEqual([]);
  const { host, port } = clusterAddress();
  const api = new pg.Client({
    host,
    port,
    database: mine,
    user: authenticatorRole(mine),
    password: logins.authenticator.password,
  });
  await api.connect();
  await api.query('SET ROLE anon');
  const seen = await api.query<{ query: string }>('SELECT DISTINCT query FROM pg_stat_activity');
  expect(seen.rows).toEqual([{ query: '<insufficient privilege>' }]);
  await api.end();
});

test('a comment has a bound', async () => {
  await me.query('CREATE TABLE told ()');
  const comment = (length: number) => me.query(`COMMENT ON TABLE told IS '${'x'.repeat(length)}'`);
  await comment(60_000);
  await expect(comment(70_000)).rejects.toMatchObject({ code: '54000' });
});

describe('clients', () => {
  const client = (program: string, args: readonly string[]) => {
    const { host, port } = clusterAddress();
    const uri = `postgres://${ownerRole(mine)}:${logins.owner.password}@${host}:${port}/${mine}`;
    return run(program, [...args, uri], { maxBuffer: 2 ** 26 });
  };

  test.each([
    ['\\l', mine],
    ['\\du', ownerRole(mine)],
    ['\\d', 'told'],
    ['\\d told', 'Table "public.told"'],
    ['\\d+ pg_roles', 'rolname'],
    ['\\df+ auth.*', 'auth.uid|uid'],
    ['\\dn+', 'public'],
    ['\\dp', 'told'],
    ['\\ddp', ownerRole(mine)],
    ['\\dx', 'plpgsql'],
    ['\\conninfo', mine],
  ])('psql %s', async (command, expected) => {
    const { stdout, stderr } = await client('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-c', command]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(expected));
    if (command === '\\du') expect(stdout).not.toContain(other);
  });

  test('pg_dump tells nothing of what is closed', async () => {
    const { stdout } = await client('pg_dump', ['--exclude-schema=launchdb']);
    expect(stdout).toContain('CREATE TABLE public.told');
    expect(stdout).not.toContain('pg_catalog.pg_');
  });
});
