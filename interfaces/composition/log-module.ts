/** The log, the views that follow it, and who waits for news of it. */
import { ContainerModule } from 'inversify';
import pg from 'pg';
import type { Log } from '../../application/ports/log.ts';
import { StreamWatch } from '../../application/stream-watch.ts';
import { AesSecrets, derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { eventCatalogue } from '../../infrastructure/event-store/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres-event-store.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { ProjectionRunner } from '../../projections/projection-runner.ts';
import { PARTS, TOKENS } from './tokens.ts';
import { views } from './views.ts';

export const logModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.clock).toResolvedValue(() => new SystemClock());
  bind(TOKENS.ids).toResolvedValue(
    ({ directory }) => new RandomIds(derivedKey(directory.masterKey, 'ids')),
    [TOKENS.machine],
  );
  bind(TOKENS.secrets).toResolvedValue(
    ({ directory }) => new AesSecrets(directory.masterKey),
    [TOKENS.machine],
  );
  bind(TOKENS.platformPool).toResolvedValue(platformPool, [TOKENS.platformConnection, TOKENS.log]);
  bind(TOKENS.store).toResolvedValue(
    (pool, connection, log) =>
      new PostgresEventStore({ pool, connection: named(connection), catalogue: eventCatalogue, log }),
    [TOKENS.platformPool, TOKENS.platformConnection, TOKENS.log],
  );
  bind(TOKENS.checkpoints).toResolvedValue((pool) => new CheckpointWatch(pool), [TOKENS.platformPool]);
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
    (store) => ({
      name: 'event-store',
      start: () => store.head(),
      stop: () => store.close(),
      stopWithinMs: 5_000,
    }),
    [TOKENS.store],
  );
  bind(PARTS.views).toResolvedValue(
    (store, pool, connection, watch, log) => {
      const options = { store, pool, connection: named(connection), watch, log };
      const runners = views.map((projection) => new ProjectionRunner(projection, options));
      return {
        name: 'views',
        start: () => Promise.all(runners.map((runner) => runner.start())),
        stop: () => Promise.all(runners.map((runner) => runner.stop())),
        stopWithinMs: 5_000,
      };
    },
    [TOKENS.store, TOKENS.platformPool, TOKENS.platformConnection, TOKENS.checkpoints, TOKENS.log],
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

const named = (connection: pg.ClientConfig): pg.ClientConfig => ({
  ...connection,
  application_name: 'launchdb-platform',
  connectionTimeoutMillis: 5_000,
});

function platformPool(connection: pg.ClientConfig, log: Log): pg.Pool {
  const limits = { max: 12, statement_timeout: 20_000, query_timeout: 25_000 };
  const pool = new pg.Pool({ ...named(connection), ...limits });
  pool.on('error', (error) => {
    // `end` resolves before the last session is closed, and PostgreSQL may stop in between
    if (!pool.ending) log.warn({ err: error }, 'an idle session of the platform ended');
  });
  return pool;
}
