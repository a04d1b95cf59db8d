/**
 * The server's sessions with whose they are. `pg_stat_activity` joins all roles and all databases to them, and PostgreSQL
 * looks at each of their names before it knows which few are asked for: with 1,000 projects that is 20 ms at each look. Here a
 * name is looked up for each session. Only superusers may.
 */

/** of `pg_stat_get_activity(NULL) s` */
export const LOGIN_OF_SESSION = '(SELECT rolname FROM pg_authid WHERE oid = s.usesysid)';

/** Its columns, and `login`. */
export const SESSIONS = `(SELECT s.*, ${LOGIN_OF_SESSION} AS login
  FROM pg_stat_get_activity(NULL) s OFFSET 0) session`;
