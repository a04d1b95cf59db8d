/**
 * What is set for roles stands in the server's own catalogs, outside of every size limit, and every REST API reads what is
 * set for the shared roles. Whoever may become a role may set it (`SET ROLE anon; ALTER ROLE anon SET ...`), and
 * PostgreSQL has no trigger for that: so it is looked at, and what must not be there is reset.
 */
import pg from 'pg';
import { PROJECT_LOGIN } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';
import { COMMON_ROLES } from './shared-roles.ts';

const BYTES_OF_ROW = 16 * 1024;
/** In a row that is too large; the platform's own are shorter. Names that PostgreSQL does not know only a superuser sets. */
const BYTES_OF_SETTING = 256;

interface Reset {
  readonly role: string;
  /** null: in all databases */
  readonly database: string | null;
  /** null: all of them */
  readonly names: readonly string[] | null;
}

const WRONG = `SELECT rolname AS role, datname AS database,
    CASE WHEN rolname ~ '${PROJECT_LOGIN}' THEN
      ARRAY(SELECT split_part(setting, '=', 1) FROM unnest(setconfig) setting
       WHERE octet_length(setting) > $3)
    END AS names
  FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole LEFT JOIN pg_database ON pg_database.oid = setdatabase
  WHERE rolname = ANY ($1) AND setdatabase = 0
    OR (rolname = ANY ($1) OR rolname ~ '${PROJECT_LOGIN}') AND octet_length(setconfig::text) > $2`;

/** @returns of which roles something was reset */
export async function resetSettings(server: PostgresServer): Promise<readonly string[]> {
  return server.administer('look at the settings of roles', async (client) => {
    const { rows } = await client.query<Reset>(WRONG, [COMMON_ROLES, BYTES_OF_ROW, BYTES_OF_SETTING]);
    for (const reset of rows) for (const statement of statements(reset)) await client.query(statement);
    return rows.map(({ role }) => role);
  });
}

function statements({ role, database, names }: Reset): readonly string[] {
  const where = database === null ? '' : ` IN DATABASE ${pg.escapeIdentifier(database)}`;
  const alter = `ALTER ROLE ${pg.escapeIdentifier(role)}${where} RESET`;
  if (names === null) return [`${alter} ALL`];
  return names.map((name) => `${alter} ${name.split('.').map(pg.escapeIdentifier).join('.')}`);
}
