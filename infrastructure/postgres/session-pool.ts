import pg from 'pg';
import { ScramClient } from './scram-client.ts';

/**
 * A pool whose sessions may die at any moment without taking the process with them. The driver's pool listens to
 * a session's errors only while it idles: one that PostgreSQL ends between two queries of whoever holds it would
 * be an unhandled error event. Their next query fails all the same, and says so.
 * @param onIdleError told of a session that died while nobody held it; it is replaced when one is needed
 */
export function sessionPool(config: pg.PoolConfig, onIdleError: (error: Error) => void = () => {}): pg.Pool {
  const pool = new pg.Pool({ ...config, Client: ScramClient });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => {
    // `end` resolves before the last session is closed, and PostgreSQL may stop in between
    if (!pool.ending) onIdleError(error);
  });
  return pool;
}
