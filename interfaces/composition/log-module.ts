/** The log, the views that follow it, and who waits for news of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Tracing } from '../../application/ports/tracing.ts';
import { StreamWatch } from '../../application/stream-watch.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { AesSecrets, derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { prepareLogDatabase } from '../../infrastructure/postgres/platform-database.ts';
import { PostgresStepProgress } from '../../infrastructure/postgres/postgres-step-progress.ts';
import { PLATFORM_SESSION } from '../../infrastructure/postgres/session-settings.ts';
import { sessionOpener } from '../../infrastructure/postgres/scram-client.ts';
import { sessionPool } from '../../infrastructure/postgres/session-pool.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { notBuilt } from '../../projections/checkpoints.ts';
import { ProjectionRunner } from '../../projections/projection-runner.ts';
import { InvalidConfiguration, type Config } from '../config.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Part } from './lifecycle.ts';
import { lookAtServer } from './log-server.ts';
import { measuredStore, tracedBatches } from './measured.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';
import { views } from './views.ts';

export const logModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.clock).toResolvedValue(() => new SystemClock());
  bind(TOKENS.ids).toResolvedValue(
    ({ directory }) => new RandomIds(derivedKey(directory.masterKey, 'ids')),
    [TOKENS.machine],
  );
  bind(TOKENS.projectLogins).toConstantValue(PROJECT_LOGINS);
  bind(TOKENS.secrets).toResolvedValue(
    ({ directory }, logins) => new AesSecrets(directory.masterKey, logins),
    [TOKENS.machine, TOKENS.projectLogins],
  );
  bind(TOKENS.platformPool).toResolvedValue(platformPool, [TOKENS.platformConnection, TOKENS.log]);
  bind(TOKENS.store).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        pool: TOKENS.platformPool,
        connection: TOKENS.platformConnection,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      async ({ config, pool, connection, log, metrics, tracing }) =>
        measuredStore(await eventStore(config, pool, connection, log), metrics, tracing),
    ),
  );
  bind(TOKENS.checkpoints).toResolvedValue((pool) => new CheckpointWatch(pool), [TOKENS.platformPool]);
  bind(TOKENS.stepProgress).toResolvedValue((pool) => new PostgresStepProgress(pool), [TOKENS.platformPool]);
  bind(TOKENS.watch).toResolvedValue((store) => new StreamWatch(store), [TOKENS.store]);

  bind(PARTS.platformSessions).toResolvedValue(
    (pool) => ({
      name: 'platform-sessions',
      start: () => Promise.resolve(),
      stop: () => pool.end(),
      stopWithinMs: 5_000,
    }),
    [TOKENS.platformPool],
  );
  bind(PARTS.eventStore).toResolvedValue(
    ...needs(
      { store: TOKENS.store, config: TOKENS.config, metrics: TOKENS.metrics, log: TOKENS.log },
      answeringStore,
    ),
  );
  bind(PARTS.views).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        store: TOKENS.store,
        pool: TOKENS.platformPool,
        connection: TOKENS.platformConnection,
        watch: TOKENS.checkpoints,
        log: TOKENS.log,
        tracing: TOKENS.tracing,
      },
      runningViews,
    ),
  );
  bind(PARTS.streamWatch).toResolvedValue(
    (watch) => ({
      name: 'stream-watch',
      start: () => watch.start(),
      stop: () => watch.stop(),
      stopWithinMs: 2_000,
    }),
    [TOKENS.watch],
  );
});

const answeringStore = ({
  store,
  config,
  metrics,
  log,
}: {
  readonly store: EventStore;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: Log;
}): Part => ({
  name: 'event-store',
  start: async () => {
    await untilItAnswers(store, config);
    const asksForLimit = config.LAUNCHDB_ROLES.includes('worker');
    if (store.server) lookAtServer(store.server, { asksForLimit }, metrics, log);
  },
  stop: () => store.close(),
  stopWithinMs: 5_000,
});

/** In the platform's own database, unless EVENT_STORE_URL names another place. */
async function eventStore(
  config: Config,
  pool: pg.Pool,
  connection: pg.ClientConfig,
  log: Log,
): Promise<EventStore> {
  const url = config.EVENT_STORE_URL;
  const catalogue = eventCatalogue;
  if (url === undefined)
    return new PostgresEventStore({ pool, connection: named(connection), catalogue, log });
  if (!url.startsWith('postgres')) return eventStoreDb(url, log);
  const elsewhere = named({ options: PLATFORM_SESSION, connectionString: url });
  return new PostgresEventStore({
    pool: platformPool(elsewhere, log),
    connection: elsewhere,
    catalogue,
    log,
  });
}

/** What a connection string may say is the client's to judge. @throws {InvalidConfiguration} */
async function eventStoreDb(url: string, log: Log): Promise<EventStore> {
  // a client of a few megabytes, which most do without
  const { EsdbEventStore } =
    await import('../../infrastructure/event-store/eventstoredb/esdb-event-store.ts');
  try {
    return new EsdbEventStore({ url, catalogue: eventCatalogue, log });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InvalidConfiguration(`EVENT_STORE_URL: ${error.message}. See .env.example.`);
  }
}

function runningViews({
  config: { LAUNCHDB_ROLES },
  store,
  pool,
  connection,
  watch,
  log,
  tracing,
}: {
  readonly config: Config;
  readonly store: EventStore;
  readonly pool: pg.Pool;
  readonly connection: pg.ClientConfig;
  readonly watch: CheckpointWatch;
  readonly log: Log;
  readonly tracing: Tracing;
}): Part {
  if (!LAUNCHDB_ROLES.includes('worker')) return viewsOfAnotherProcess(pool);
  const traced = tracedBatches(store, tracing);
  const options = { store: traced, pool, openSession: sessionOpener(named(connection)), watch, log };
  const runners = views.map((projection) => new ProjectionRunner(projection, options));
  return {
    name: 'views',
    start: () => Promise.all(runners.map((runner) => runner.start())),
    stop: () => Promise.all(runners.map((runner) => runner.stop())),
    stopWithinMs: 5_000,
  };
}

const BUILT_WITHIN_MS = 60_000;

/** Who only reads views waits until the worker has made them. */
const viewsOfAnotherProcess = (pool: pg.Pool): Part => ({
  name: 'views',
  async start() {
    const deadline = performance.now() + BUILT_WITHIN_MS;
    for (;;) {
      const missing = await notBuilt(pool, views).catch(() => views);
      if (missing.length === 0) return;
      if (performance.now() > deadline) {
        throw new Refused('the views do not exist yet. Start a process with LAUNCHDB_ROLES=worker, too.');
      }
      await sleep(100);
    }
  },
  stop: () => Promise.resolve(),
  stopWithinMs: 1_000,
});

const ANSWERS_WITHIN_MS = 30_000;

/** @throws {Refused} a store elsewhere does not answer in time, or has no log */
async function untilItAnswers(store: EventStore, { EVENT_STORE_URL: url }: Config): Promise<void> {
  if (url?.startsWith('postgres')) await prepareLogDatabase(url);
  const deadline = performance.now() + ANSWERS_WITHIN_MS;
  for (;;) {
    const failure = await store.head().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (!failure) return;
    if (performance.now() > deadline) {
      throw new Refused(
        'the event store does not answer. Start it, or set EVENT_STORE_URL to where it is.',
        failure.error,
      );
    }
    await sleep(200);
  }
}

const named = (connection: pg.ClientConfig): pg.ClientConfig => ({
  ...connection,
  application_name: 'launchdb-platform',
  connectionTimeoutMillis: 5_000,
});

const platformPool = (connection: pg.ClientConfig, log: Log): pg.Pool =>
  sessionPool({ ...named(connection), max: 12, statement_timeout: 20_000, query_timeout: 25_000 }, (error) =>
    log.warn({ err: error }, 'an idle session of the platform ended'),
  );
