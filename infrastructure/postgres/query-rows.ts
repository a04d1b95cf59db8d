import type pg from 'pg';
import type { Dependency } from '../../application/errors.ts';
import { unavailableOr } from './postgres-errors.ts';

/** The rows of one statement, prepared where it has a name. @throws {Unavailable} "could not <attempted>"; what is wrong with the statement is a bug */
export async function queryRows<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  attempted: string,
  sql: string | { readonly name: string; readonly text: string },
  values: unknown[] = [],
  away: Dependency = 'platform_postgres',
): Promise<Row[]> {
  try {
    return (await pool.query<Row>({ ...(typeof sql === 'string' ? { text: sql } : sql), values })).rows;
  } catch (error) {
    throw unavailableOr(away, attempted, error);
  }
}
