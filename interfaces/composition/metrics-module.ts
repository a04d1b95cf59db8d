/** What is counted, what is asked for at a scrape (views, pools, REST APIs, room), and where it is served. */
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import { Background } from '../../application/background/background.ts';
import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { AdmissionDependencies } from '../../application/project/admissions.ts';
import { projectLimit } from '../../domain/platform/capacity.ts';
import { readCheckpoints } from '../../projections/checkpoints.ts';
import {
  countAtLimit,
  countProjectsByStatus,
  listDesiredProjects,
} from '../../projections/desired-projects/queries.ts';
import { Metrics, type Collector } from '../http/metrics.ts';
import { guardUsage } from './pooler-guard-module.ts';
import type { ProjectsServers } from './projects-servers.ts';
import { readiness } from './platform-api-module.ts';
import { serverPart } from './server-part.ts';
import { PostgresTaskBoard } from '../../infrastructure/postgres/postgres-task-board.ts';
import { ROLES } from '../config.ts';
import { tasksPart } from './tasks-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

const TELL_EVERY_MS = 5_000;

/** Each process counts what goes on in it. */
export const metricsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.metrics).toResolvedValue(() => new Metrics());
  bind(TOKENS.background).toResolvedValue(
    (clock, log, metrics) => {
      const background = new Background(clock, log);
      metrics.collectFrom(taskReports(metrics, background));
      return background;
    },
    [TOKENS.clock, TOKENS.log, TOKENS.metrics],
  );
  bind(TOKENS.taskBoard).toResolvedValue((pool) => new PostgresTaskBoard(pool), [TOKENS.platformPool]);
  bind(PARTS.taskBoard).toResolvedValue(
    (config, background, board) => {
      const process =
        config.LAUNCHDB_ROLES.length === ROLES.length ? 'all' : config.LAUNCHDB_ROLES.join(', ');
      return tasksPart('task-board', background, [
        {
          name: 'tell-tasks',
          everyMs: TELL_EVERY_MS,
          failed: 'could not tell what runs in the background',
          failedLevel: 'debug',
          run: () => board.tell(process, background.reports()),
        },
      ]);
    },
    [TOKENS.config, TOKENS.background, TOKENS.taskBoard],
  );
  bind(PARTS.workerServer).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        projects: TOKENS.projectsServers,
        platform: TOKENS.platformServer,
        store: TOKENS.store,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({ config: { WORKER_PORT, LISTEN_HOST }, projects, platform, store, log, metrics, tracing }) =>
        serverPart({
          name: 'worker',
          port: WORKER_PORT,
          portVariable: 'WORKER_PORT',
          host: LISTEN_HOST,
          endpoints: [],
          log,
          ready: readiness(projects, platform, store),
          metrics,
          tracing,
        }),
    ),
  );
});

const taskReports = ({ tasks: { runs, seconds, endedAt } }: Metrics, background: Background): Collector => ({
  name: 'tasks',
  sets: [runs, seconds, endedAt],
  collect() {
    for (const { name: task, runs: count, failures, last } of background.reports()) {
      runs.inc({ task, outcome: 'done' }, count - failures);
      runs.inc({ task, outcome: 'failed' }, failures);
      if (!last) continue;
      seconds.set({ task }, last.tookMs / 1000);
      endedAt.set({ task }, last.endedAt.getTime() / 1000);
    }
    return Promise.resolve();
  },
});

/** The manager's process alone asks for what is there once for all of them. */
export const collectorsModule = new ContainerModule(({ bind }) => {
  bind(PARTS.collectors).toResolvedValue(
    ...needs(
      {
        metrics: TOKENS.metrics,
        store: TOKENS.store,
        pool: TOKENS.platformPool,
        servers: TOKENS.projectsServers,
        capacity: TOKENS.capacity,
        pools: TOKENS.managedPools,
        guard: TOKENS.poolerGuard,
        dataApis: TOKENS.managedDataApis,
      },
      ({ metrics, store, pool, servers, capacity, pools, guard, dataApis }) => ({
        name: 'collectors',
        start: () => {
          const collectors = [
            lag(metrics, store, pool),
            projects(metrics, pool),
            atLimit(metrics, pool),
            room(metrics, servers, capacity),
            poolUsage(metrics, pools),
            ...(guard ? [guardUsage(metrics, guard)] : []),
            dataApiStates(metrics, dataApis, pool),
          ];
          for (const collector of collectors) metrics.collectFrom(collector);
          return Promise.resolve();
        },
        stop: () => Promise.resolve(),
        stopWithinMs: 1_000,
      }),
    ),
  );
});

const lag = ({ projections }: Metrics, store: EventStore, pool: pg.Pool): Collector => ({
  name: 'projections',
  sets: [projections.lag],
  async collect() {
    const [checkpoints, head] = [await readCheckpoints(pool), await store.head()];
    for (const { name, position } of checkpoints) {
      projections.lag.set({ projection: name }, Math.max(0, Number(head - position)));
    }
  },
});

const projects = ({ projects }: Metrics, pool: pg.Pool): Collector => ({
  name: 'projects',
  sets: [projects],
  async collect() {
    for (const { status, count } of await countProjectsByStatus(pool)) projects.set({ status }, count);
  },
});

const atLimit = ({ databasesAtLimit }: Metrics, pool: pg.Pool): Collector => ({
  name: 'databases-at-limit',
  sets: [databasesAtLimit],
  async collect() {
    for (const { level, count } of await countAtLimit(pool)) databasesAtLimit.set({ level }, count);
  },
});

const room = (
  { capacity: gauges }: Metrics,
  servers: ProjectsServers,
  capacity: AdmissionDependencies['capacity'],
): Collector => ({
  name: 'capacity',
  sets: Object.values(gauges),
  async collect() {
    const told = [...servers.keys()].map(async (server) => {
      const now = await capacity(server, 1);
      gauges.used.set({ server }, now.used);
      gauges.limit.set({ server }, projectLimit(now));
      gauges.connections.set({ server }, now.max);
    });
    await Promise.all(told);
  },
});

const poolUsage = ({ pools: gauges }: Metrics, pools: ManagedConnectionPools): Collector => ({
  name: 'pools',
  sets: Object.values(gauges),
  async collect() {
    for (const { project, clients, servers, ...usage } of await pools.usage()) {
      for (const [state, count] of Object.entries(clients)) gauges.clients.set({ project, state }, count);
      for (const [state, count] of Object.entries(servers)) gauges.servers.set({ project, state }, count);
      gauges.waitSeconds.set({ project }, usage.maxWaitMs / 1000);
      gauges.transactions.inc({ project }, usage.transactions);
    }
  },
});

const dataApiStates = (
  { dataApis: gauge }: Metrics,
  dataApis: ManagedDataApis,
  pool: pg.Pool,
): Collector => ({
  name: 'data-apis',
  sets: [gauge],
  async collect() {
    const running = new Set(await dataApis.list());
    const rows = (await listDesiredProjects(pool)).filter(({ postgrest }) => postgrest);
    const missing = rows.filter(({ projectId }) => !running.has(projectId)).length;
    gauge.set({ state: 'running' }, rows.length - missing);
    gauge.set({ state: 'missing' }, missing);
    gauge.set({ state: 'unwanted' }, running.size - (rows.length - missing));
  },
});
