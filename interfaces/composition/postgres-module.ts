/**
 * The two PostgreSQL servers: of projects' databases, and of the platform's own, so that nothing an owner does to theirs
 * stops the control plane. Either is ours or the operator's.
 */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { holesOf } from '../../domain/platform/known-holes.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { hasSocketIn, startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import { keepCollationsTrue } from '../../infrastructure/postgres/collation-versions.ts';
import { movePlatformDatabase } from '../../infrastructure/postgres/move-platform-database.ts';
import {
  allowExtensions,
  isKeptElsewhere,
  platformConnection,
  preparePlatformDatabase,
  prepareProjectsServer,
} from '../../infrastructure/postgres/platform-database.ts';
import { PostgresServer, serverAddressOf } from '../../infrastructure/postgres/postgres-server.ts';
import { roomSettings } from '../../infrastructure/postgres/room-settings.ts';
import { ensureTemplate } from '../../infrastructure/postgres/project-template.ts';
import { findPostgres, majorOfData, type PostgresBinaries } from '../../infrastructure/process/binaries.ts';
import { ensureProgram } from '../../infrastructure/process/install-program.ts';
import { postgresProgram } from '../../infrastructure/process/system-programs.ts';
import { ensureSocketFolder, socketFolder } from '../../infrastructure/process/socket-folder.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import type { SupervisedProgram } from '../../infrastructure/process/supervised-program.ts';
import { DEFAULT_EXTENSIONS, type Config } from '../config.ts';
import type { ContainerNetwork } from '../../infrastructure/docker/container-network.ts';
import { postgresSocket } from './data-api-routes.ts';
import type { ContainerHost } from './docker-runtime.ts';
import type { Part } from './lifecycle.ts';
import { childFolder, type Machine } from './machine.ts';
import type { PlatformOptions } from './platform-options.ts';
import { serverNamed, type ProjectsServers } from './projects-servers.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

/** Kept for superusers, whatever owners' sessions take: for the platform's administration (docs/decisions). */
const ADMINISTRATION_CONNECTIONS = 40;

/** Few sessions, small tables: everything else is the operating system's cache. */
const PLATFORM_SETTINGS = {
  max_connections: 150,
  shared_buffers: "'32MB'",
  max_wal_size: "'256MB'",
  max_logical_replication_workers: 0,
} as const;

export const postgresModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.projectsServers).toResolvedValue(
    ({ DATABASE_URL, POSTGRES_PORT }, machine): ProjectsServers =>
      new Map([[MAIN_SERVER, new PostgresServer(addressOf(DATABASE_URL, POSTGRES_PORT, machine))]]),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.platformServer).toResolvedValue(
    ({ DATABASE_URL, PLATFORM_DATABASE_URL, PLATFORM_POSTGRES_PORT }, machine) =>
      new PostgresServer(
        addressOf(PLATFORM_DATABASE_URL ?? DATABASE_URL, PLATFORM_POSTGRES_PORT, machine),
        'platform_postgres',
      ),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.platformConnection).toResolvedValue(
    (config, { address }, machine) =>
      platformConnection({ ...address, ...ownSocket(config, machine) }, platformPassword(machine)),
    [TOKENS.config, TOKENS.platformServer, TOKENS.machine],
  );
  bind(TOKENS.allowedExtensions).toResolvedValue(
    (config, servers) => (name) => allowedExtensions(config, serverNamed(servers, name)),
    [TOKENS.config, TOKENS.projectsServers],
  );
  bind(PARTS.postgres).toResolvedValue(ownServers, [TOKENS.options, TOKENS.machine, TOKENS.containerHost]);
  bind(PARTS.platformDatabase).toResolvedValue(
    ...needs(
      {
        options: TOKENS.options,
        machine: TOKENS.machine,
        platform: TOKENS.platformServer,
        servers: TOKENS.projectsServers,
      },
      platformDatabase,
    ),
  );
});

/** Where the operator does not name them: without one by which an owner ends this version of PostgreSQL for all. */
async function allowedExtensions(
  { PROJECT_EXTENSIONS: named }: Config,
  projects: PostgresServer,
): Promise<readonly string[]> {
  if (named) return named;
  const holes = holesOf('PostgreSQL', await projects.version());
  return DEFAULT_EXTENSIONS.filter((name) => !holes.some(({ extension }) => extension === name));
}

const platformPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'platform-database-password');
const superuserPassword = ({ directory }: Machine): string =>
  derivedPassword(directory.masterKey, 'postgres-superuser');

const addressOf = (url: string | undefined, port: number, machine: Machine) =>
  url === undefined
    ? { host: '127.0.0.1', port, user: 'postgres', password: superuserPassword(machine) }
    : serverAddressOf(url);

/** The folder of the socket of the platform's PostgreSQL, where that is ours: we alone may enter. */
const platformSocket = ({ directory }: Machine): string =>
  socketFolder(join(directory.path, 'platform-postgres-socket'));

/** What the platform asks its database goes by a socket where it can: there and back takes a quarter less than by TCP. */
function ownSocket(
  { DATABASE_URL, PLATFORM_DATABASE_URL, PLATFORM_POSTGRES_PORT: port }: Config,
  machine: Machine,
): { readonly host?: string } {
  const ours = (PLATFORM_DATABASE_URL ?? DATABASE_URL) === undefined;
  const host = platformSocket(machine);
  return ours && hasSocketIn(host, port) ? { host } : {};
}

interface OwnServer {
  /** in the data directory */
  readonly folder: string;
  readonly port: number;
  readonly portVariable: string;
  readonly settings: Readonly<Record<string, string | number>>;
  /** of its socket */
  readonly socketFolder: string;
  /** whether REST APIs may enter that, too */
  readonly forRestApis: boolean;
  /** containers of REST APIs, which come by this machine's address on their network */
  readonly alsoFrom?: ContainerNetwork;
}

/** Those that nobody else runs. */
function serversToRun(
  config: Config,
  machine: Machine,
  containers: ContainerHost | undefined,
): readonly OwnServer[] {
  const projects = {
    folder: 'postgres',
    port: config.POSTGRES_PORT,
    portVariable: 'POSTGRES_PORT',
    socketFolder: postgresSocket(machine),
    forRestApis: true,
    ...(containers && { alsoFrom: containers.network }),
    settings: {
      max_connections: config.POSTGRES_MAX_CONNECTIONS,
      superuser_reserved_connections: ADMINISTRATION_CONNECTIONS,
      ...roomSettings(config.POSTGRES_MAX_CONNECTIONS),
    },
  };
  const platform = {
    folder: 'platform-postgres',
    port: config.PLATFORM_POSTGRES_PORT,
    portVariable: 'PLATFORM_POSTGRES_PORT',
    socketFolder: platformSocket(machine),
    forRestApis: false,
    settings: PLATFORM_SETTINGS,
  };
  if (config.DATABASE_URL !== undefined) return [];
  return config.PLATFORM_DATABASE_URL === undefined ? [platform, projects] : [projects];
}

function ownServers(options: PlatformOptions, machine: Machine, containers: ContainerHost | undefined): Part {
  const programs: SupervisedProgram[] = [];
  const start = async (
    { folder: name, port, portVariable, settings, socketFolder: socket, forRestApis, alsoFrom }: OwnServer,
    binaries: PostgresBinaries,
  ) => {
    const folder = await childFolder(machine, name, 'postgres');
    const { postgres: user, postgrest } = machine.users;
    await ensureSocketFolder(socket, user, forRestApis ? postgrest : undefined);
    const program = await startEmbeddedPostgres({
      binaries,
      dataDir: join(folder, 'data'),
      logFile: join(folder, 'postgres.log'),
      port,
      settings,
      superuserPassword: superuserPassword(machine),
      user,
      socketFolder: socket,
      ...(alsoFrom && { alsoFrom }),
      log: options.log,
      beforeLaunch: () => requireFreePort(port, portVariable),
    });
    programs.push(program);
  };
  return {
    name: 'postgres',
    start: async () => {
      const servers = serversToRun(options.config, machine, containers);
      const binaries = await binariesFor(servers, options, machine);
      const started = await Promise.allSettled(servers.map((server) => start(server, binaries(server))));
      for (const one of started) if (one.status === 'rejected') throw one.reason;
    },
    stop: async () => void (await Promise.all(programs.map((program) => program.stop()))),
    stopWithinMs: 20_000,
  };
}

/** A data directory stays with its major version; a new one is of the same as the other's, or of the system's. */
async function binariesFor(
  servers: readonly OwnServer[],
  { tell, searchPath }: PlatformOptions,
  { directory, users }: Machine,
): Promise<(server: OwnServer) => PostgresBinaries> {
  const majors = await Promise.all(
    servers.map(({ folder }) => majorOfData(join(directory.path, folder, 'data'))),
  );
  const any = majors.find((major) => major !== undefined);
  const majorOf = new Map(servers.map((server, nth) => [server, majors[nth] ?? any]));
  const found = new Map<number | undefined, PostgresBinaries>();
  // once for each: the system's list of packages takes a second to read
  for (const major of new Set(majorOf.values())) {
    const program = await postgresProgram(major);
    const search = program && (await ensureProgram(program, { searchPath, log: tell }));
    if (search?.advice !== undefined && found.size === 0)
      tell(`Going on with the PostgreSQL that comes along. To have your system's, ${search.advice}.`);
    found.set(major, await findPostgres(users.postgres, major));
  }
  return (server) => {
    const binaries = found.get(majorOf.get(server));
    if (!binaries) throw new Error('no such server');
    return binaries;
  };
}

function platformDatabase({
  options: { config, log, tell, observeMove },
  machine,
  platform,
  servers,
}: {
  readonly options: PlatformOptions;
  readonly machine: Machine;
  readonly platform: PostgresServer;
  readonly servers: ProjectsServers;
}): Part {
  const { LAUNCHDB_ROLES: roles } = config;
  const password = platformPassword(machine);
  const isManager = roles.includes('manager');
  const prepareProjects = async (server: PostgresServer, platformIs: 'here' | 'elsewhere') => {
    await prepareProjectsServer(server, password, platformIs);
    if (isManager) {
      await keepCollationsTrue(server, log);
      await allowExtensions(server, await allowedExtensions(config, server));
    }
    await ensureTemplate(server, machine.template.version, machine.template.folder);
  };
  // those whose projects are on the others shall not wait for one that is away
  const prepareOthers = () =>
    Promise.all(
      [...servers].map(async ([name, server]) => {
        if (name === MAIN_SERVER) return;
        await prepareProjects(server, 'elsewhere').catch((error: unknown) =>
          log.error({ server: name, err: error }, "a server for projects' databases is not prepared"),
        );
      }),
    );
  const prepare = async () => {
    const projects = serverNamed(servers, MAIN_SERVER);
    const together = await platform.isSameAs(projects);
    if (together && roles.includes('manager')) tell(TOGETHER);
    if (!together) {
      const move = { from: projects, to: platform, platformPassword: password, tell };
      await movePlatformDatabase({ ...move, ...(observeMove && { observe: observeMove }) });
    }
    const preparePlatform = async () => {
      await preparePlatformDatabase(platform, password);
      if (isManager && !together) await keepCollationsTrue(platform, log);
    };
    const prepareMain = () => prepareProjects(projects, together ? 'here' : 'elsewhere');
    if (await isKeptElsewhere(projects)) await Promise.all([preparePlatform(), prepareMain()]);
    else {
      await preparePlatform();
      // after it: from now on an empty one is never made in its place
      await prepareMain();
    }
    await prepareOthers();
  };
  return {
    name: 'platform-database',
    start: prepare,
    stop: async () =>
      void (await Promise.all([platform, ...servers.values()].map((server) => server.close()))),
    stopWithinMs: 3_000,
  };
}

const TOGETHER =
  "The platform's own database is on the projects' PostgreSQL (DATABASE_URL): an owner who uses up what a server has " +
  'once, such as its table of locks, stops the control plane, too. PLATFORM_DATABASE_URL gives it a server of its own.';
