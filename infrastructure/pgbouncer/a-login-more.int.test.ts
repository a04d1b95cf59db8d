/** What CONTRIBUTING promises: a row more in the table of logins is a login more, everywhere. */
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { poolOf } from '../../application/desired/desired-project.ts';
import { databaseName, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import {
  pooledConnections,
  PROJECT_LOGINS,
  roleOf,
  type ProjectLogin,
} from '../../domain/project/project-logins.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import type { PostgresServer } from '../postgres/postgres-server.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { SessionLimits } from '../postgres/session-limits.ts';
import { clusterAddress, testServer } from '../testing/server.ts';
import { findPgbouncer } from '../process/binaries.ts';
import { quietLog, testFolder, type TestFolder } from '../testing/folder.ts';
import { testPort } from '../testing/port.ts';
import { PgbouncerConnectionPools } from './pgbouncer-connection-pools.ts';
import { childDoors } from '../testing/doors.ts';

/** as services to come could have them */
const PEOPLE: ProjectLogin = {
  name: 'people',
  since: 900,
  rights: { database: ['CONNECT'], shared: false, schemas: ['auth'], hangs: false },
  connections: () => 3,
  pooled: 2,
  settings: () => ({ statement_timeout: '9s' }),
};
const FILES: ProjectLogin = {
  name: 'files',
  since: 901,
  rights: { database: ['CONNECT'], shared: true, schemas: ['storage'], hangs: false },
  connections: () => 8,
  pooled: 2,
  settings: () => ({}),
};
const TABLE = [...PROJECT_LOGINS, PEOPLE, FILES];

const key = randomBytes(32);
const [before, now] = [new AesSecrets(key), new AesSecrets(key, TABLE)];
const [project, other] = [newProject(), newProject()];
const [people, files] = [`${project}_people`, `${project}_files`];
let folder: TestFolder;
let server: PostgresServer;
let [oldDatabases, databases]: readonly PostgresDatabases[] = [];
let pools: PgbouncerConnectionPools;
let port: number;
let logins: DatabaseLogins;
let sealed: ReturnType<AesSecrets['seal']>;

const file = (name: string) => readFile(join(folder.path, 'pooler', name), 'utf8');
const plain = async <Row extends pg.QueryResultRow>(sql: string) =>
  (await server.administer('look', (client) => client.query<Row>(sql))).rows;
const inside = (sql: string) =>
  server.inDatabase(databaseName(project), 'prepare', (client) => client.query(sql));

async function through<T>(
  where: { readonly host: string; readonly port: number },
  name: string,
  work: (client: pg.Client) => Promise<T>,
  database: ProjectId = project,
): Promise<T> {
  const user = `${project}_${name}`;
  const client = new pg.Client({ ...where, user, database, password: logins[name]?.password });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
const pooled = <T>(name: string, work: (client: pg.Client) => Promise<T>) =>
  through({ host: '127.0.0.1', port }, name, work);
const direct = <T>(name: string, work: (client: pg.Client) => Promise<T>, database?: ProjectId) =>
  through(clusterAddress(), name, work, database);

beforeAll(async () => {
  server = await testServer();
  [oldDatabases, databases] = [new PostgresDatabases(server), new PostgresDatabases(server, TABLE)];
  const first = await before.issue();
  for (const id of [project, other]) {
    await oldDatabases?.ensureDatabase(id, await latestTemplateVersion());
    await oldDatabases?.ensureUsers(id, first.logins, USUAL_BOUNDS);
  }
  const completed = await now.completed(project, before.seal(project, first), 901);
  if (!completed) throw new Error('nothing was added');
  sealed = completed;
  ({ logins } = now.open(project, sealed));
  await inside(`CREATE TABLE auth.people (id int); CREATE TABLE storage.things (id int);
    ALTER TABLE storage.things ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON storage.things TO anon USING (true);
    GRANT USAGE ON SCHEMA storage TO anon; GRANT SELECT ON storage.things TO anon`);
  folder = await testFolder('pgbouncer');
  port = await testPort();
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(folder.path, 'log') },
    port,
    doors: await childDoors(folder),
    folder: join(folder.path, 'pooler'),
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: clusterAddress().port }]]),
    adminPassword: 'the-admin-password',
    user: folder.user,
    log: quietLog,
  });
  await pools.restore([]);
});
afterAll(async () => {
  await pools.stop();
  for (const id of [project, other]) {
    await databases?.dropDatabase(id);
    await databases?.removeUsers(id);
  }
  await server.close();
  await folder.remove();
});

test('one that a project lacks is seen as drift, and made with the rights of its row', async () => {
  const state = () => databases!.state(project, logins, USUAL_BOUNDS);
  expect(await state()).toMatchObject({ users: 'different' });
  await databases!.ensureUsers(project, logins, USUAL_BOUNDS);
  expect(await state()).toMatchObject({ users: 'as-wanted' });
  // what a later version of the template makes is theirs, too
  await inside('CREATE TABLE auth.later (id int)');
  await direct('people', async (client) => {
    await client.query('INSERT INTO auth.people VALUES (1); INSERT INTO auth.later VALUES (1)');
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '9s' }]);
    for (const sql of [
      'SELECT * FROM storage.things',
      'CREATE TABLE auth.mine ()',
      'CREATE TABLE public.mine ()',
      'CREATE TEMPORARY TABLE mine ()',
      'CREATE SCHEMA mine',
      'SET ROLE anon',
      `SET ROLE ${ownerRole(project)}`,
    ])
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
  await direct('files', async (client) => {
    // row-level security decides
    const refused = expect.stringContaining('row-level security') as string;
    await expect(client.query('INSERT INTO storage.things VALUES (1)')).rejects.toMatchObject({
      message: refused,
    });
    await client.query('SET ROLE anon');
    expect((await client.query('SELECT * FROM storage.things')).rowCount).toBe(0);
  });
  await expect(direct('people', () => Promise.resolve(), other)).rejects.toThrow(/permission denied/);
});

test('its bound is kept, and a login that was changed by hand is drift', async () => {
  const state = () => databases!.state(project, logins, USUAL_BOUNDS);
  expect(await plain(`SELECT rolconnlimit FROM pg_roles WHERE rolname = '${people}'`)).toEqual([
    { rolconnlimit: 3 },
  ]);
  for (const change of ['NOLOGIN', 'CONNECTION LIMIT 50', 'BYPASSRLS', `PASSWORD 'x'`]) {
    await plain(`ALTER ROLE ${people} ${change}`);
    expect([change, await state()]).toMatchObject([change, { users: 'different' }]);
    await databases!.ensureUsers(project, logins, USUAL_BOUNDS);
    expect([change, await state()]).toMatchObject([change, { users: 'as-wanted' }]);
  }
});

test('sessions of it that are over the hard limits are ended', async () => {
  const limits = new SessionLimits(server, quietLog);
  await direct('files', async (client) => {
    await client.query('BEGIN');
    const wide = { statementMs: 1e9, transactionMs: 1e9, snapshotXids: 2 ** 31 - 1 };
    await vi.waitFor(async () =>
      expect(await limits.enforce({ ...wide, idleInTransactionMs: 1 })).toContainEqual({
        login: files,
        over: 'idle in transaction',
      }),
    );
  });
});

test('other projects do not see it', async () => {
  const seen = async (name: string, database: ProjectId) => {
    const user = `${database}_${name}`;
    const client = new pg.Client({ ...clusterAddress(), user, database, password: logins.owner.password });
    await client.connect();
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    await client.end();
    return rows.map(({ rolname }) => rolname);
  };
  expect(await seen('owner', project)).toEqual(expect.arrayContaining([people, files]));
  expect((await seen('owner', other)).filter((role) => role.startsWith(project))).toEqual([]);
});

test('the pooler has its lines, lets it in, and misses them when they are taken out', async () => {
  const pool = poolOf(
    { secrets: now, logins: TABLE, route: 'pooler' },
    { id: project, server: MAIN_SERVER, secrets: sealed, dataApi: DEFAULT_DATA_API_SETTINGS },
  );
  // as before the upgrade
  await pools.register(
    poolOf(
      { secrets: now, logins: PROJECT_LOGINS, route: 'pooler' },
      { id: project, server: MAIN_SERVER, secrets: sealed, dataApi: DEFAULT_DATA_API_SETTINGS },
    ),
  );
  await expect(pooled('people', () => Promise.resolve())).rejects.toThrow();
  expect(await file('databases.ini')).toContain(` max_db_connections=${pooledConnections(PROJECT_LOGINS)}\n`);
  await pools.register(pool);
  expect(await file('userlist.txt')).toContain(`"${people}" "${logins['people']?.verifier}"\n`);
  expect(await file('access.conf')).toContain(
    `host ${project} ${TABLE.map((row) => roleOf(project, row)).join(',')} 127.0.0.1/32 scram-sha-256\n`,
  );
  expect(pooledConnections(TABLE)).toBe(pooledConnections(PROJECT_LOGINS) + 4);
  expect(await file('databases.ini')).toContain(` max_db_connections=${pooledConnections(TABLE)}\n`);
  const who = (client: pg.Client) => client.query<{ who: string }>('SELECT current_user AS who');
  expect((await pooled('people', who)).rows).toEqual([{ who: people }]);
  expect((await pooled('files', who)).rows).toEqual([{ who: files }]);
  const drifts: unknown[] = [];
  pools.onDisturbed((drift) => drifts.push([drift.project, drift.what, drift.actual]));
  const list = join(folder.path, 'pooler', 'userlist.txt');
  await writeFile(list, (await readFile(list, 'utf8')).replace(`"${people}" "S`, `"${people}" "X`));
  await vi.waitFor(() => expect(drifts).toEqual([[project, 'pool', 'different']]), 10_000);
  await vi.waitFor(async () => expect(await pools.list()).toEqual([project]), 10_000);
  expect((await pooled('people', who)).rows).toEqual([{ who: people }]);
});

test('it goes with the project, also with one who does not know it', async () => {
  await pools.unregister(project);
  for (const name of ['userlist.txt', 'access.conf']) expect(await file(name)).not.toContain(project);
  await oldDatabases!.dropDatabase(project);
  expect(await oldDatabases!.list()).toContain(project);
  await oldDatabases!.removeUsers(project);
  expect(await oldDatabases!.list()).not.toContain(project);
  expect(await plain(`SELECT rolname FROM pg_roles WHERE rolname ^@ '${project}'`)).toEqual([]);
});
