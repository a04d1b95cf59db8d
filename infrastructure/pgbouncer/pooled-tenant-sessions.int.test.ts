import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { poolOf } from '../../application/desired/desired-project.ts';
import { Refused } from '../../application/errors.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { ProjectSecrets } from '../../application/ports/secrets.ts';
import {
  SMALL_BOUNDS,
  tenantConnectionsContract,
} from '../../application/ports/tenant-connections.contract.ts';
import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { authenticatorRole, databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS, roleOf } from '../../domain/project/project-logins.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';
import { findPgbouncer } from '../process/binaries.ts';
import { quietLog, testFolder } from '../testing/folder.ts';
import { testPort } from '../testing/port.ts';
import { BoundedTenantConnections } from './bounded-tenant-connections.ts';
import { PgbouncerConnectionPools } from './pgbouncer-connection-pools.ts';
import { pooledTenantSessions } from './pooled-tenant-sessions.ts';
import { childDoors } from '../testing/doors.ts';

const secrets = new AesSecrets(randomBytes(32));

/** Projects behind a PgBouncer of their own, each with a table that its REST API's login may use. */
async function made(bounds = SMALL_BOUNDS) {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const folder = await testFolder('pgbouncer');
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const [port, doors] = [await testPort(), await childDoors(folder)];
  const pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(folder.path, 'log') },
    port,
    doors: { ...doors, addresses: [], clientsFrom: [] },
    folder: join(folder.path, 'pooler'),
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: clusterAddress().port }]]),
    adminPassword: 'the-admin-password',
    user: folder.user,
    log: quietLog,
  });
  await pools.restore([]);
  const known = new Map<ProjectId, ProjectSecrets>();
  const out = new Set<ProjectId>();
  const register = (project: ProjectId, issued: ProjectSecrets) => {
    const row = {
      id: project,
      server: MAIN_SERVER,
      secrets: secrets.seal(project, issued),
      dataApi: DEFAULT_DATA_API_SETTINGS,
    };
    return pools.register(poolOf({ secrets, logins: PROJECT_LOGINS, route: 'pooler' }, row));
  };
  const give = async (project: ProjectId, issued: ProjectSecrets) => {
    await databases.ensureUsers(project, issued.logins, USUAL_BOUNDS);
    await register(project, issued);
    known.set(project, issued);
  };
  const projects = [newProject(), newProject()] as const;
  for (const project of projects) {
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await give(project, await secrets.issue());
    await server.inDatabase(databaseName(project), 'make a table', (client) =>
      client.query(`CREATE TABLE public.kept (value text);
        GRANT USAGE ON SCHEMA public TO ${authenticatorRole(project)};
        GRANT SELECT, INSERT ON public.kept TO ${authenticatorRole(project)}`),
    );
  }
  const login = async (project: ProjectId, name: string) => {
    await Promise.resolve();
    requireServed({ status: out.has(project) ? 'paused' : 'active' });
    const found = known.get(project)?.logins[name];
    if (!found) throw new Refused('no such login');
    return { role: roleOf(project, { name }), password: found.password };
  };
  const placeOf = () => Promise.resolve({ host: doors.socketFolder, port });
  const sessions = pooledTenantSessions({ placeOf, login, bounds });
  const connections = new BoundedTenantConnections(sessions, bounds);
  return {
    connections,
    projects,
    put: (connection: TenantConnection, value: string) =>
      connection.query('INSERT INTO public.kept VALUES ($1)', [value]),
    all: async (connection: TenantConnection) =>
      (await connection.query<{ value: string }>('SELECT value FROM public.kept')).rows.map(
        ({ value }) => value,
      ),
    take: (connection: TenantConnection, ms: number) => connection.query('SELECT pg_sleep($1)', [ms / 1000]),
    fail: (connection: TenantConnection) => connection.query('SELECT 1 / 0'),
    changePassword: async (project: ProjectId) => {
      const { logins, jwtSecret } = known.get(project)!;
      const { authenticator } = (await secrets.issue()).logins;
      await give(project, { jwtSecret, logins: { ...logins, authenticator } });
    },
    cutOff: async (project: ProjectId) => {
      out.add(project);
      await pools.unregister(project);
    },
    letIn: async (project: ProjectId) => {
      await register(project, known.get(project)!);
      out.delete(project);
    },
    busy: async (project: ProjectId) => {
      const { rowCount } = await server.administer('look', (client) =>
        client.query(`SELECT FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle'`, [project]),
      );
      return rowCount ?? 0;
    },
    /** which outlive their transactions */
    locks: async (project: ProjectId) => {
      const { rowCount } = await server.administer('look', (client) =>
        client.query(
          `SELECT FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = $1`,
          [databaseName(project)],
        ),
      );
      return rowCount ?? 0;
    },
    close: async () => {
      await connections.close();
      await pools.stop();
      for (const project of projects) {
        await databases.dropDatabase(project);
        await databases.removeUsers(project);
      }
      await server.close();
      await folder.remove();
    },
  };
}

tenantConnectionsContract('through PgBouncer', made);

let harness: Awaited<ReturnType<typeof made>>;
beforeAll(async () => {
  harness = await made({ ...SMALL_BOUNDS, workMs: 3_000 });
});
afterAll(() => harness.close());
const mine = () => harness.projects[0];
const within = <T>(work: (connection: TenantConnection) => Promise<T>, login = 'authenticator') =>
  harness.connections.with(mine(), login, work);

test('it is the login itself, and nobody else’s, whatever the one before left behind', async () => {
  const who = async (connection: TenantConnection) =>
    (
      await connection.query(`SELECT current_user AS role, current_setting('search_path') AS path,
        current_setting('application_name') AS name, current_setting('transaction_read_only') AS readonly`)
    ).rows;
  const first = await within(who);
  expect(first).toMatchObject([
    { role: authenticatorRole(mine()), path: 'pg_catalog, pg_temp', readonly: 'off' },
  ]);
  for (const left of [
    `ALTER ROLE ${authenticatorRole(mine())} SET search_path = evil`,
    'SET search_path = evil',
    'SET default_transaction_read_only = on',
    'SET ROLE anon',
    `SET application_name = 'evil'`,
  ]) {
    await within((connection) => connection.query(left));
    expect([left, await within(who)]).toEqual([left, first]);
  }
});

test('a lock of the session ends with the transaction that took it, done or not', async () => {
  const lock = async (connection: TenantConnection) => {
    await connection.query('SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(2)');
    expect(await harness.locks(mine())).toBe(2);
  };
  await within(lock);
  expect(await harness.locks(mine())).toBe(0);
  const failing = within(async (connection) => {
    await lock(connection);
    await harness.fail(connection);
  });
  await expect(failing).rejects.toMatchObject({ name: 'SqlFailed' });
  expect(await harness.locks(mine())).toBe(0);
});

test('a statement that catches its own end is ended all the same', async () => {
  const deaf = (connection: TenantConnection) =>
    connection.query(`DO $$ BEGIN LOOP
      BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END;
    END LOOP; END $$`);
  await expect(within(deaf)).rejects.toMatchObject({ name: 'Unavailable' });
  await vi.waitFor(async () => expect(await harness.busy(mine())).toBe(0), 10_000);
  expect(await within((connection) => harness.all(connection))).toEqual([]);
});

test('a transaction is answered so much and no more', async () => {
  const ask = (sql: string) => within((connection) => connection.query(sql));
  const MIB = 1024 * 1024;
  // each transaction anew
  for (let round = 0; round < 2; round++)
    expect((await ask(`SELECT repeat('x', ${17 * MIB}) AS value`)).rowCount).toBe(1);
  const tooMuch = { name: 'SqlFailed', code: '54000' };
  await expect(ask(`SELECT repeat('x', ${34 * MIB})`)).rejects.toMatchObject(tooMuch);
  await expect(ask(`SELECT repeat('x', ${MIB}) FROM generate_series(1, 34)`)).rejects.toMatchObject(tooMuch);
});

test('work that goes on after a failed statement is not taken for done', async () => {
  const work = async (connection: TenantConnection) => {
    await harness.put(connection, 'lost');
    await harness.fail(connection).catch(() => {});
  };
  await expect(within(work)).rejects.toMatchObject({ name: 'SqlFailed', code: '25P02' });
  expect(await within((connection) => harness.all(connection))).toEqual([]);
});

test('a pooler that is away is said to be, and used again when it is back', async () => {
  await harness.cutOff(mine());
  // nobody was told: its sessions are gone, and it is not out of service by the log
  await expect(within((connection) => harness.all(connection))).rejects.toThrow();
  await harness.letIn(mine());
  await vi.waitFor(async () => expect(await within((one) => harness.all(one))).toEqual([]), 10_000);
});
