/** Ends sessions of projects' logins that are over a hard limit (domain/platform/session-limits.ts). */
import { HARD_LIMITS, type HardLimits } from '../../domain/platform/session-limits.ts';
import type { Log } from '../../application/ports/log.ts';
import { PROJECT_LOGIN } from '../../domain/project/project-id.ts';
import { SESSIONS } from './open-sessions.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface EndedSession {
  readonly login: string;
  /** which limit it was over */
  readonly over: 'statement' | 'idle in transaction' | 'transaction' | 'snapshot';
}

export class SessionLimits {
  readonly #server: PostgresServer;
  readonly #log: Log;
  readonly #onEnded: (over: EndedSession['over']) => void;

  constructor(server: PostgresServer, log: Log, onEnded: (over: EndedSession['over']) => void = () => {}) {
    this.#server = server;
    this.#log = log;
    this.#onEnded = onEnded;
  }

  /** Ends what is over a limit now; nobody's but projects' logins' sessions. @throws {Unavailable} */
  async enforce({
    statementMs,
    idleInTransactionMs,
    transactionMs,
    snapshotXids,
  }: HardLimits = HARD_LIMITS): Promise<readonly EndedSession[]> {
    const { rows } = await this.#server.administer('end sessions that are over their limits', (client) =>
      client.query<EndedSession>(
        `SELECT login, over FROM (
           SELECT pid, login, CASE
             WHEN state = 'active' AND clock_timestamp() - query_start > $1 * interval '1 ms' THEN 'statement'
             WHEN state ^@ 'idle in transaction' AND clock_timestamp() - state_change > $2 * interval '1 ms'
               THEN 'idle in transaction'
             WHEN clock_timestamp() - xact_start > $3 * interval '1 ms' THEN 'transaction'
             WHEN greatest(age(backend_xmin), age(backend_xid)) >= $4 THEN 'snapshot'
           END AS over
           FROM ${SESSIONS} WHERE login ~ '${PROJECT_LOGIN}' OFFSET 0) seen
         WHERE over IS NOT NULL AND pg_terminate_backend(pid)`,
        [statementMs, idleInTransactionMs, transactionMs, snapshotXids],
      ),
    );
    for (const session of rows) {
      this.#onEnded(session.over);
      this.#log.warn({ ...session }, 'a session was ended: over its limit');
    }
    return rows;
  }
}
