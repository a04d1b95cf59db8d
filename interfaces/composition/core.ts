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
import type { Cluster } from './cluster.ts';
import type { Lifecycle } from './lifecycle.ts';
import { views } from './views.ts';

export type Core = Awaited<ReturnType<typeof startCore>>;

/** The log and the read models. */
export async function startCore(cluster: Cluster, lifecycle: Lifecycle, log: Log) {
  const connection = {
    ...cluster.platformDatabase,
    application_name: 'launchdb-platform',
    connectionTimeoutMillis: 5_000,
  };
  const pool = new pg.Pool({ ...connection, max: 12, statement_timeout: 20_000, query_timeout: 25_000 });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle session of the platform ended'));
  await lifecycle.start({
    name: 'platform-sessions',
    start: () => Promise.resolve(),
    stop: () => pool.end(),
    stopWithinMs: 5_000,
  });
  const store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue, log });
  await lifecycle.start({
    name: 'event-store',
    start: () => store.head(),
    stop: () => store.close(),
    stopWithinMs: 5_000,
  });
  const checkpoints = new CheckpointWatch(pool);
  for (const projection of views) {
    const runner = new ProjectionRunner(projection, { store, pool, connection, watch: checkpoints, log });
    await lifecycle.start({
      name: projection.name,
      start: () => runner.start(),
      stop: () => runner.stop(),
      stopWithinMs: 5_000,
    });
  }
  const watch = new StreamWatch(store);
  await lifecycle.start({
    name: 'stream-watch',
    start: () => watch.start(),
    stop: () => watch.stop(),
    stopWithinMs: 2_000,
  });
  const ids = new RandomIds(derivedKey(cluster.directory.masterKey, 'ids'));
  const secrets = new AesSecrets(cluster.directory.masterKey);
  return { pool, store, checkpoints, watch, ids, secrets, clock: new SystemClock() };
}
