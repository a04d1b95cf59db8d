/** The process manager: takes every process to its end, step by step. */
import { availableParallelism } from 'node:os';
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import { EffectsUnderWay } from '../../application/process-engine/effects-under-way.ts';
import { DEFAULT_BOUNDS } from '../../application/process-engine/process.ts';
import {
  ProcessWorker,
  type ProcessWorkerDependencies,
} from '../../application/process-engine/process-worker.ts';
import type { TurnDependencies } from '../../application/process-engine/turn.ts';
import {
  ProjectUpgrades,
  type UpgradeDependencies,
} from '../../application/process-managers/upgrade-projects.ts';
import { projectStream } from '../../domain/project/project-id.ts';
import { isInService } from '../../domain/project/project-status.ts';
import { Sweep, type SweepDependencies } from '../../application/reconcilers/sweep-expired.ts';
import { IdleWatch, type IdleDependencies } from '../../application/reconcilers/sleep-when-idle.ts';
import type { ProjectHost } from '../../application/process-managers/project-process.ts';
import { projectHost } from '../../application/process-managers/processes.ts';
import { readCheckpoint } from '../../projections/checkpoints.ts';
import { listAwake } from '../../projections/desired-projects/queries.ts';
import { dueProjects, listBehind } from '../../projections/project-list/queries.ts';
import { openProcesses } from '../../projections/process-runs/queries.ts';
import { LedWork } from '../worker/led-work.ts';
import { measuredTries } from './measured.ts';
import { tasksPart } from './tasks-part.ts';
import type { PeriodicTask } from '../../application/background/background.ts';
import type { PlatformOptions } from './platform-options.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';
import { sessionOpener } from '../../infrastructure/postgres/scram-client.ts';

const CONCURRENT_PROJECTS = 6;
/**
 * One core is left to those who are served: measured on two, two at once made others wait three times as long (99 % of
 * their requests), one after another less than twice.
 */
const UPGRADES_AT_ONCE = Math.min(4, Math.max(1, availableParallelism() - 1));
const LOOK_BEHIND_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 30_000;
/** keys are refused when their overlap is over, not much later: the question is two short looks at an index */
const SWEEP_EVERY_MS = 1_000;
/** and for a short time of idleness more often */
const LOOK_FOR_IDLE_EVERY_MS = 15_000;
const VIEW = 'process-runs';
const VIEW_WITHIN_MS = 60_000;

export const workerModule = new ContainerModule(({ bind }) => {
  bind(PARTS.processWorker).toResolvedValue(
    ...needs(
      {
        options: TOKENS.options,
        world: TOKENS.world,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        pool: TOKENS.platformPool,
        connection: TOKENS.platformConnection,
        checkpoints: TOKENS.checkpoints,
        use: TOKENS.use,
        watch: TOKENS.watch,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
        background: TOKENS.background,
        stepProgress: TOKENS.stepProgress,
        spareTask: TOKENS.spareTask,
        figureTasks: TOKENS.figureTasks,
      },
      ({
        options,
        world,
        store,
        ids,
        clock,
        pool,
        connection,
        checkpoints,
        use,
        watch,
        metrics,
        tracing,
        background,
        stepProgress,
        spareTask,
        figureTasks,
      }) => {
        const { log, observe = () => {} } = options;
        const around = measuredTries(metrics, tracing);
        const progress: TurnDependencies['progress'] = (tried, how) => stepProgress.tell(tried, how);
        const engine = { store, ids, clock, log, bounds: DEFAULT_BOUNDS, observe, around, progress };
        const worker = projectWorker(engine, projectHost(world), pool);
        const upgrades = projectUpgrades({ ...engine, secrets: world.secrets, watch }, pool);
        const periodic = tasksPart('worker-tasks', background, [
          sweepTask({ store, ids, clock, log, databases: world.databases }, pool),
          ...idleTask(options, { store, ids, clock, use }, pool),
          ...figureTasks,
          spareTask,
          catchUpTask(upgrades),
          lookTask('project-processes', worker),
          lookTask('rollout-processes', upgrades),
        ]);
        const ready = async () => checkpoints.waitFor(VIEW, await store.head(), VIEW_WITHIN_MS);
        const work = inOrder(ready, [worker, upgrades, periodic]);
        const openSession = sessionOpener(connection);
        const led = new LedWork({ name: 'process-worker', openSession, log, work });
        return {
          name: 'process-worker',
          start: () => led.start(),
          stop: () => led.stop(),
          stopWithinMs: 20_000,
        };
      },
    ),
  );
});

interface Startable {
  start(): unknown;
  stop(): Promise<unknown>;
}

/** Started one after the other, and stopped the other way round. */
const inOrder = (ready: () => Promise<unknown>, parts: readonly Startable[]) => ({
  async start() {
    await ready();
    for (const part of parts) await part.start();
  },
  async stop() {
    for (const part of parts.toReversed()) await part.stop();
  },
});

type WorkerBasics = Omit<ProcessWorkerDependencies, 'effects' | 'concurrency' | 'open'>;

function projectWorker(basics: WorkerBasics, host: ProjectHost, pool: pg.Pool) {
  return new ProcessWorker(
    {
      ...basics,
      effects: new EffectsUnderWay(),
      concurrency: CONCURRENT_PROJECTS,
      open: async () => {
        // first how far the view is, then what it shows: an event in between is seen twice rather than never
        const { position } = await readCheckpoint(pool, VIEW);
        return { streams: (await openProcesses(pool)).map(projectStream), position };
      },
    },
    host,
  );
}

function sweepTask(basics: Omit<SweepDependencies, 'due'>, pool: pg.Pool): PeriodicTask {
  const sweep = new Sweep({ ...basics, due: (now) => dueProjects(pool, now) });
  const failed = 'could not look for what is due';
  return { name: 'sweep', everyMs: SWEEP_EVERY_MS, failed, run: () => sweep.sweep() };
}

type UpgradeBasics = Omit<UpgradeDependencies, 'behind' | 'atOnce'>;

function projectUpgrades(basics: UpgradeBasics, pool: pg.Pool): ProjectUpgrades {
  const behind = async (version: number) => {
    const projects = await listBehind(pool, version);
    return projects.flatMap(({ id, status, process }) =>
      process === null && isInService(status) ? [id] : [],
    );
  };
  return new ProjectUpgrades({
    ...basics,
    behind,
    atOnce: UPGRADES_AT_ONCE,
  });
}

const catchUpTask = (upgrades: ProjectUpgrades): PeriodicTask => ({
  name: 'catch-up',
  everyMs: LOOK_BEHIND_EVERY_MS,
  failed: 'could not look for projects that are behind',
  run: () => upgrades.catchUp(),
});

/** The log wakes a worker; this is for a wake-up that was lost, and for whoever is held up. */
const lookTask = (name: string, worker: { look(): Promise<void> }): PeriodicTask => ({
  name,
  everyMs: LOOK_EVERY_MS,
  // what was open at the start is under way
  atOnce: false,
  failed: 'could not look for open processes',
  run: () => worker.look(),
});

/** @returns none: projects are not put to sleep here */
function idleTask(
  { config, log }: PlatformOptions,
  basics: Pick<IdleDependencies, 'store' | 'ids' | 'clock' | 'use'>,
  pool: pg.Pool,
): readonly PeriodicTask[] {
  const idleMs = config.IDLE_SLEEP_MINUTES * 60_000;
  if (idleMs === 0) return [];
  const watch = new IdleWatch({ ...basics, log, idleMs, awake: () => listAwake(pool) });
  const everyMs = Math.min(LOOK_FOR_IDLE_EVERY_MS, idleMs / 4);
  const begin = () => watch.forget();
  return [
    { name: 'idle', everyMs, failed: 'could not look for idle projects', begin, run: () => watch.look() },
  ];
}
