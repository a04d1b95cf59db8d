import type pg from 'pg';
import { Refused, unavailable, type Dependency } from '../../application/errors.ts';
import { PROJECT_LOGIN } from '../../domain/project/project-id.ts';
import { sqlState, unavailableOr } from './postgres-errors.ts';
import { sessionPool } from './session-pool.ts';
import { ScramClient } from './scram-client.ts';
import { ADMIN_SESSION } from './session-settings.ts';

/** How to reach a PostgreSQL server as a role that may create databases and roles. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** the database that administration connects to; default `postgres` */
  readonly maintenanceDatabase?: string;
}

/** The server that a `postgres://` URL names. */
export function serverAddressOf(databaseUrl: string): ServerAddress {
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    maintenanceDatabase: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
  };
}

/** pooled ones, of each process */
export const ADMIN_SESSIONS = 4;
const CONNECT_WITHIN_MS = 5_000;
const STATEMENT_WITHIN_MS = 20_000;
const LOCK_WITHIN_MS = 2_000;
const LOOK_FOR_BLOCKERS_MS = 300;

export interface InDatabaseOptions {
  /** how long a statement may wait for a lock, and run; default: 2 s, and 20 s; 0: as long as it takes */
  readonly lockMs?: number;
  readonly statementMs?: number;
  /** a project's session that keeps this one waiting is ended; default: this one gives up */
  readonly endsBlockers?: boolean;
  /** nobody minds that the session ends a few milliseconds after the work; default: they would */
  readonly endsLater?: boolean;
  /** ends the session, and with it what it is at */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Administrative sessions on one server: a few pooled ones, and short ones into projects' databases. Whoever has a
 * login can take locks on what is everybody's (`ALTER ROLE ... IN DATABASE somebody_else` locks that database, a GRANT
 * to somebody's role that role), and keep them. So a project's session that an administrative one waits for is ended.
 */
export class PostgresServer {
  readonly address: ServerAddress;
  readonly #name: Dependency;
  readonly #pool: pg.Pool;
  /** kept apart: it frees those that hold the others */
  readonly #freeing: pg.Pool;
  readonly #ending = new Set<Promise<void>>();

  /** @param name what callers hear that is away, when it is */
  constructor(address: ServerAddress, name: Dependency = 'postgres', connections = ADMIN_SESSIONS) {
    this.address = address;
    this.#name = name;
    const pooled = {
      ...this.#config(address.maintenanceDatabase ?? 'postgres'),
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    };
    this.#pool = sessionPool({ ...pooled, max: connections });
    this.#freeing = sessionPool({ ...pooled, max: 1 });
  }

  /**
   * A session on the maintenance database.
   * @param signal ends the session, and with it what it is at
   */
  async administer<T>(
    attempted: string,
    work: (client: pg.ClientBase) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw unavailable(this.#name, attempted, error);
    });
    try {
      const result = await this.#unhindered(client, () => this.#stoppable(client, signal, work));
      client.release();
      return result;
    } catch (error) {
      // the session may be inside a failed transaction: end it
      client.release(true);
      throw translated(this.#name, attempted, error);
    }
  }

  /** A session of its own on any database, closed afterwards. */
  async inDatabase<T>(
    database: string,
    attempted: string,
    work: (client: pg.Client) => Promise<T>,
    {
      lockMs = LOCK_WITHIN_MS,
      statementMs = STATEMENT_WITHIN_MS,
      endsBlockers = false,
      endsLater = false,
      signal,
    }: InDatabaseOptions = {},
  ): Promise<T> {
    const client = new ScramClient({ ...this.#config(database, statementMs), lock_timeout: lockMs });
    client.on('error', () => {});
    try {
      await client.connect();
      const act = () => this.#stoppable(client, signal, work);
      return await (endsBlockers ? this.#unhindered(client, act) : act());
    } catch (error) {
      throw translated(this.#name, attempted, error);
    } finally {
      const ended = client.end().catch(() => {});
      this.#ending.add(ended);
      void ended.then(() => this.#ending.delete(ended));
      if (!endsLater) await ended;
    }
  }

  /** How many sessions it has room for, and how many of them are kept for superusers and the like. */
  async connectionLimits(): Promise<{ readonly max: number; readonly reserved: number }> {
    const { rows } = await this.administer('ask for the limits of PostgreSQL', (client) =>
      client.query<{ max: number; reserved: number }>(
        // the second reserve exists since 16
        `SELECT current_setting('max_connections')::int AS max,
                current_setting('superuser_reserved_connections')::int
                  + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved`,
      ),
    );
    const [limits] = rows;
    if (!limits) throw new Error('no limits');
    return limits;
  }

  /** Such as `15.20`. */
  async version(): Promise<string> {
    const { rows } = await this.administer('ask for the version of PostgreSQL', (client) =>
      client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`),
    );
    return rows[0]?.version.split(' ')[0] ?? '';
  }

  /** Whether two addresses lead to one server. */
  async isSameAs(other: PostgresServer): Promise<boolean> {
    const [mine, others] = await Promise.all([this.#identity(), other.#identity()]);
    return mine === others;
  }

  async #identity(): Promise<string> {
    const { rows } = await this.administer('ask PostgreSQL which server it is', (client) =>
      client.query<{ identity: string }>(
        // a copy of a server has its identifier, too
        `SELECT system_identifier || ' ' || extract(epoch FROM pg_postmaster_start_time()) AS identity
         FROM pg_control_system()`,
      ),
    );
    return rows[0]?.identity ?? '';
  }

  /** For a session that somebody keeps for themselves. */
  sessionConfig(): pg.ClientConfig {
    return this.#config(this.address.maintenanceDatabase ?? 'postgres');
  }

  async close(): Promise<void> {
    await Promise.all(this.#ending);
    await this.#pool.end();
    await this.#freeing.end();
  }

  /** A statement that runs at an abort ends with its session; the next one of a session that has ended fails. */
  async #stoppable<T, Client extends pg.ClientBase>(
    client: Client,
    signal: AbortSignal | undefined,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const { processID } = client as Client & { readonly processID: number };
    let ending: Promise<unknown> | undefined;
    const end = () => {
      // where that fails its time-out ends the statement
      ending = this.#freeing.query('SELECT pg_terminate_backend($1)', [processID]).catch(() => {});
    };
    signal?.addEventListener('abort', end, { once: true });
    try {
      return await work(client);
    } finally {
      signal?.removeEventListener('abort', end);
      // nobody else gets a session that is about to end
      await ending;
      signal?.throwIfAborted();
    }
  }

  async #unhindered<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
    const { processID } = client as pg.ClientBase & { readonly processID: number };
    const timer = setInterval(() => {
      // next time, then
      this.#freeing.query(END_BLOCKERS, [processID]).catch(() => {});
    }, LOOK_FOR_BLOCKERS_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  #config(database: string, statementMs = STATEMENT_WITHIN_MS): pg.ClientConfig {
    const { host, port, user, password } = this.address;
    return {
      host,
      port,
      user,
      password,
      database,
      application_name: 'launchdb',
      options: ADMIN_SESSION,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      statement_timeout: statementMs,
      query_timeout: statementMs && statementMs + 5_000,
      idle_in_transaction_session_timeout: statementMs,
    };
  }
}

const END_BLOCKERS = `SELECT pg_terminate_backend(pid)
  FROM unnest(pg_blocking_pids($1)) blocker JOIN pg_stat_activity ON pid = blocker
  WHERE usename ~ '${PROJECT_LOGIN}'`;

/** BEGIN ... COMMIT; the session is given up when the work fails, so no ROLLBACK is needed. */
export async function inTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  const result = await work();
  await client.query('COMMIT');
  return result;
}

/**
 * A server that is away, full, busy or slow is worth another try; so is a lost race between two ensures. Any
 * other answer of PostgreSQL's is a bug of ours and stays what it is.
 */
function translated(name: Dependency, attempted: string, error: unknown): unknown {
  const state = sqlState(error);
  const ours = error instanceof Error && ['Unavailable', 'Refused', 'SqlFailed'].includes(error.name);
  if (ours) return error;
  if (state === '3D000') return new Refused(`could not ${attempted}: the database is missing`, error);
  const lostRace = state !== undefined && /^(23505|42710|42P04|XX000)/.test(state);
  return lostRace ? unavailable(name, attempted, error) : unavailableOr(name, attempted, error);
}
