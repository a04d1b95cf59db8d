/** What the manager keeps standing for projects (pool entries, REST APIs), and what keeps it standing. */
import type { Background } from '../../application/background/background.ts';
import { join, resolve } from 'node:path';
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Log } from '../../application/ports/log.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import { inParallel } from '../../application/in-parallel.ts';
import { dataApiOf, poolOf } from '../../application/desired/desired-project.ts';
import type { ManagedWorld } from '../../application/desired/world.ts';
import { wakeProject } from '../../application/project/wake-project.ts';
import { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { IdleDependencies } from '../../application/reconcilers/sleep-when-idle.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
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
import type { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { desiredProjects } from '../../projections/desired-projects/desired-projects.ts';
import { listDesiredProjects } from '../../projections/desired-projects/queries.ts';
import { openProcesses } from '../../projections/process-runs/queries.ts';
import type { Config } from '../config.ts';
import type { RemoteGateways } from '../manager/remote-gateways.ts';
import type { ContainerHost } from './docker-runtime.ts';
import type { Part } from './lifecycle.ts';
import { tasksPart } from './tasks-part.ts';
import { childFolder, type Machine } from './machine.ts';
import { isGuarded, poolerSocket } from './pooler-guard-module.ts';
import { poolerAddress } from './remote-data-plane-module.ts';
import { addressesOf, answering, serverNamed, type ProjectsServers } from './projects-servers.ts';
import { PARTS, TOKENS } from './tokens.ts';

const STARTS_AT_ONCE = 4;
const LOOK_EVERY_MS = 30_000;
const VIEW_WITHIN_MS = 60_000;

export const managedDataPlaneModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.containerHost).toResolvedValue(engineOf, [TOKENS.config]);
  bind(TOKENS.managedPools).toResolvedValue(pooler, [
    TOKENS.config,
    TOKENS.machine,
    TOKENS.projectsServers,
    TOKENS.containerHost,
    TOKENS.log,
  ]);
  bind(TOKENS.managedDataApis).toResolvedValue(postgrests, [
    TOKENS.config,
    TOKENS.machine,
    TOKENS.projectsServers,
    TOKENS.managedPools,
    TOKENS.containerHost,
    TOKENS.use,
    TOKENS.gateways,
    TOKENS.schemaChanges,
    TOKENS.log,
  ]);
  bind(TOKENS.wake).toResolvedValue(
    (store, ids, watch) => (project, signal) => {
      const actor = { kind: 'process', id: 'gateway' } as const;
      const metadata = { correlationId: ids.uuid(), causationId: null, actor, reason: 'a request came' };
      return wakeProject({ store, ids, watch }, project, metadata, signal);
    },
    [TOKENS.store, TOKENS.ids, TOKENS.watch],
  );
  bind(TOKENS.pools).toResolvedValue((pools) => pools, [TOKENS.managedPools]);
  bind(TOKENS.dataApis).toResolvedValue((dataApis) => dataApis, [TOKENS.managedDataApis]);
  bind(TOKENS.pooler).toResolvedValue(
    (config, { enabled }) => (enabled ? poolerAddress(config) : undefined),
    [TOKENS.config, TOKENS.managedPools],
  );
  bind(TOKENS.managedWorld).toResolvedValue(
    (databases, secrets, logins, pools, dataApis) => ({ databases, secrets, logins, pools, dataApis }),
    [TOKENS.databases, TOKENS.secrets, TOKENS.projectLogins, TOKENS.managedPools, TOKENS.managedDataApis],
  );
  bind(PARTS.connectionPools).toResolvedValue(restoredPools, [
    TOKENS.managedWorld,
    TOKENS.platformPool,
    TOKENS.store,
    TOKENS.checkpoints,
    TOKENS.projectsServers,
    TOKENS.log,
  ]);
  bind(PARTS.dataApis).toResolvedValue(restoredDataApis, [
    TOKENS.managedDataApis,
    TOKENS.secrets,
    TOKENS.platformPool,
    TOKENS.log,
    TOKENS.projectsServers,
  ]);
  bind(PARTS.reconciler).toResolvedValue(reconcilerPart, [TOKENS.reconciler, TOKENS.background]);
  bind(TOKENS.reconciler).toResolvedValue(
    (world, store, ids, clock, log, pool) => {
      const desired = () => listDesiredProjects(pool);
      return new ProjectReconciler({ world, store, ids, clock, log, desired });
    },
    [TOKENS.managedWorld, TOKENS.store, TOKENS.ids, TOKENS.clock, TOKENS.log, TOKENS.platformPool],
  );
});

/** The client of an engine is loaded where one is used. */
const dockerRuntime = () => import('./docker-runtime.ts');

/** @returns undefined when projects do not run in containers */
const engineOf = async (config: Config): Promise<ContainerHost | undefined> =>
  config.LAUNCHDB_RUNTIME === 'docker' ? (await dockerRuntime()).containerHost(config) : undefined;

function reconcilerPart(reconciler: ProjectReconciler, background: Background): Part {
  const look = {
    name: 'drift',
    everyMs: LOOK_EVERY_MS,
    atOnce: false,
    failed: 'could not look for drift',
    run: () => reconciler.look(),
  };
  const tasks = tasksPart('reconciler', background, [look]);
  return {
    ...tasks,
    start: () => {
      reconciler.start();
      return tasks.start();
    },
    stop: async () => {
      await tasks.stop();
      await reconciler.stop();
    },
    stopWithinMs: 10_000,
  };
}

async function pooler(
  config: Config,
  machine: Machine,
  servers: ProjectsServers,
  containers: ContainerHost | undefined,
  log: Log,
): Promise<ManagedConnectionPools> {
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
async function postgrests(
  config: Config,
  machine: Machine,
  servers: ProjectsServers,
  pools: ManagedConnectionPools,
  host: ContainerHost | undefined,
  use: IdleDependencies['use'],
  gateways: RemoteGateways,
  schemas: SchemaChanges,
  log: Log,
): Promise<ManagedDataApis> {
  const inUse: InUse = async (project) =>
    gateways.maySend(project) || ((await use())?.get(project)?.busy ?? false);
  const running = host
    ? await (await dockerRuntime()).postgrestContainers(host, config, machine, pools, inUse, log)
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
  const pooled = pools.enabled;
  const pooler = config.PGBOUNCER_HOST === undefined ? { host: poolerSocket(machine) } : {};
  const direct = (name: ServerName) => {
    const { host, port } = serverNamed(servers, name).address;
    return { host, port, pooled };
  };
  return ProcessDataApis.create({
    binary: await findPostgrest(machine.users.postgrest),
    folder: await childFolder(machine, 'postgrest', 'postgrest'),
    routeTo: pooled ? () => ({ ...poolerAddress(config), ...pooler, pooled }) : direct,
    user: machine.users.postgrest,
    log,
    inUse,
  });
}

/** The pooler, with every entry that the log says shall stand. */
function restoredPools(
  world: ManagedWorld,
  pool: pg.Pool,
  store: EventStore,
  checkpoints: CheckpointWatch,
  servers: ProjectsServers,
  log: Log,
): Part {
  return {
    name: 'connection-pools',
    start: async () => {
      await checkpoints.waitFor(desiredProjects.name, await store.head(), VIEW_WITHIN_MS);
      const standing = (await listDesiredProjects(pool)).filter((one) => one.pool);
      const homeless = standing.filter(({ server }) => !servers.has(server));
      if (homeless.length > 0)
        log.error({ projects: homeless.map(({ projectId }) => projectId) }, 'no such server for projects');
      await world.pools.restore(
        standing
          .filter(({ server }) => servers.has(server))
          .map(({ projectId: id, server, secrets }) => poolOf(world, { id, server, secrets })),
      );
    },
    stop: () => world.pools.stop(),
    stopWithinMs: 6_000,
  };
}

/** Starts or adopts what is wanted and ends what an earlier run left and nobody wants any more. */
function restoredDataApis(
  dataApis: ManagedDataApis,
  secrets: Secrets,
  pool: pg.Pool,
  log: Log,
  servers: ProjectsServers,
): Part {
  return {
    name: 'data-apis',
    start: async () => {
      const wanted = (await listDesiredProjects(pool)).filter((one) => one.postgrest);
      // what a process is at work on is that process's business
      const known = new Set([...wanted.map(({ projectId }) => projectId), ...(await openProcesses(pool))]);
      for (const left of await dataApis.list()) if (!known.has(left)) await dataApis.remove(left);
      // each of the others would be waited for; the reconciler starts them when their server is back
      const there = await answering(servers);
      const startable = wanted.filter(({ server }) => there.has(server));
      await inParallel(startable, STARTS_AT_ONCE, async ({ projectId: id, ...row }) => {
        try {
          await dataApis.ensure(dataApiOf(secrets, { id, ...row }));
        } catch (error) {
          log.error({ project: id, err: error }, 'a REST API does not start');
        }
      });
    },
    stop: () => dataApis.stop(),
    stopWithinMs: 10_000,
  };
}
