import type { ProjectId } from '../../domain/project/project-id.ts';
import type { TenantConnection, TenantConnections } from '../ports/tenant-connections.ts';

export interface Extension {
  readonly name: string;
  readonly comment: string | null;
  /** what CREATE EXTENSION would install */
  readonly version: string;
  /** whether the owner may install it */
  readonly allowed: boolean;
  readonly installed: { readonly version: string; readonly schema: string } | null;
}

/** PostgreSQL lets only superusers install the others, whatever the platform's list says. */
const TRUSTED = `EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
  WHERE v.name OPERATOR(pg_catalog.=) a.name AND v.version OPERATOR(pg_catalog.=) a.default_version AND v.trusted)`;

/** Qualified throughout: it runs in the owner's database, whatever is in a search path there. */
const QUERY = `
  SELECT a.name::pg_catalog.text, a.comment, a.default_version AS version,
         (a.name OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) AND ${TRUSTED}) AS allowed,
         e.extversion, n.nspname::pg_catalog.text AS schema
  FROM pg_catalog.pg_available_extensions a
  LEFT JOIN pg_catalog.pg_extension e ON e.extname OPERATOR(pg_catalog.=) a.name
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
  WHERE a.name OPERATOR(pg_catalog.<>) 'plpgsql'
    AND (a.name OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) OR e.oid IS NOT NULL)
  ORDER BY a.name`;

interface Row extends Omit<Extension, 'installed'> {
  readonly extversion: string | null;
  readonly schema: string | null;
}

/**
 * What may be installed of what the server has, and what is installed.
 * @param allowed the platform's list @throws {Unavailable} @throws {Rejection} project/not-active
 */
export async function listExtensions(
  connections: TenantConnections,
  project: ProjectId,
  allowed: readonly string[],
  signal: AbortSignal,
): Promise<readonly Extension[]> {
  const look = (connection: TenantConnection) => connection.query<Row>(QUERY, [allowed]);
  const { rows } = await connections.with(project, 'authenticator', look, { signal });
  return rows.map(({ extversion, schema, ...known }) => ({
    ...known,
    installed: extversion !== null && schema !== null ? { version: extversion, schema } : null,
  }));
}
