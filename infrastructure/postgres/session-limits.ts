/**
 * The hard limits of projects' sessions. What a role is given (`statement_timeout` and the like) is a default that SQL
 * can lift; these it cannot. They are wide, for long index builds and dumps: they are there because a transaction that is
 * never ended keeps the whole cluster from cleaning up, and its queue of notifications from moving on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../application/ports/log.ts';
import { PROJECT_LOGIN } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface HardLimits {
  readonly statementMs: number;
  readonly idleInTransactionMs: number;
  readonly transactionMs: number;
  /** transaction ids that were given out since the oldest one that a session still has to see as under way */
  readonly snapshotXids: number;
}

const HOUR_MS = 3_600_000;
export const HARD_LIMITS: HardLimits = {
  statementMs: 2 * HOUR_MS,
  idleInTransactionMs: HOUR_MS / 6,
  transactionMs: 6 * HOUR_MS,
  // half of what PostgreSQL lets pass before it cleans up by force
  snapshotXids: 100_000_000,
};

export interface EndedSession {
  readonly login: string;
  /** which limit it was over */
  readonly over: 'statement' | 'idle in transaction' | 'transaction' | 'snapshot';
}

export class SessionLimits {
  readonly #server: PostgresServer;
  readonly #log: Log;
  readonly #onEnded: (over: EndedSession['over']) => void;
  readonly #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(server: PostgresServer, log: Log, onEnded: (over: EndedSession['over']) => void = () => {}) {
    this.#server = server;
    this.#log = log;
    this.#onEnded = onEnded;
  }

  start(everyMs: number): void {
    this.#watching = this.#watch(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  /** Ends what is over a limit now; nobody's but projects' logins' sessions. @throws {Unavailable} */
  async enforce({
    statementMs,
    idleInTransactionMs,
    transactionMs,
    snapshotXids,
  }: HardLimits): Promise<readonly EndedSession[]> {
    const { rows } = await this.#server.administer('end sessions that are over their limits', (client) =>
      client.query<EndedSession>(
        `SELECT login, over FROM (
           SELECT pid, usename AS login, CASE
             WHEN state = 'active' AND clock_timestamp() - query_start > $1 * interval '1 ms' THEN 'statement'
             WHEN state ^@ 'idle in transaction' AND clock_timestamp() - state_change > $2 * interval '1 ms'
               THEN 'idle in transaction'
             WHEN clock_timestamp() - xact_start > $3 * interval '1 ms' THEN 'transaction'
             WHEN greatest(age(backend_xmin), age(backend_xid)) >= $4 THEN 'snapshot'
           END AS over
           FROM pg_stat_activity WHERE usename ~ '${PROJECT_LOGIN}' OFFSET 0) session
         WHERE over IS NOT NULL AND pg_terminate_backend(pid)`,
        [statementMs, idleInTransactionMs, transactionMs, snapshotXids],
      ),
    );
    return rows;
  }

  async #watch(everyMs: number): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.enforce(HARD_LIMITS).then(
        (ended) =>
          ended.forEach((session) => {
            this.#onEnded(session.over);
            this.#log.warn({ ...session }, 'a session was ended: over its limit');
          }),
        (error: unknown) => this.#log.debug({ err: error }, 'could not look for sessions over their limits'),
      );
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
