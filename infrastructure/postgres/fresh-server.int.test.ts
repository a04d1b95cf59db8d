/** What is done to a server once: the platform's database, the shared roles, the template of projects. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { authenticatorRole, ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { ownServer, type OwnServer } from '../testing/own-server.ts';
import {
  PLATFORM_DATABASE,
  PLATFORM_ROLE,
  preparePlatformDatabase,
  prepareProjectsServer,
} from './platform-database.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresServer, type ServerAddress } from './postgres-server.ts';
import { ensureTemplate, latestTemplateVersion, templateName } from './project-template.ts';
import { COMMON_ROLES } from './shared-roles.ts';

let own: OwnServer;
let address: ServerAddress;
let server: PostgresServer;

beforeAll(async () => {
  own = await ownServer();
  ({ server } = own);
  ({ address } = server);
});

afterAll(() => own.close());

const admin = async <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> =>
  server.administer('test', async (client) => (await client.query<Row>(sql)).rows);

async function as(config: pg.ClientConfig, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ host: address.host, port: address.port, ...config });
  try {
    await client.connect();
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('the platform database', () => {
  test('E69 a database of that name that is not ours is refused and left alone', async () => {
    await admin(`CREATE DATABASE ${PLATFORM_DATABASE}`);
    await expect(preparePlatformDatabase(server, 'secret')).rejects.toThrow(Refused);
    const [found] = await admin(
      `SELECT datacl, shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = '${PLATFORM_DATABASE}'`,
    );
    expect(found).toEqual({ datacl: null, mark: null });
    await admin(`DROP DATABASE ${PLATFORM_DATABASE}`);
  });

  test('a login that is no superuser is told so, and changes nothing', async () => {
    await admin(`CREATE ROLE managed LOGIN CREATEDB CREATEROLE PASSWORD 'managed'`);
    const managed = new PostgresServer({ ...address, user: 'managed', password: 'managed' });
    await expect(preparePlatformDatabase(managed, 'secret')).rejects.toThrow(/"managed" is no superuser/);
    await managed.close();
    await admin('DROP ROLE managed');
    expect(await admin(`SELECT 1 FROM pg_database WHERE datname = '${PLATFORM_DATABASE}'`)).toEqual([]);
  });

  test('cut short before its mark it is finished', async () => {
    await admin(`CREATE DATABASE ${PLATFORM_DATABASE} ALLOW_CONNECTIONS false`);
    const config = await preparePlatformDatabase(server, 'secret');
    await expect(as(config, 'SELECT count(*) FROM log.events')).resolves.toMatchObject({ rowCount: 1 });
  });

  test('again, and by several processes at once, it is the same', async () => {
    const config = await preparePlatformDatabase(server, 'secret');
    const verifier = `SELECT rolpassword FROM pg_authid WHERE rolname = '${PLATFORM_ROLE}'`;
    const [first] = await admin(verifier);
    await Promise.all([1, 2, 3, 4].map(() => preparePlatformDatabase(server, 'secret')));
    expect(await admin(verifier)).toEqual([first]);
    await expect(as(config, 'SELECT 1')).resolves.toBeDefined();
  });

  test('a process with another master key is refused and changes nothing', async () => {
    const config = await preparePlatformDatabase(server, 'secret');
    await expect(preparePlatformDatabase(server, 'changed')).rejects.toThrow(/another master key/);
    await expect(as(config, 'SELECT 1')).resolves.toBeDefined();
  });

  test('its login can do nothing but keep the platform', async () => {
    await prepareProjectsServer(server, 'secret', 'here');
    const config = await preparePlatformDatabase(server, 'secret');
    for (const sql of [
      'CREATE ROLE intruder',
      'CREATE DATABASE intruder',
      'SELECT rolpassword FROM pg_authid',
      'DELETE FROM log.events',
      'SET ROLE service_role',
      `COPY (SELECT 1) TO PROGRAM 'true'`,
    ]) {
      await expect(as(config, sql)).rejects.toMatchObject({ code: '42501' });
    }
    for (const database of ['postgres', 'template1']) {
      await expect(as({ ...config, database }, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('the shared roles', () => {
  test('hold nothing by themselves, and lose what was set on them', async () => {
    await prepareProjectsServer(server, 'secret', 'here');
    await admin(`ALTER ROLE anon LOGIN PASSWORD 'x'`);
    await admin(`ALTER ROLE anon SET statement_timeout = 1`);
    await prepareProjectsServer(server, 'secret', 'here');
    const roles = await admin(
      `SELECT rolname, rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls, rolconfig
       FROM pg_roles WHERE rolname IN ('${COMMON_ROLES.join("', '")}') ORDER BY rolname`,
    );
    const powerless = {
      rolcanlogin: false,
      rolsuper: false,
      rolinherit: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolconfig: null,
    };
    expect(roles).toEqual([
      { rolname: 'anon', ...powerless, rolbypassrls: false },
      { rolname: 'authenticated', ...powerless, rolbypassrls: false },
      { rolname: 'launchdb_tables', ...powerless, rolbypassrls: false },
      { rolname: 'service_role', ...powerless, rolbypassrls: true },
    ]);
  });
});

describe('the template of projects', () => {
  let version: number;
  let template: string;
  beforeAll(async () => {
    await prepareProjectsServer(server, 'secret', 'here');
    version = await latestTemplateVersion();
    template = templateName(version);
  });
  const built = async () =>
    admin<{ oid: number; ready: boolean }>(
      `SELECT oid, datistemplate AND NOT datallowconn AS ready FROM pg_database WHERE datname LIKE 'launchdb_template_%'`,
    );

  test('three at once build one', async () => {
    await Promise.all([1, 2, 3].map(() => ensureTemplate(server, version)));
    const [first, ...others] = await built();
    expect(first).toMatchObject({ ready: true });
    expect(others).toEqual([]);
    await ensureTemplate(server, version);
    expect(await built()).toEqual([first]);
  });

  test.each([
    ['while it was filled', `ALTER DATABASE TEMPLATE RENAME TO TEMPLATE_draft`],
    ['before it was closed', 'SELECT 1'],
  ])('cut short %s it is built again', async (_title, sql) => {
    const [before] = await built();
    await admin(`ALTER DATABASE ${template} WITH IS_TEMPLATE false ALLOW_CONNECTIONS true`);
    await admin(sql.replaceAll('TEMPLATE', template));
    await ensureTemplate(server, version);
    const after = await built();
    expect(after).toMatchObject([{ ready: true }]);
    expect(after[0]?.oid).not.toBe(before?.oid);
  });

  test('of other SQL it is made anew; projects that stand keep theirs', async () => {
    const [before] = await built();
    await admin(`COMMENT ON DATABASE ${template} IS 'launchdb:template:of-other-sql'`);
    await ensureTemplate(server, version);
    const after = await built();
    expect(after).toMatchObject([{ ready: true }]);
    expect(after[0]?.oid).not.toBe(before?.oid);
  });
});

test("a project's logins reach no database of the server but their own, and nobody reaches it by PUBLIC", async () => {
  const project = newProject();
  const databases = new PostgresDatabases(server);
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  const platform = await preparePlatformDatabase(server, 'secret');
  await ensureTemplate(server, await latestTemplateVersion());
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  const others = await admin<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname <> '${project}'`,
  );
  expect(others.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['postgres', 'template0', 'template1', PLATFORM_DATABASE]),
  );
  for (const [user, password] of [
    [ownerRole(project), logins.owner.password],
    [authenticatorRole(project), logins.authenticator.password],
  ]) {
    if (user === undefined || password === undefined) throw new Error('no login');
    await expect(as({ user, password, database: project }, 'SELECT 1')).resolves.toBeDefined();
    for (const { name } of others) {
      await expect(as({ user, password, database: name }, 'SELECT 1')).rejects.toThrow(
        /permission denied for database|not currently accepting connections/,
      );
    }
  }
  await expect(as({ ...platform, database: project }, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  const open = await admin(
    `SELECT datname, role FROM pg_database d, unnest(ARRAY['public', '${COMMON_ROLES.join("', '")}']) role
     WHERE datallowconn AND has_database_privilege(role, d.oid, 'CONNECT, TEMPORARY, CREATE')`,
  );
  expect(open).toEqual([]);
  await databases.dropDatabase(project);
  await databases.removeUsers(project);
});
