import pg from 'pg';
import { Refused, Unavailable } from '../../application/errors.ts';
import { sqlState, unavailableOr } from './postgres-errors.ts';
import { sessionPool } from './session-pool.ts';

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

const CONNECT_WITHIN_MS = 5_000;
const STATEMENT_WITHIN_MS = 20_000;

/** Administrative sessions on one server: a few pooled ones, and short ones into projects' databases. */
export class PostgresServer {
  readonly address: ServerAddress;
  readonly #pool: pg.Pool;

  constructor(address: ServerAddress, connections = 4) {
    this.address = address;
    this.#pool = sessionPool({
      ...this.#config(address.maintenanceDatabase ?? 'postgres'),
      max: connections,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    });
  }

  /** A session on the maintenance database. */
  async administer<T>(attempted: string, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new Unavailable(attempted, error);
    });
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // the session may be inside a failed transaction: end it
      client.release(true);
      throw translated(attempted, error);
    }
  }

  /** A session of its own on any database, closed afterwards. */
  async inDatabase<T>(
    database: string,
    attempted: string,
    work: (client: pg.Client) => Promise<T>,
  ): Promise<T> {
    const client = new pg.Client(this.#config(database));
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } catch (error) {
      throw translated(attempted, error);
    } finally {
      await client.end().catch(() => {});
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

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #config(database: string): pg.ClientConfig {
    const { host, port, user, password } = this.address;
    return {
      host,
      port,
      user,
      password,
      database,
      application_name: 'launchdb',
      // a superuser in a project's database must not meet the owner's functions and operators
      options: '-c search_path=pg_catalog',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
      query_timeout: STATEMENT_WITHIN_MS + 5_000,
      idle_in_transaction_session_timeout: STATEMENT_WITHIN_MS,
    };
  }
}

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
function translated(attempted: string, error: unknown): unknown {
  const state = sqlState(error);
  const ours = error instanceof Error && ['Unavailable', 'Refused', 'SqlFailed'].includes(error.name);
  if (ours) return error;
  if (state === '3D000') return new Refused(`could not ${attempted}: the database is missing`, error);
  const lostRace = state !== undefined && /^(23505|42710|42P04|XX000)/.test(state);
  return lostRace ? new Unavailable(attempted, error) : unavailableOr(attempted, error);
}
