import type pg from 'pg';
import { unavailableOr } from './postgres-errors.ts';

/**
 * The same pool for those who read views, which ask the driver without an adapter in between: that the platform's
 * PostgreSQL is away says so, and is no bug.
 */
export function readingPool(pool: pg.Pool): pg.Pool {
  const query = async (sql: string, values?: unknown[]): Promise<pg.QueryResult> => {
    try {
      return await pool.query(sql, values);
    } catch (error) {
      throw unavailableOr('platform_postgres', 'read a view', error);
    }
  };
  return Object.create(pool, { query: { value: query } }) as pg.Pool;
}
