/** What the manager keeps standing for projects: pool entries and REST APIs; restored-data-plane-module.ts keeps it so. */
import { join, resolve } from 'node:path';
import { ContainerModule } from 'inversify';
import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import { unlessAborted } from '../../application/background/deadline.ts';
import { wakeProject } from '../../application/project/wake-project.ts';
import type { IdleDependencies } from '../../application/reconcilers/sleep-when-idle.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import type { ContainerNetwork } from '../../infrastructure/docker/container-network.ts';
import { NoConnectionPools } from '../../infrastructure/pgbouncer/no-connection-pools.ts';
import { PgbouncerConnectionPools } from '../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import type { Doors } from '../../infrastructure/pgbouncer/pgbouncer-files.ts';
import { requireGuardless } from '../../infrastructure/pgbouncer/pgbouncer-version.ts';
import { ExistingSchemas } from '../../infrastructure/postgrest/existing-schemas.ts';
import type { InUse } from '../../infrastructure/postgrest/retirement.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import { ensureSocketFolder } from '../../infrastructure/process/socket-folder.ts';
import { ProcessDataApis } from '../../infrastructure/process/process-data-apis.ts';
import type { Config } from '../config.ts';
import type { RemoteGateways } from '../manager/remote-gateways.ts';
import { routesOfProcesses } from './data-api-routes.ts';
import type { ContainerHost } from './docker-runtime.ts';
import { childFolder, type Machine } from './machine.ts';
import { isGuarded, poolerSocket } from './pooler-guard-module.ts';
import { poolerAddress } from './remote-data-plane-module.ts';
import { addressesOf, type ProjectsServers } from './projects-servers.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

export const managedDataPlaneModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.containerHost).toResolvedValue(engineOf, [TOKENS.config]);
  bind(TOKENS.managedPools).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        machine: TOKENS.machine,
        servers: TOKENS.projectsServers,
        containers: TOKENS.containerHost,
        log: TOKENS.log,
      },
      pooler,
    ),
  );
  bind(TOKENS.managedDataApis).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        machine: TOKENS.machine,
        servers: TOKENS.projectsServers,
        pools: TOKENS.managedPools,
        host: TOKENS.containerHost,
        use: TOKENS.use,
        gateways: TOKENS.gateways,
        schemas: TOKENS.schemaChanges,
        log: TOKENS.log,
      },
      postgrests,
    ),
  );
  bind(TOKENS.wake).toResolvedValue(
    (store, ids, watch, starts) => async (project, signal) => {
      const actor = { kind: 'process', id: 'gateway' } as const;
      const metadata = { correlationId: ids.uuid(), causationId: null, actor, reason: 'a request came' };
      await wakeProject({ store, ids, watch }, project, metadata, signal);
      // it is awake, but we may have started a moment ago
      await unlessAborted(starts.ask(project), signal, () => {});
    },
    [TOKENS.store, TOKENS.ids, TOKENS.watch, TOKENS.dataApiStarts],
  );
  bind(TOKENS.pools).toResolvedValue((pools) => pools, [TOKENS.managedPools]);
  bind(TOKENS.dataApis).toResolvedValue((dataApis) => dataApis, [TOKENS.managedDataApis]);
  bind(TOKENS.pooler).toResolvedValue(
    (config, { enabled }) => (enabled ? poolerAddress(config) : undefined),
    [TOKENS.config, TOKENS.managedPools],
  );
  bind(TOKENS.managedWorld).toResolvedValue(
    ...needs(
      {
        databases: TOKENS.databases,
        secrets: TOKENS.secrets,
        logins: TOKENS.projectLogins,
        pools: TOKENS.managedPools,
        dataApis: TOKENS.managedDataApis,
        config: TOKENS.config,
      },
      ({ config, ...world }) => ({ ...world, route: config.DATA_API_ROUTE }),
    ),
  );
});

/** The client of an engine is loaded where one is used. */
const dockerRuntime = () => import('./docker-runtime.ts');

/** @returns undefined when projects do not run in containers */
const engineOf = async (config: Config): Promise<ContainerHost | undefined> =>
  config.LAUNCHDB_RUNTIME === 'docker' ? (await dockerRuntime()).containerHost(config) : undefined;

async function pooler({
  config,
  machine,
  servers,
  containers,
  log,
}: {
  readonly config: Config;
  readonly machine: Machine;
  readonly servers: ProjectsServers;
  readonly containers: ContainerHost | undefined;
  readonly log: Log;
}): Promise<ManagedConnectionPools> {
  const { pgbouncer: binary, directory, users } = machine;
  const user = users.pgbouncer;
  const { PGBOUNCER_HOST: host, PGBOUNCER_PORT: port, PGBOUNCER_CONFIG_DIR: shared } = config;
  const adminPassword = derivedPassword(directory.masterKey, 'pgbouncer-admin');
  const common = { port, servers: addressesOf(servers), adminPassword, log };
  if (host !== undefined && shared !== undefined) {
    const folder = resolve(shared);
    const doors = { addresses: ['*'], clientsFrom: ['0.0.0.0/0', '::/0'] };
    return new PgbouncerConnectionPools({ ...common, host, folder, doors, user });
  }
  if (binary === undefined) return new NoConnectionPools();
  if (!isGuarded(config, machine)) await requireGuardless(binary);
  return new PgbouncerConnectionPools({
    ...common,
    folder: await childFolder(machine, 'pgbouncer', 'pgbouncer'),
    doors: await childDoors(config, machine, containers?.network),
    user,
    program: {
      binary,
      logFile: join(directory.path, 'pgbouncer', 'pgbouncer.log'),
      ...(!isGuarded(config, machine) && { beforeLaunch: () => requireFreePort(port, 'PGBOUNCER_PORT') }),
    },
  });
}

/** Its console, our own PostgRESTs and the guard reach it by its socket, where nobody else may enter. */
async function childDoors(
  config: Config,
  machine: Machine,
  containers: ContainerNetwork | undefined,
): Promise<Doors> {
  const folder = poolerSocket(machine);
  await ensureSocketFolder(folder, machine.users.pgbouncer, machine.users.postgrest);
  if (isGuarded(config, machine)) return { socketFolder: folder, addresses: [], clientsFrom: [] };
  return {
    socketFolder: folder,
    addresses: ['127.0.0.1', ...(containers ? [containers.gateway] : [])],
    clientsFrom: ['127.0.0.1/32', ...(containers ? [containers.subnet] : [])],
  };
}

/** In containers or as processes. */
async function postgrests({
  config,
  machine,
  servers,
  pools,
  host,
  use,
  gateways,
  schemas,
  log,
}: {
  readonly config: Config;
  readonly machine: Machine;
  readonly servers: ProjectsServers;
  readonly pools: ManagedConnectionPools;
  readonly host: ContainerHost | undefined;
  readonly use: IdleDependencies['use'];
  readonly gateways: RemoteGateways;
  readonly schemas: SchemaChanges;
  readonly log: Log;
}): Promise<ManagedDataApis> {
  const inUse: InUse = async (project) =>
    gateways.maySend(project) || ((await use())?.get(project)?.busy ?? false);
  const running = host
    ? await (await dockerRuntime()).postgrestContainers(host, config, machine, servers, pools, inUse, log)
    : await postgrestProcesses(config, machine, servers, pools, inUse, log);
  return new ExistingSchemas(running, schemas, log);
}

async function postgrestProcesses(
  config: Config,
  machine: Machine,
  servers: ProjectsServers,
  pools: ManagedConnectionPools,
  inUse: InUse,
  log: Log,
): Promise<ManagedDataApis> {
  const host = config.PGBOUNCER_HOST ?? poolerSocket(machine);
  const pooler = { ...poolerAddress(config), host };
  return ProcessDataApis.create({
    binary: await findPostgrest(machine.users.postgrest),
    folder: await childFolder(machine, 'postgrest', 'postgrest'),
    routeOf: routesOfProcesses(config, machine, servers, pools.enabled ? pooler : undefined),
    user: machine.users.postgrest,
    log,
    inUse,
  });
}
