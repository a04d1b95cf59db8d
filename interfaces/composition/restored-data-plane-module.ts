/** What stands for projects comes back at the start, and whenever it drifts from what the log says. */
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import type { Background } from '../../application/background/background.ts';
import { poolOf } from '../../application/desired/desired-project.ts';
import type { ManagedWorld } from '../../application/desired/world.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Log } from '../../application/ports/log.ts';
import type { ProjectUsage } from '../../application/ports/project-usage.ts';
import { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import { DataApiStarts } from '../../application/reconcilers/start-data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { desiredProjects } from '../../projections/desired-projects/desired-projects.ts';
import { listDesiredProjects } from '../../projections/desired-projects/queries.ts';
import { openProcesses } from '../../projections/process-runs/queries.ts';
import type { Part } from './lifecycle.ts';
import { needs } from './needs.ts';
import { answering, type ProjectsServers } from './projects-servers.ts';
import { tasksPart } from './tasks-part.ts';
import { PARTS, TOKENS } from './tokens.ts';

const LOOK_EVERY_MS = 30_000;
const VIEW_WITHIN_MS = 60_000;

export const restoredDataPlaneModule = new ContainerModule(({ bind }) => {
  bind(PARTS.connectionPools).toResolvedValue(
    ...needs(
      {
        world: TOKENS.managedWorld,
        pool: TOKENS.platformPool,
        store: TOKENS.store,
        checkpoints: TOKENS.checkpoints,
        servers: TOKENS.projectsServers,
        log: TOKENS.log,
      },
      restoredPools,
    ),
  );
  bind(PARTS.dataApis).toResolvedValue(
    ...needs(
      {
        world: TOKENS.managedWorld,
        pool: TOKENS.platformPool,
        starts: TOKENS.dataApiStarts,
        usage: TOKENS.projectUsage,
        servers: TOKENS.projectsServers,
      },
      restoredDataApis,
    ),
  );
  bind(TOKENS.dataApiStarts).toResolvedValue(
    (world, store, log) => new DataApiStarts({ world, store, log }),
    [TOKENS.managedWorld, TOKENS.store, TOKENS.log],
  );
  bind(PARTS.reconciler).toResolvedValue(reconcilerPart, [TOKENS.reconciler, TOKENS.background]);
  bind(TOKENS.reconciler).toResolvedValue(
    ...needs(
      {
        world: TOKENS.managedWorld,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        log: TOKENS.log,
        pool: TOKENS.platformPool,
        starts: TOKENS.dataApiStarts,
      },
      ({ world, store, ids, clock, log, pool, starts }) => {
        // one that is yet to be started is not missing
        const desired = () => starts.allDone().then(() => listDesiredProjects(pool));
        return new ProjectReconciler({ world, store, ids, clock, log, desired });
      },
    ),
  );
});

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

/** The pooler, with every entry that the log says shall stand. */
function restoredPools({
  world,
  pool,
  store,
  checkpoints,
  servers,
  log,
}: {
  readonly world: ManagedWorld;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly checkpoints: CheckpointWatch;
  readonly servers: ProjectsServers;
  readonly log: Log;
}): Part {
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
          .map(({ projectId: id, ...row }) => poolOf(world, { id, ...row })),
      );
    },
    stop: () => world.pools.stop(),
    stopWithinMs: 6_000,
  };
}

/** Ends what an earlier run left and nobody wants any more; starts or adopts what is wanted. */
function restoredDataApis({
  world,
  pool,
  starts,
  usage,
  servers,
}: {
  readonly world: ManagedWorld;
  readonly pool: pg.Pool;
  readonly starts: DataApiStarts;
  readonly usage: Pick<ProjectUsage, 'lastUses'>;
  readonly servers: ProjectsServers;
}): Part {
  const { dataApis } = world;
  return {
    name: 'data-apis',
    start: async () => {
      const wanted = (await listDesiredProjects(pool)).filter((one) => one.postgrest);
      // what a process is at work on is that process's business
      const known = new Set([...wanted.map(({ projectId }) => projectId), ...(await openProcesses(pool))]);
      for (const left of await dataApis.list()) if (!known.has(left)) await dataApis.remove(left);
      // each of the others would be waited for; the reconciler starts them when their server is back
      const there = await answering(servers);
      const startable = wanted.filter(({ server }) => there.has(server)).map(({ projectId }) => projectId);
      await starts.begin(lastUsedFirst(startable, await usage.lastUses(startable)));
    },
    stop: async () => {
      await starts.stop();
      await dataApis.stop();
    },
    stopWithinMs: 10_000,
  };
}

function lastUsedFirst(ids: readonly ProjectId[], uses: ReadonlyMap<ProjectId, Date>): readonly ProjectId[] {
  const at = (id: ProjectId) => uses.get(id)?.getTime() ?? 0;
  return ids.toSorted((one, other) => at(other) - at(one));
}
