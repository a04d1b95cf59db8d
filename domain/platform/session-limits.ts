/**
 * The hard limits of projects' sessions. What a role is given (`statement_timeout` and the like) is a default that SQL
 * can lift; these it cannot. They are wide, for long index builds and dumps: they are there because a transaction that is
 * never ended keeps the whole cluster from cleaning up, and its queue of notifications from moving on.
 */
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
