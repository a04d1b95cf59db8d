/** For `launchdb replay`: the log and the views of a platform, running or not, without starting anything else. */
import pg from 'pg';
import { Refused } from '../../application/errors.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { eventCatalogue } from '../../infrastructure/event-store/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres-event-store.ts';
import { readMasterKey } from '../../infrastructure/process/data-directory.ts';
import { PLATFORM_DATABASE, PLATFORM_ROLE } from '../../infrastructure/postgres/platform-database.ts';
import type { Progress } from '../../projections/rebuild.ts';
import { replay, type Replayed } from '../../projections/replay.ts';
import type { Config } from '../config.ts';
import { views } from './views.ts';

/** @throws {Refused} the platform's PostgreSQL does not run */
export async function replayViews(
  config: Config,
  onProgress: (projection: string, progress: Progress) => void,
): Promise<readonly Replayed[]> {
  const masterKey = await readMasterKey(config.LAUNCHDB_DATA_DIR, config.LAUNCHDB_MASTER_KEY);
  const given = config.DATABASE_URL === undefined ? undefined : new URL(config.DATABASE_URL);
  const connection = {
    host: given?.hostname ?? '127.0.0.1',
    port: given ? Number(given.port || 5432) : config.POSTGRES_PORT,
    user: PLATFORM_ROLE,
    password: derivedPassword(masterKey, 'platform-database-password'),
    database: PLATFORM_DATABASE,
    connectionTimeoutMillis: 5_000,
  };
  const pool = new pg.Pool({ ...connection, max: 4 });
  pool.on('error', () => {});
  const store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue });
  try {
    await store.head().catch((error: unknown) => {
      throw new Refused(
        'the platform\'s PostgreSQL does not answer. Start the platform ("npm start") and replay beside it.',
        error,
      );
    });
    return await replay(views, store, pool, { onProgress });
  } finally {
    await store.close();
    await pool.end();
  }
}
