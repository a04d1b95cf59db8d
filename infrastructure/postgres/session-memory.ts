/**
 * Ends sessions of REST APIs that have grown large. One that goes straight to PostgreSQL keeps every statement that it was
 * made to prepare, some 50 kB each, and a stranger with a public key can ask in a new way every time. PostgreSQL has no
 * bound for that; its own process table tells, where it is Linux and lets us read it.
 */
import type { Log } from '../../application/ports/log.ts';
import { SESSIONS } from './open-sessions.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface MemoryBounds {
  /** of one that nobody is at work with: what it only keeps */
  readonly idleKib: number;
  /** of any: more than PostgREST itself could take of an answer */
  readonly anyKib: number;
}

const MEMORY_BOUNDS: MemoryBounds = { idleKib: 96 * 1024, anyKib: 320 * 1024 };

/** @returns the logins whose they were. @throws {Unavailable} */
export async function endLargeSessions(
  server: PostgresServer,
  log: Log,
  { idleKib, anyKib }: MemoryBounds = MEMORY_BOUNDS,
): Promise<readonly string[]> {
  const { rows } = await server.administer('look at the memory of sessions', (client) =>
    client.query<{ login: string; kib: number }>(
      `WITH session AS MATERIALIZED (
         SELECT pid, login, state FROM ${SESSIONS} WHERE login ~ '^proj_[0-9a-f]{16}_authenticator$'),
       memory AS MATERIALIZED (
         SELECT *, substring(pg_read_file('/proc/' || pid || '/status', 0, 4096, true) FROM 'RssAnon:\\s+([0-9]+) kB')::int AS kib
         FROM session),
       -- first which ones: of two conditions the cheaper one may be looked at before the other
       large AS MATERIALIZED (
         SELECT * FROM memory WHERE kib > CASE WHEN state = 'idle' THEN $1::int ELSE $2::int END)
       SELECT login, kib FROM large WHERE pg_terminate_backend(pid)`,
      [idleKib, anyKib],
    ),
  );
  for (const session of rows) log.warn({ ...session, over: 'memory' }, 'a session was ended: over its limit');
  return rows.map(({ login }) => login);
}
