/** as PostgreSQL has it by itself */
const USUAL = 64;
const LEAST = 16;
/** four times what a server of the default's 800 sessions has */
const PLENTY = 204_800;

/**
 * Settings of a server with room for so many sessions. PostgreSQL sizes its tables of locks by them, and most of what a session
 * takes that nobody opens is its share of those: where there are thousands, one of plenty is not made larger by each.
 */
export function lockTables(sessions: number) {
  const each = Math.min(USUAL, Math.max(LEAST, Math.ceil(PLENTY / sessions)));
  return { max_locks_per_transaction: each, max_pred_locks_per_transaction: each };
}
