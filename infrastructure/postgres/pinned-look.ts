/**
 * One session that looks at what all sessions of the server share, and can do so when nothing of it is left. It is open
 * always. A look takes no entry of the lock table: what it reads of the server's catalogs (to know whose a session is, and
 * that is what ending one asks for, too) stays locked in its transaction from one look to the next. The weak locks of a
 * database's own catalogs have places of their own in each session.
 */
import type pg from 'pg';
import { PROJECT_LOGIN } from '../../domain/project/project-id.ts';
import { LOGIN_OF_SESSION, SESSIONS } from './open-sessions.ts';
import { ScramClient } from './scram-client.ts';
import type { OpenSession } from './shared-sessions.ts';

export interface SeenSession extends OpenSession {
  /** in the table that all sessions share */
  readonly locks: number;
}

export interface SeenServer {
  readonly sessions: readonly SeenSession[];
  /** the next transaction id, and when that was */
  readonly next: Xid;
  readonly atMs: number;
}

/** 32 bits, which go round: only how far two are apart says which is the newer one. */
export type Xid = number;

/** A transaction, or one inside of it, that has an id. */
export interface SeenTransaction {
  readonly pid: number;
  /** null: not of a session */
  readonly login: string | null;
  readonly xid: Xid;
}

const LOCKS = `SELECT pid, login, locks FROM (
    SELECT s.pid, ${LOGIN_OF_SESSION} AS login, l.locks
    FROM (SELECT pid, count(*)::int AS locks FROM pg_lock_status() WHERE NOT fastpath GROUP BY pid) l
    JOIN pg_stat_get_activity(NULL) s ON s.pid = l.pid OFFSET 0) holder
  WHERE login ~ '${PROJECT_LOGIN}'`;
/** of this transaction's beginning; a snapshot does not tell, since it counts transactions that are over */
const NEXT = `SELECT age('3'::xid)::float8 + 3 AS next`;
const TRANSACTIONS = `SELECT l.pid, a.rolname AS login, l.transactionid::text::float8 AS xid
  FROM pg_lock_status() l
  LEFT JOIN (SELECT pid, usesysid FROM pg_stat_get_activity(NULL)) s ON s.pid = l.pid
  LEFT JOIN pg_authid a ON a.oid = s.usesysid
  WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted`;
/** none, unless there are more of them than that: whose they are is not looked up before there are so many of whomever */
const OPEN = `WITH open AS MATERIALIZED (
    SELECT pid, login, backend_start AS began FROM ${SESSIONS}
    WHERE (SELECT count(*) FROM pg_stat_get_activity(NULL)) > $1::int AND login ~ '${PROJECT_LOGIN}')
  SELECT pid, login FROM open WHERE (SELECT count(*) FROM open) > $1::int ORDER BY began`;
/** by the index, so that its lock is held, too */
const PIN = `BEGIN; SET LOCAL enable_seqscan = off; SELECT rolname FROM pg_authid WHERE oid = 10`;
const IDS = 2 ** 32;

export class PinnedLook {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | undefined;

  constructor(config: pg.ClientConfig) {
    this.#config = config;
  }

  /** Opens the session, unless it is open. @returns whether it was opened. @throws what the driver throws */
  async open(): Promise<boolean> {
    if (this.#client) return false;
    const client = new ScramClient(this.#config);
    client.on('error', () => this.#lose(client));
    await client.connect();
    this.#client = client;
    await this.#run(PIN);
    await this.sessions();
    await this.transactions();
    await this.openSessions(0);
    return true;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async sessions(): Promise<SeenServer> {
    const { rows } = await this.#run<SeenSession>(LOCKS, 'locks');
    const [seen] = (await this.#run<{ next: Xid }>(NEXT, 'next')).rows;
    return { sessions: rows, next: seen?.next ?? 0, atMs: performance.now() };
  }

  /** Of all projects' logins, the oldest first; none when there are no more than `room`. */
  async openSessions(room: number): Promise<readonly OpenSession[]> {
    return (await this.#run<{ pid: number; login: string }>(OPEN, 'open', [Math.max(0, room)])).rows;
  }

  /** Those with an id, the newest first. */
  async transactions(): Promise<readonly SeenTransaction[]> {
    const { rows } = await this.#run<SeenTransaction>(TRANSACTIONS, 'transactions');
    return rows.sort((one, other) => xidsBetween(one.xid, other.xid));
  }

  /** Lets go and takes hold again, so that nobody waits for this transaction for long. */
  async refresh(): Promise<void> {
    await this.#run(`COMMIT; ${PIN}`);
  }

  async end(pids: readonly number[]): Promise<void> {
    await this.#run('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', 'end', [pids]);
  }

  async #run<Row extends pg.QueryResultRow>(text: string, name?: string, values?: unknown[]) {
    const client = this.#client;
    if (!client) throw new Error('the session that looks is not open');
    try {
      // what a transaction has seen of others stays as it was until it is told to look again
      if (name) await client.query({ name: 'forget', text: 'SELECT pg_stat_clear_snapshot()' });
      return await client.query<Row>({ text, ...(name && { name }), ...(values && { values }) });
    } catch (error) {
      this.#lose(client);
      throw error;
    }
  }

  #lose(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    void client.end().catch(() => {});
  }
}

/** How many were given out from one to the other; below 0 when that one is older. */
export function xidsBetween(one: Xid, other: Xid): number {
  const distance = (((other - one) % IDS) + IDS) % IDS;
  return distance > IDS / 2 ? distance - IDS : distance;
}
