/** Projects on two PostgreSQL servers: each is served from its own, and nothing of it is ever on the other one. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { PLATFORM_DATABASE } from '../../infrastructure/postgres/platform-database.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { rebuildCommand } from '../cli/rebuild-command.ts';
import { openOperator } from '../composition/operator.ts';
import { readConfig } from '../config.ts';
import { EVERYTHING, statusAtRest } from './crash-points.ts';
import { MASTER_KEY, PlatformUnderTest } from './platform-under-test.ts';
import { databaseUrl, putCluster, startPostgres } from './postgres-under-test.ts';
import { withSecondServer } from './second-server.ts';

/** The second one has connections for two projects: (87 - 40 reserved - 25) / 11, rounded down. */
const SMALL = { max_connections: 87, superuser_reserved_connections: 40 };
const THERE = { databases: 1, roles: PROJECT_LOGINS.length };
const NOTHING = { databases: 0, roles: 0 };

let platform: PlatformUnderTest;
let token: string;
let second: SupervisedProgram;
let secondUrl: string;
let home: string;
let port: number;
const ids: Record<'main' | 'second', string> = { main: '', second: '' };
const NAMES = ['main', 'second'] as const;
type Name = (typeof NAMES)[number];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  port = await testPort();
  home = join(platform.folder, 'second-postgres');
  await putCluster(home, MASTER_KEY);
  second = await startPostgres(home, port, MASTER_KEY, SMALL);
  secondUrl = databaseUrl(port, MASTER_KEY);
  platform.environment['SECOND_SERVER'] = secondUrl;
  await platform.start();
  token = await platform.owner('two');
});
afterAll(async () => {
  await second.stop();
  await platform.close();
});

const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects${path}`, { token, ...(body !== undefined && { body }) });
const create = (name: string) => call<{ id: string; status: string }>('POST', '', { name });
const sql = (id: string, query: string) => call<{ rows: unknown[] }>('POST', `/${id}/sql`, { query });
const portOf = (name: Name) => (name === 'second' ? port : Number(platform.superuser().port));

async function asked<Row extends pg.QueryResultRow>(
  connection: string | pg.ClientConfig,
  query: string,
  values: unknown[] = [],
): Promise<readonly Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(query, values)).rows;
  } finally {
    await client.end();
  }
}

/** What each server has of a project, by name, whoever made it. */
async function traces(id: string): Promise<Record<Name, typeof NOTHING>> {
  const on = async (connection: string | pg.ClientConfig) => {
    const databases = await asked(connection, 'SELECT FROM pg_database WHERE datname ^@ $1', [id]);
    const roles = await asked(connection, 'SELECT FROM pg_roles WHERE rolname ^@ $1', [id]);
    return { databases: databases.length, roles: roles.length };
  };
  return { main: await on(platform.superuser()), second: await on(secondUrl) };
}

async function rest(id: string, table: string) {
  const keys = await call<{ anon_key: string }>('GET', `/${id}/keys`);
  return platform.call<unknown>('GET', `/project/${id}/rest/v1/${table}`, {
    headers: { apikey: keys.body.anon_key },
  });
}
const served = (name: Name, table = 'places') =>
  vi.waitFor(async () => expect((await rest(ids[name], table)).body).toEqual([{ place: name }]), 60_000);

test('a project is made on the server that was chosen for it, and on no other', async () => {
  for (const name of NAMES) {
    const made = await create(`${name}-shop`);
    expect(made).toMatchObject({ status: 201, body: { status: 'active' } });
    ids[name] = made.body.id;
    expect((await platform.resources(ids[name])).pools).toBe(1);
  }
  expect(await traces(ids.main)).toEqual({ main: THERE, second: NOTHING });
  expect(await traces(ids.second)).toEqual({ main: NOTHING, second: THERE });
});

test('SQL, REST, migrations, sizes and both connection strings lead to that server', async () => {
  for (const name of NAMES) {
    const id = ids[name];
    const where = await sql(id, 'SELECT inet_server_port() AS port');
    expect(where.body.rows).toEqual([{ port: portOf(name) }]);
    expect((await sql(id, `CREATE TABLE places AS SELECT '${name}' AS place`)).status).toBe(200);
    await served(name);
    const migrations = [{ name: '0001_more.sql', sql: `CREATE VIEW more AS SELECT place FROM places` }];
    expect((await call('POST', `/${id}/migrations`, { migrations })).status).toBe(200);
    expect((await call('GET', `/${id}/migrations`)).body).toMatchObject({ migrations: [{ version: 1 }] });
    const { body: uris } = await call<{ db_uri: string; db_uri_pooler: string }>('GET', `/${id}/connection`);
    expect(Number(new URL(uris.db_uri).port)).toBe(portOf(name));
    for (const uri of [uris.db_uri, uris.db_uri_pooler]) {
      const seen = await asked(uri, 'SELECT place, inet_server_port() AS port FROM more');
      expect(seen).toEqual([{ place: name, port: portOf(name) }]);
    }
    // past all of us: that its tables changed is told by its own server
    await asked(uris.db_uri, 'CREATE TABLE late AS SELECT place FROM places');
    await served(name, 'late');
    const { body } = await call<{ usage: { database_size_bytes: number | null } }>('GET', `/${id}`);
    expect(body.usage.database_size_bytes).toBeGreaterThan(1_000_000);
    expect((await call<{ extensions: unknown[] }>('GET', `/${id}/extensions`)).body.extensions).not.toEqual(
      [],
    );
  }
});

test('settings, a rotated password and a pause are its own server’s', async () => {
  for (const name of NAMES) {
    const id = ids[name];
    expect((await call('POST', `/${id}/database-password/rotate`)).status).toBe(200);
    expect((await call('POST', `/${id}/pause`)).body).toMatchObject({ status: 'paused' });
    expect(await opened(id, name)).toEqual([]);
    expect((await call('POST', `/${id}/resume`)).body).toMatchObject({ status: 'active' });
    expect(await opened(id, name)).toHaveLength(1);
    await served(name);
  }
});

/** The project's database, if that server lets sessions into it. */
const opened = (id: string, name: Name) =>
  asked(
    name === 'second' ? secondUrl : platform.superuser(),
    'SELECT FROM pg_database WHERE datname = $1 AND datallowconn',
    [id],
  );

test('a full server refuses, and another one does not', async () => {
  const another = await create('second-another');
  expect(another.status).toBe(201);
  expect(await create('second-too-many')).toMatchObject({
    status: 409,
    body: { type: '/docs#platform/capacity-reached', used: 2, limit: 2, max_connections: 87 },
  });
  expect((await create('main-another')).status).toBe(201);
  expect((await call('POST', `/${another.body.id}/pause`)).status).toBe(200);
  const third = await create('second-third');
  expect(third.status).toBe(201);
  expect((await call('POST', `/${another.body.id}/resume`)).body).toMatchObject({ used: 2, limit: 2 });
  await call('DELETE', `/${third.body.id}`);
});

test('what is lost beside the log is brought back on both, by the log', async () => {
  await platform.sql('DROP SCHEMA view_project_list CASCADE', [], PLATFORM_DATABASE);
  for (const name of NAMES) {
    const role = `${ids[name]}_authenticator`;
    await asked(name === 'second' ? secondUrl : platform.superuser(), `ALTER ROLE ${role} NOLOGIN`);
  }
  const operator = await openOperator(readConfig(platform.environment), withSecondServer(secondUrl));
  const rebuild = async (...flags: string[]) => {
    const said: string[] = [];
    const code = await rebuildCommand.run(operator, {
      args: [],
      flags: new Set(flags),
      options: new Map(),
      say: (line) => said.push(line),
      signal: new AbortController().signal,
    });
    return [code, said.join('\n')];
  };
  try {
    expect((await rebuild())[0]).toBe(0);
    expect(await rebuild('dry-run')).toEqual([0, 'Nothing is missing.']);
  } finally {
    await operator.close();
  }
  await platform.kill();
  if (!platform.separate)
    for (const lost of ['databases.ini', 'userlist.txt', 'pgbouncer.ini'])
      await rm(join(platform.dataDir, 'pgbouncer', lost));
  await platform.killDataApis();
  await platform.start();
  for (const name of NAMES) {
    await served(name);
    const { databases, roles } = name === 'main' ? THERE : NOTHING;
    expect(await platform.resources(ids[name])).toEqual({ ...EVERYTHING, databases, roles });
  }
  expect(await traces(ids.main)).toEqual({ main: THERE, second: NOTHING });
  expect(await traces(ids.second)).toEqual({ main: NOTHING, second: THERE });
});

test('while one server is away, projects of the other one are made and served', async () => {
  await second.stop();
  try {
    expect((await sql(ids.second, 'SELECT 1')).status).toBe(503);
    await served('main');
    const made = await create('main-meanwhile');
    expect(made).toMatchObject({ status: 201, body: { status: 'active' } });
    expect((await create('second-meanwhile')).status).toBe(503);
    const manager = await fetch(`http://127.0.0.1:${platform.environment['MANAGER_PORT']}/ready`);
    expect([manager.status, await manager.json()]).toMatchObject([
      200,
      { checks: { postgres: 'ok, without second' } },
    ]);
    // nor does a start wait for it
    await platform.kill();
    await platform.start();
    await served('main');
  } finally {
    second = await startPostgres(home, port, MASTER_KEY, SMALL);
  }
  await served('second');
});

test('a project that is purged is gone from its server; the other one loses nothing', async () => {
  for (const name of ['second', 'main'] as const) {
    const id = ids[name];
    await call('DELETE', `/${id}`);
    expect(await statusAtRest(platform, token, id)).toBe('deleted');
    await call('DELETE', `/${id}?purge=true`, { name: `${name}-shop` });
    expect(await statusAtRest(platform, token, id)).toBe('purged');
    expect(await traces(id)).toEqual({ main: NOTHING, second: NOTHING });
    if (name === 'second') {
      await served('main');
      expect(await traces(ids.main)).toEqual({ main: THERE, second: NOTHING });
    }
  }
});
