/** Sessions of projects' logins through the pooler, in transaction mode: each is one of PostgreSQL's for a transaction. */
import pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { TenantLogin } from '../../application/ports/tenant-connections.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { GatheringSocket } from '../postgres/gathering-socket.ts';
import { cutOff } from '../postgres/scram-client.ts';
import { sessionPool } from '../postgres/session-pool.ts';
import {
  LoginRefused,
  TENANT_BOUNDS,
  type OpenSessions,
  type TenantBounds,
  type TenantSession,
  type TenantSessions,
} from './bounded-tenant-connections.ts';

export interface PooledTenantOptions {
  /** the pooler, or the project's server where there is none; a folder as a host is one of a unix socket */
  readonly placeOf: (project: ProjectId) => Promise<Endpoint>;
  readonly login: (project: ProjectId, name: string) => Promise<TenantLogin>;
  readonly bounds?: TenantBounds;
}

/** so long a session is kept that nobody uses, and so many of all logins together */
const IDLE_MS = 10_000;
const MOST_KEPT = 200;

export function pooledTenantSessions({
  placeOf,
  login,
  bounds = TENANT_BOUNDS,
}: PooledTenantOptions): OpenSessions {
  let open = 0;
  return async (project, name) => {
    const { role: user, password } = await login(project, name);
    const { host, port } = await placeOf(project);
    const pool = sessionPool({
      host,
      port,
      user,
      password,
      database: databaseName(project),
      max: bounds.perLogin,
      connectionTimeoutMillis: bounds.waitMs,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
      pipeline: true,
      stream: () => new GatheringSocket(),
    });
    pool.on('connect', () => open++);
    pool.on('remove', () => open--);
    return sessionsOf(pool, `reach ${project} as ${name}`, () => open <= MOST_KEPT);
  };
}

function sessionsOf(pool: pg.Pool, attempted: string, mayKeep: () => boolean): TenantSessions {
  return {
    async take() {
      try {
        return sessionOf(await pool.connect(), attempted, mayKeep);
      } catch (error) {
        // an answer, and not that it is full or about to stop
        const refused = error instanceof pg.DatabaseError && !/^(53|57)/.test(error.code ?? '');
        throw refused ? new LoginRefused(attempted, error) : new Unavailable(attempted, error);
      }
    },
    end: () => pool.end(),
  };
}

/**
 * What a tenant's own function left set in PostgreSQL's session is taken back before the transaction begins, since how it
 * begins is a setting, too. No name is looked up where tenants may create any, whatever their login's own settings say;
 * and a statement that nobody waits for any more ends by itself, whatever it catches.
 */
const beginning = (timeMs: number): string => `BEGIN; SET ROLE NONE; RESET ALL; COMMIT;
  BEGIN; SET LOCAL search_path = pg_catalog, pg_temp;
  SET LOCAL statement_timeout = ${timeMs}; SET LOCAL idle_in_transaction_session_timeout = ${timeMs};
  SET LOCAL client_connection_check_interval = 1000`;

/** A lock that a tenant's own function took for the session would outlive the transaction, in the way of their next one. */
const UNLOCK = 'SELECT pg_catalog.pg_advisory_unlock_all()';

/** Triggers that wait for the end come first: they may lock, too. Whatever fails, nothing is committed then. */
const commit = (timeMs: number): string =>
  `SET LOCAL statement_timeout = ${timeMs}; SET CONSTRAINTS ALL IMMEDIATE; ${UNLOCK}; COMMIT`;
const rollback = `ROLLBACK; ${UNLOCK}`;

function sessionOf(client: pg.PoolClient, attempted: string, mayKeep: () => boolean): TenantSession {
  const run = async <Row extends object>(text: string, values?: readonly unknown[]) => {
    try {
      return await client.query<Row & pg.QueryResultRow>(text, values && [...values]);
    } catch (error) {
      throw translated(attempted, error);
    }
  };
  return {
    async query(text, values) {
      const { rows, rowCount } = await run(text, values);
      return { rows: rows as never, rowCount: rowCount ?? 0 };
    },
    begin: async (timeMs) => void (await run(beginning(timeMs))),
    // refused where the work went on after an error of its own
    commit: async (timeMs) => void (await run(commit(timeMs))),
    rollback: async () => void (await run(rollback)),
    release(how) {
      if (how === 'ended') cutOff(client);
      client.release(how === 'ended' || !mayKeep());
    },
  };
}

/** ERROR is about the statement; FATAL and a broken connection are about the session. */
function translated(attempted: string, error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR')
    return new Unavailable(attempted, error);
  const { message, code = 'XX000', position, detail = null, hint = null } = error;
  return new SqlFailed(message, {
    code,
    position: position === undefined ? null : Number(position),
    detail,
    hint,
  });
}
