/** What stands outside for projects (databases, pool entries, REST APIs) and what keeps it standing. */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import { handle } from '../../application/handle.ts';
import type { ConnectionPools } from '../../application/ports/connection-pools.ts';
import type { DataApis } from '../../application/ports/data-apis.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Ids } from '../../application/ports/ids.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import { dataApiOf, poolOf, type World } from '../../application/process-managers/world.ts';
import { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import { projectNameDecider, projectNameStream } from '../../domain/project/project-name.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { NoConnectionPools } from '../../infrastructure/pgbouncer/no-connection-pools.ts';
import { PgbouncerConnectionPools } from '../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import { PostgresDatabases } from '../../infrastructure/postgres/postgres-databases.ts';
import { PostgresMigrations } from '../../infrastructure/postgres/postgres-migrations.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { requireFreePort } from '../../infrastructure/process/free-port.ts';
import { ProcessDataApis } from '../../infrastructure/process/process-data-apis.ts';
import type { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { desiredDataApis } from '../../projections/desired-data-apis/desired-data-apis.ts';
import { listDesiredDataApis } from '../../projections/desired-data-apis/queries.ts';
import { openProcesses } from '../../projections/provisioning-progress/queries.ts';
import type { Config } from '../config.ts';
import type { Part } from './lifecycle.ts';
import { childFolder, type Machine } from './machine.ts';
import { PARTS, TOKENS } from './tokens.ts';

const STARTS_AT_ONCE = 4;
const LOOK_EVERY_MS = 30_000;
const VIEW_WITHIN_MS = 60_000;

export const dataPlaneModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.databases).toResolvedValue((server) => new PostgresDatabases(server), [TOKENS.server]);
  bind(TOKENS.migrations).toResolvedValue(
    (server, { templateVersion }) => new PostgresMigrations(server, templateVersion),
    [TOKENS.server, TOKENS.machine],
  );
  bind(TOKENS.pools).toResolvedValue(pooler, [TOKENS.config, TOKENS.machine, TOKENS.server, TOKENS.log]);
  bind(TOKENS.dataApis).toResolvedValue(postgrestProcesses, [
    TOKENS.config,
    TOKENS.machine,
    TOKENS.server,
    TOKENS.pools,
    TOKENS.log,
  ]);
  bind(TOKENS.world).toResolvedValue(
    (databases, migrations, pools, dataApis, secrets, store, ids): World => ({
      databases,
      migrations,
      pools,
      dataApis,
      secrets,
      releaseName: releaseName(store, ids),
    }),
    [
      TOKENS.databases,
      TOKENS.migrations,
      TOKENS.pools,
      TOKENS.dataApis,
      TOKENS.secrets,
      TOKENS.store,
      TOKENS.ids,
    ],
  );
  bind(PARTS.connectionPools).toResolvedValue(restoredPools, [
    TOKENS.pools,
    TOKENS.secrets,
    TOKENS.platformPool,
    TOKENS.store,
    TOKENS.checkpoints,
  ]);
  bind(PARTS.dataApis).toResolvedValue(restoredDataApis, [
    TOKENS.dataApis,
    TOKENS.secrets,
    TOKENS.platformPool,
    TOKENS.log,
  ]);
  bind(TOKENS.reconciler).toResolvedValue(
    (world, store, ids, clock, log, pool) => {
      const desired = () => listDesiredDataApis(pool);
      return new ProjectReconciler({ world, store, ids, clock, log, desired, lookEveryMs: LOOK_EVERY_MS });
    },
    [TOKENS.world, TOKENS.store, TOKENS.ids, TOKENS.clock, TOKENS.log, TOKENS.platformPool],
  );
  bind(PARTS.reconciler).toResolvedValue(
    (reconciler) => ({
      name: 'reconciler',
      start: () => Promise.resolve(reconciler.start()),
      stop: () => reconciler.stop(),
      stopWithinMs: 10_000,
    }),
    [TOKENS.reconciler],
  );
});

const LOCALHOST = '127.0.0.1';

async function pooler(
  config: Config,
  machine: Machine,
  server: PostgresServer,
  log: Log,
): Promise<ConnectionPools> {
  const { pgbouncer, directory, user } = machine;
  if (pgbouncer === undefined) return new NoConnectionPools();
  return new PgbouncerConnectionPools({
    binary: pgbouncer,
    folder: await childFolder(machine, 'pgbouncer'),
    logFile: join(directory.path, 'pgbouncer', 'pgbouncer.log'),
    port: config.PGBOUNCER_PORT,
    server: server.address,
    adminPassword: derivedPassword(directory.masterKey, 'pgbouncer-admin'),
    user,
    log,
    beforeLaunch: () => requireFreePort(config.PGBOUNCER_PORT, 'PGBOUNCER_PORT'),
  });
}

async function postgrestProcesses(
  config: Config,
  machine: Machine,
  { address }: PostgresServer,
  pools: ConnectionPools,
  log: Log,
): Promise<DataApis> {
  const pooled = pools.enabled;
  return ProcessDataApis.create({
    binary: await findPostgrest(machine.user),
    folder: await childFolder(machine, 'postgrest'),
    route: pooled
      ? { host: LOCALHOST, port: config.PGBOUNCER_PORT, pooled }
      : { host: address.host, port: address.port, pooled },
    user: machine.user,
    log,
  });
}

const releaseName =
  (store: EventStore, ids: Ids): World['releaseName'] =>
  async ({ id, ownerId, name }) => {
    const metadata = {
      correlationId: id,
      causationId: null,
      actor: { kind: 'process', id: 'purge' },
      reason: 'purge: release-name',
    } as const;
    const command = { kind: 'FreeName', projectId: id } as const;
    await handle({ store, ids }, projectNameDecider, projectNameStream(ownerId, name), command, metadata);
  };

/** The pooler, with every entry that the log says shall stand. */
function restoredPools(
  pools: ConnectionPools,
  secrets: Secrets,
  pool: pg.Pool,
  store: EventStore,
  checkpoints: CheckpointWatch,
): Part {
  return {
    name: 'connection-pools',
    start: async () => {
      await checkpoints.waitFor(desiredDataApis.name, await store.head(), VIEW_WITHIN_MS);
      const standing = (await listDesiredDataApis(pool)).filter((one) => one.pool);
      await pools.restore(
        standing.map((one) => poolOf(secrets, { id: one.projectId, secrets: one.secrets })),
      );
    },
    stop: () => pools.stop(),
    stopWithinMs: 6_000,
  };
}

/** Starts or adopts what is wanted and ends what an earlier run left and nobody wants any more. */
function restoredDataApis(dataApis: DataApis, secrets: Secrets, pool: pg.Pool, log: Log): Part {
  return {
    name: 'data-apis',
    start: async () => {
      const wanted = (await listDesiredDataApis(pool)).filter((one) => one.postgrest);
      // what a process is at work on is that process's business
      const known = new Set([...wanted.map(({ projectId }) => projectId), ...(await openProcesses(pool))]);
      for (const left of await dataApis.list()) if (!known.has(left)) await dataApis.remove(left);
      await inParallel(wanted, STARTS_AT_ONCE, async ({ projectId: id, ...row }) => {
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

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
