import type pg from 'pg';

/** The names that people's SQL grants to. Cluster-wide, so they must never hold anything by themselves. */
export const SHARED_ROLES = ['anon', 'authenticated', 'service_role'] as const;

/** Whose tables owners hang triggers and foreign keys on: what these run as it must gain them nothing. */
const TABLES_ROLE = 'launchdb_tables';
/** what the projects of a server have in common */
export const COMMON_ROLES = [...SHARED_ROLES, TABLES_ROLE] as const;

const LOCK = 0x1a_db_01;

/**
 * These roles as they have to be: no login, no CONNECT anywhere, no settings. A tenant may set defaults
 * on a role that their login is a member of (`ALTER ROLE anon SET ...` as anon), and PostgREST applies the
 * settings of the role it switches to: so they are reset.
 */
export async function ensureSharedRoles(client: pg.ClientBase): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    for (const role of COMMON_ROLES) {
      const bypass = role === 'service_role' ? 'BYPASSRLS' : 'NOBYPASSRLS';
      const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
      const verb = rows.length === 0 ? 'CREATE' : 'ALTER';
      await client.query(
        `${verb} ROLE ${role} NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION ${bypass}`,
      );
      await client.query(`ALTER ROLE ${role} RESET ALL`);
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}
