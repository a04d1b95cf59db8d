import pg from 'pg';
import { unavailable, type Dependency } from '../../application/errors.ts';

/** The SQLSTATE when PostgreSQL itself answered; undefined when the connection failed. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** {@link Unavailable} for a server that is away, overloaded or too slow; any other error as it is: a bug. */
export function unavailableOr(away: Dependency, attempted: string, error: unknown): unknown {
  const state = sqlState(error);
  // connection, rollback, resources, locks, operator and time-out, system, end by a time-out
  const transient = state === undefined || /^(08|40|53|55|57|58|25P)/.test(state);
  return transient ? unavailable(away, attempted, error) : error;
}
