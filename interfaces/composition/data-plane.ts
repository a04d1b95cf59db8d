import { handle } from '../../application/handle.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import { dataApiOf, poolOf, type World } from '../../application/process-managers/world.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { projectNameDecider, projectNameStream } from '../../domain/project/project-name.ts';
import { PgbouncerConnectionPools } from '../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import { PostgresDatabases } from '../../infrastructure/postgres/postgres-databases.ts';
import { PostgresMigrations } from '../../infrastructure/postgres/postgres-migrations.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import { ProcessDataApis } from '../../infrastructure/process/process-data-apis.ts';
import { desiredDataApis } from '../../projections/desired-data-apis/desired-data-apis.ts';
import { type DesiredDataApi, listDesiredDataApis } from '../../projections/desired-data-apis/queries.ts';
import { openProcesses } from '../../projections/provisioning-progress/queries.ts';
import { type Cluster, childFolder } from './cluster.ts';
import type { Core } from './core.ts';
import type { Lifecycle } from './lifecycle.ts';

export type PlatformWorld = World & { readonly dataApis: ProcessDataApis };

const STARTS_AT_ONCE = 4;

/** Brings the pooler's entries and every project's PostgREST back to what the log says shall stand. */
export async function startDataPlane(
  cluster: Cluster,
  core: Core,
  lifecycle: Lifecycle,
  log: Log,
): Promise<PlatformWorld> {
  const { pools, server, user, directory } = cluster;
  const { store, secrets, pool } = core;
  await core.checkpoints.waitFor(desiredDataApis.name, await store.head(), 60_000);
  const desired = await listDesiredDataApis(pool);
  await lifecycle.start({
    name: 'connection-pools',
    start: () =>
      pools.restore(
        desired
          .filter((one) => one.pool)
          .map((one) => poolOf(secrets, { id: one.projectId, secrets: one.secrets })),
      ),
    stop: async () => (pools instanceof PgbouncerConnectionPools ? pools.stop() : undefined),
    stopWithinMs: 6_000,
  });
  const direct = { host: server.address.host, port: server.address.port, pooled: false };
  const dataApis = await ProcessDataApis.create({
    binary: await findPostgrest(user),
    folder: await childFolder(directory.path, 'postgrest', user),
    route:
      pools instanceof PgbouncerConnectionPools
        ? { host: '127.0.0.1', port: pools.port, pooled: true }
        : direct,
    user,
    log,
  });
  const open = new Set(await openProcesses(pool));
  await lifecycle.start({
    name: 'data-apis',
    start: () =>
      restoreDataApis(
        dataApis,
        desired.filter((one) => one.postgrest),
        open,
        secrets,
        log,
      ),
    stop: () => dataApis.stopAll(),
    stopWithinMs: 10_000,
  });
  return {
    databases: new PostgresDatabases(server),
    migrations: new PostgresMigrations(server, cluster.templateVersion),
    pools,
    dataApis,
    secrets,
    releaseName: async ({ id, ownerId, name }) => {
      const metadata = {
        correlationId: id,
        causationId: null,
        actor: { kind: 'process', id: 'purge' },
      } as const;
      const command = { kind: 'FreeName', projectId: id } as const;
      await handle(core, projectNameDecider, projectNameStream(ownerId, name), command, metadata);
    },
  };
}

/** Starts or adopts what is wanted and ends what an earlier run left and nobody wants any more. */
async function restoreDataApis(
  dataApis: ProcessDataApis,
  wanted: readonly DesiredDataApi[],
  open: ReadonlySet<ProjectId>,
  secrets: Secrets,
  log: Log,
): Promise<void> {
  const known = new Set(wanted.map(({ projectId }) => projectId));
  for (const left of await dataApis.list()) {
    if (!open.has(left) && !known.has(left)) await dataApis.remove(left);
  }
  await inParallel(wanted, STARTS_AT_ONCE, async ({ projectId: id, secrets: sealed, dataApi }) => {
    try {
      await dataApis.ensure(dataApiOf(secrets, { id, secrets: sealed, dataApi }));
    } catch (error) {
      log.error({ project: id, err: error }, 'a REST API does not start');
    }
  });
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
