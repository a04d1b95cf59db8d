/** Sessions of projects' logins through the pooler, in transaction mode: each is one of PostgreSQL's for a transaction. */
import pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { TenantLogin } from '../../application/ports/tenant-connections.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { GatheringSocket } from '../postgres/gathering-socket.ts';
import { cutOff, onBytesFrom } from '../postgres/scram-client.ts';
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
/** What a transaction may be answered in all: rows, and what triggers say, are a tenant's to make as large as they like. */
const MOST_ANSWERED_BYTES = 32 * 1024 * 1024;
/** program_limit_exceeded */
const TOO_MUCH = '54000';

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
    const answers = new WeakMap<pg.ClientBase, AnswerBound>();
    pool.on('connect', (client) => {
      open++;
      answers.set(client, new AnswerBound(client));
    });
    pool.on('remove', () => open--);
    const attempted = `reach ${project} as ${name}`;
    return sessionsOf(pool, attempted, (client) =>
      sessionOf(client, attempted, { answered: answers.get(client), mayKeep: () => open <= MOST_KEPT }),
    );
  };
}

/** A session that is answered more than that ends: what has come until then is all that we hold of it. */
class AnswerBound {
  #bytes = 0;

  constructor(client: pg.ClientBase) {
    onBytesFrom(client, (bytes) => {
      this.#bytes += bytes;
      if (this.isOver) cutOff(client);
    });
  }

  get isOver(): boolean {
    return this.#bytes > MOST_ANSWERED_BYTES;
  }

  begin(): void {
    this.#bytes = 0;
  }
}

function sessionsOf(
  pool: pg.Pool,
  attempted: string,
  session: (client: pg.PoolClient) => TenantSession,
): TenantSessions {
  return {
    async take() {
      try {
        return session(await pool.connect());
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

function sessionOf(
  client: pg.PoolClient,
  attempted: string,
  { answered, mayKeep }: { readonly answered: AnswerBound | undefined; readonly mayKeep: () => boolean },
): TenantSession {
  const run = async <Row extends object>(text: string, values?: readonly unknown[]) => {
    try {
      return await client.query<Row & pg.QueryResultRow>(text, values && [...values]);
    } catch (error) {
      throw translated(attempted, error);
    }
  };
  return {
    async query(text, values) {
      try {
        const { rows, rowCount } = await run(text, values);
        return { rows: rows as never, rowCount: rowCount ?? 0 };
      } catch (error) {
        throw answered?.isOver && !(error instanceof SqlFailed) ? tooMuch() : error;
      }
    },
    begin: async (timeMs) => {
      answered?.begin();
      await run(beginning(timeMs));
    },
    // refused where the work went on after an error of its own
    commit: async (timeMs) => void (await run(commit(timeMs))),
    rollback: async () => void (await run(rollback)),
    release(how) {
      if (how === 'ended') cutOff(client);
      client.release(how === 'ended' || !mayKeep());
    },
  };
}

const tooMuch = (): SqlFailed =>
  new SqlFailed(`more than ${MOST_ANSWERED_BYTES} bytes were answered to one transaction`, {
    code: TOO_MUCH,
    position: null,
    detail: null,
    hint: 'Make large values in the rows smaller, or ask for fewer rows.',
  });

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
