import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectSql } from '../ports/project-sql.ts';

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

/** Qualified throughout: it runs as the owner, whatever is in their search_path. */
const QUERY = `
  SELECT a.name::pg_catalog.text, a.comment, a.default_version,
         (a.name OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) AND ${TRUSTED}),
         e.extversion, n.nspname::pg_catalog.text
  FROM pg_catalog.pg_available_extensions a
  LEFT JOIN pg_catalog.pg_extension e ON e.extname OPERATOR(pg_catalog.=) a.name
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
  WHERE a.name OPERATOR(pg_catalog.<>) 'plpgsql'
    AND (a.name OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) OR e.oid IS NOT NULL)
  ORDER BY a.name`;

type Row = [string, string | null, string, boolean, string | null, string | null];

/**
 * What may be installed of what the server has, and what is installed.
 * @param allowed the platform's list @throws {Unavailable}
 */
export async function listExtensions(
  sql: ProjectSql,
  project: ProjectId,
  ownerPassword: string,
  allowed: readonly string[],
  signal: AbortSignal,
): Promise<readonly Extension[]> {
  const { result } = await sql.run(project, ownerPassword, { query: QUERY, params: [allowed] }, signal);
  return (result.rows as Row[]).map(([name, comment, version, may, installed, schema]) => ({
    name,
    comment,
    version,
    allowed: may,
    installed: installed !== null && schema !== null ? { version: installed, schema } : null,
  }));
}
