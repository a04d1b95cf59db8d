import { pooledConnections, PROJECT_LOGINS } from '../../domain/project/project-logins.ts';

/** as PostgreSQL has it by itself */
const USUAL_LOCKS = 64;
const LEAST_LOCKS = 16;
/** four times what a server of the default's 800 sessions has */
const PLENTY_OF_LOCKS = 204_800;
const USUAL_NAP_S = 60;
/** a visit takes some 20 ms of a core: of each of a thousand once a minute that would be a third of one */
const NAP_OF_EACH_S = 0.3;

/**
 * Settings of a server with room for so many sessions, in which nobody may be. PostgreSQL sizes its tables of locks by them, and
 * most of what a session takes that nobody opens is its share of those: where there are thousands, one of plenty is not made larger
 * by each. And autovacuum visits each database once in a nap, whether or not anybody has written there.
 */
export function roomSettings(sessions: number) {
  const locks = Math.min(USUAL_LOCKS, Math.max(LEAST_LOCKS, Math.ceil(PLENTY_OF_LOCKS / sessions)));
  const projects = sessions / pooledConnections(PROJECT_LOGINS);
  return {
    max_locks_per_transaction: locks,
    max_pred_locks_per_transaction: locks,
    autovacuum_naptime: Math.max(USUAL_NAP_S, Math.ceil(projects * NAP_OF_EACH_S)),
  };
}
