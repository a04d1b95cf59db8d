/** SQL in a project's database, as its owner: one transaction, 1,000 rows and 30 s at most. */
import { parseExact } from './exact-json.ts';
import { send } from './send.ts';

export interface SqlField {
  readonly name: string;
  /** PostgreSQL's number of the type: 20 is int8 */
  readonly type_id: number;
}

export interface SqlResult {
  /** null: it had no statement */
  readonly command: string | null;
  readonly row_count: number | null;
  readonly fields: readonly SqlField[];
  /**
   * In the order of the fields. bigint, numeric, dates and bytes are strings, as PostgreSQL prints them; documents
   * (json, jsonb) are values whose numbers may be an ExactNumber.
   */
  readonly rows: readonly (readonly unknown[])[];
  /** there were more rows than are given */
  readonly truncated: boolean;
  readonly notices: readonly string[];
  readonly duration_ms: number;
}

/**
 * Runs SQL and records in the project's trail that it was run.
 * @param params for `$1`, `$2` ...
 * @throws {ApiProblem} status 422: PostgreSQL refuses it; `members` has sqlstate, position (from 1), sql_detail and hint
 */
export async function sql(
  project: string,
  query: string,
  params: readonly unknown[] = [],
  signal?: AbortSignal,
): Promise<SqlResult> {
  const response = await send(`/api/projects/${project}/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, row_format: 'array', ...(params.length > 0 && { params }) }),
    ...(signal && { signal }),
  });
  return parseExact(await response.text()) as SqlResult;
}

/** The rows by the names of their columns. */
export async function sqlRows<T>(...asked: Parameters<typeof sql>): Promise<readonly T[]> {
  const { fields, rows } = await sql(...asked);
  return rows.map((row) => Object.fromEntries(fields.map(({ name }, at) => [name, row[at]])) as T);
}
