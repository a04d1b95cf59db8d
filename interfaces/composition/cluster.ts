/** The servers below everything: the data directory, PostgreSQL, its platform database, the pooler's program. */
import { chown, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { ConnectionPools } from '../../application/ports/connection-pools.ts';
import type { Log } from '../../application/ports/log.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { NoConnectionPools } from '../../infrastructure/pgbouncer/no-connection-pools.ts';
import { ensurePgbouncer } from '../../infrastructure/pgbouncer/install-pgbouncer.ts';
import { PgbouncerConnectionPools } from '../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import { startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import { preparePlatformDatabase } from '../../infrastructure/postgres/platform-database.ts';
import { PostgresServer, type ServerAddress } from '../../infrastructure/postgres/postgres-server.ts';
import { ensureTemplate, latestTemplateVersion } from '../../infrastructure/postgres/project-template.ts';
import { canEnter, findPostgres } from '../../infrastructure/process/binaries.ts';
import { openDataDirectory, type DataDirectory } from '../../infrastructure/process/data-directory.ts';
import { ensureSystemUser, type SystemUser } from '../../infrastructure/process/system-user.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import type { Config } from '../config.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface Cluster {
  readonly directory: DataDirectory;
  readonly user: SystemUser | undefined;
  readonly server: PostgresServer;
  readonly platformDatabase: pg.ClientConfig;
  readonly templateVersion: number;
  readonly pools: ConnectionPools;
}

export async function startCluster(
  config: Config,
  lifecycle: Lifecycle,
  log: Log,
  tell: (line: string) => void,
  searchPath: string,
): Promise<Cluster> {
  const user = await ensureSystemUser();
  let directory: DataDirectory | undefined;
  await lifecycle.start({
    name: 'data-directory',
    start: async () =>
      (directory = await openDataDirectory(resolve(config.LAUNCHDB_DATA_DIR), config.LAUNCHDB_MASTER_KEY)),
    stop: async () => directory?.release(),
    stopWithinMs: 1_000,
  });
  if (!directory) throw new Error('no data directory');
  if (user) await requireEntrance(directory.path, user);
  const address = config.DATABASE_URL
    ? addressOf(config.DATABASE_URL)
    : await startOwnPostgres(config, directory, user, lifecycle, log);
  const server = new PostgresServer(address);
  await lifecycle.start({
    name: 'postgres-sessions',
    start: () => Promise.resolve(),
    stop: () => server.close(),
    stopWithinMs: 3_000,
  });
  const password = derivedPassword(directory.masterKey, 'platform-database-password');
  const platformDatabase = await preparePlatformDatabase(server, password);
  const templateVersion = await latestTemplateVersion();
  await ensureTemplate(server, templateVersion);
  const pools = await connectionPools(config, directory, user, address, log, tell, searchPath);
  return { directory, user, server, platformDatabase, templateVersion, pools };
}

async function startOwnPostgres(
  config: Config,
  directory: DataDirectory,
  user: SystemUser | undefined,
  lifecycle: Lifecycle,
  log: Log,
): Promise<ServerAddress> {
  const folder = await childFolder(directory.path, 'postgres', user);
  const superuserPassword = derivedPassword(directory.masterKey, 'postgres-superuser');
  const address = {
    host: '127.0.0.1',
    port: config.POSTGRES_PORT,
    user: 'postgres',
    password: superuserPassword,
  };
  let program: Awaited<ReturnType<typeof startEmbeddedPostgres>> | undefined;
  await lifecycle.start({
    name: 'postgres',
    start: async () => {
      program = await startEmbeddedPostgres({
        binaries: await findPostgres(user),
        dataDir: join(folder, 'data'),
        logFile: join(folder, 'postgres.log'),
        port: config.POSTGRES_PORT,
        superuserPassword,
        user,
        log,
        beforeLaunch: () => requireFreePort(config.POSTGRES_PORT, 'POSTGRES_PORT'),
      });
    },
    stop: async () => program?.stop(),
    stopWithinMs: 20_000,
  });
  return address;
}

async function connectionPools(
  config: Config,
  directory: DataDirectory,
  user: SystemUser | undefined,
  server: ServerAddress,
  log: Log,
  tell: (line: string) => void,
  searchPath: string,
): Promise<ConnectionPools> {
  const found = await ensurePgbouncer({ searchPath, log: tell });
  if (found.path === undefined) {
    tell(`PgBouncer is not installed: going on without pooled connections. To have them, ${found.advice}.`);
    return new NoConnectionPools();
  }
  return new PgbouncerConnectionPools({
    binary: found.path,
    folder: await childFolder(directory.path, 'pgbouncer', user),
    logFile: join(directory.path, 'pgbouncer', 'pgbouncer.log'),
    port: config.PGBOUNCER_PORT,
    server,
    adminPassword: derivedPassword(directory.masterKey, 'pgbouncer-admin'),
    user,
    log,
    beforeLaunch: () => requireFreePort(config.PGBOUNCER_PORT, 'PGBOUNCER_PORT'),
  });
}

/** A folder that a child writes to: its own, when children run as another user. */
export async function childFolder(path: string, name: string, user: SystemUser | undefined): Promise<string> {
  const folder = join(path, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user && (await stat(folder)).uid !== user.uid) await chown(folder, user.uid, user.gid);
  return folder;
}

async function requireEntrance(path: string, user: SystemUser): Promise<void> {
  if (await canEnter(join(path, 'child'), user)) return;
  throw new Refused(
    `${path} cannot be entered by the system user "${user.name}", which PostgreSQL runs as. ` +
      'Set LAUNCHDB_DATA_DIR to a folder that others may enter, such as /var/lib/launchdb/data.',
  );
}

function addressOf(databaseUrl: string): ServerAddress {
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    maintenanceDatabase: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
  };
}
