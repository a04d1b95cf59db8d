/**
 * The two PostgreSQL servers: of projects' databases, and of the platform's own, so that nothing an owner does to his
 * stops the control plane. Either is ours or the operator's.
 */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import { movePlatformDatabase } from '../../infrastructure/postgres/move-platform-database.ts';
import {
  allowExtensions,
  platformConnection,
  preparePlatformDatabase,
  prepareProjectsServer,
} from '../../infrastructure/postgres/platform-database.ts';
import { PostgresServer, serverAddressOf } from '../../infrastructure/postgres/postgres-server.ts';
import { ensureTemplate } from '../../infrastructure/postgres/project-template.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import type { Config } from '../config.ts';
import type { Part } from './lifecycle.ts';
import { childFolder, type Machine } from './machine.ts';
import type { PlatformOptions } from './platform-options.ts';
import { PARTS, TOKENS } from './tokens.ts';

/** Few sessions, small tables: everything else is the operating system's cache. */
const PLATFORM_SETTINGS = {
  max_connections: 150,
  shared_buffers: "'32MB'",
  max_wal_size: "'256MB'",
  max_logical_replication_workers: 0,
} as const;

export const postgresModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.projectsServer).toResolvedValue(
    ({ DATABASE_URL, POSTGRES_PORT }, machine) =>
      new PostgresServer(addressOf(DATABASE_URL, POSTGRES_PORT, machine)),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.platformServer).toResolvedValue(
    ({ DATABASE_URL, PLATFORM_DATABASE_URL, PLATFORM_POSTGRES_PORT }, machine) =>
      new PostgresServer(addressOf(PLATFORM_DATABASE_URL ?? DATABASE_URL, PLATFORM_POSTGRES_PORT, machine)),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.platformConnection).toResolvedValue(
    ({ address }, machine) => platformConnection(address, platformPassword(machine)),
    [TOKENS.platformServer, TOKENS.machine],
  );
  bind(PARTS.postgres).toResolvedValue(ownServers, [TOKENS.options, TOKENS.machine]);
  bind(PARTS.platformDatabase).toResolvedValue(platformDatabase, [
    TOKENS.options,
    TOKENS.machine,
    TOKENS.platformServer,
    TOKENS.projectsServer,
  ]);
});

const platformPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'platform-database-password');
const superuserPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'postgres-superuser');

const addressOf = (url: string | undefined, port: number, machine: Machine) =>
  url === undefined
    ? { host: '127.0.0.1', port, user: 'postgres', password: superuserPassword(machine) }
    : serverAddressOf(url);

interface OwnServer {
  /** in the data directory */
  readonly folder: string;
  readonly port: number;
  readonly portVariable: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Those that nobody else runs. */
function serversToRun(config: Config): readonly OwnServer[] {
  const projects = {
    folder: 'postgres',
    port: config.POSTGRES_PORT,
    portVariable: 'POSTGRES_PORT',
    settings: { max_connections: config.POSTGRES_MAX_CONNECTIONS },
  };
  const platform = {
    folder: 'platform-postgres',
    port: config.PLATFORM_POSTGRES_PORT,
    portVariable: 'PLATFORM_POSTGRES_PORT',
    settings: PLATFORM_SETTINGS,
  };
  if (config.DATABASE_URL !== undefined) return [];
  return config.PLATFORM_DATABASE_URL === undefined ? [platform, projects] : [projects];
}

function ownServers(options: PlatformOptions, machine: Machine): Part {
  const programs: SupervisedProgram[] = [];
  const start = async ({ folder: name, port, portVariable, settings }: OwnServer) => {
    const folder = await childFolder(machine, name, 'postgres');
    const program = await startEmbeddedPostgres({
      binaries: await findPostgres(machine.users.postgres),
      dataDir: join(folder, 'data'),
      logFile: join(folder, 'postgres.log'),
      port,
      settings,
      superuserPassword: superuserPassword(machine),
      user: machine.users.postgres,
      log: options.log,
      beforeLaunch: () => requireFreePort(port, portVariable),
    });
    programs.push(program);
  };
  return {
    name: 'postgres',
    start: async () => {
      const started = await Promise.allSettled(serversToRun(options.config).map(start));
      for (const one of started) if (one.status === 'rejected') throw one.reason;
    },
    stop: async () => void (await Promise.all(programs.map((program) => program.stop()))),
    stopWithinMs: 20_000,
  };
}

function platformDatabase(
  { config, tell, observeMove }: PlatformOptions,
  machine: Machine,
  platform: PostgresServer,
  projects: PostgresServer,
): Part {
  const { LAUNCHDB_ROLES: roles, PROJECT_EXTENSIONS: extensions } = config;
  const password = platformPassword(machine);
  const prepare = async () => {
    const together = await platform.isSameAs(projects);
    if (together && roles.includes('manager')) tell(TOGETHER);
    if (!together) {
      const move = { from: projects, to: platform, platformPassword: password, tell };
      await movePlatformDatabase({ ...move, ...(observeMove && { observe: observeMove }) });
    }
    await Promise.all([
      preparePlatformDatabase(platform, password),
      prepareProjectsServer(projects, password, together ? 'here' : 'elsewhere'),
    ]);
    if (roles.includes('manager')) await allowExtensions(projects, extensions);
    await ensureTemplate(projects, machine.template.version, machine.template.folder);
  };
  return {
    name: 'platform-database',
    start: prepare,
    stop: async () => void (await Promise.all([platform.close(), projects.close()])),
    stopWithinMs: 3_000,
  };
}

const TOGETHER =
  "The platform's own database is on the projects' PostgreSQL (DATABASE_URL): an owner who uses up what a server has " +
  'once, such as its table of locks, stops the control plane, too. PLATFORM_DATABASE_URL gives it a server of its own.';
