/** What of a table strangers reach by the REST API, who have nothing but the public key. */
import type { TableSummary } from './catalogue.ts';

export type Exposure =
  /** not reached at all: no exposed schema, or no rights */
  | 'closed'
  /** whoever has the public key does all that `anon` may */
  | 'open'
  /** there are policies, but nothing keeps them: row-level security is off */
  | 'policies-off'
  /** a view reads as its owner, past the policies of the tables below */
  | 'view-past-policies'
  /** row-level security without any policy: nobody but the owner and the service reaches a row */
  | 'no-policies'
  /** policies decide */
  | 'by-policies';

export function exposureOf(table: TableSummary, exposedSchemas: readonly string[]): Exposure {
  if (!exposedSchemas.includes(table.schema) || table.anon.length === 0) return 'closed';
  if (table.kind === 'view') return table.as_invoker ? 'by-policies' : 'view-past-policies';
  if (table.kind === 'materialized' || table.kind === 'foreign') return 'open';
  if (!table.rls) return table.policies > 0 ? 'policies-off' : 'open';
  return table.policies > 0 ? 'by-policies' : 'no-policies';
}

export const isDangerous = (exposure: Exposure): boolean =>
  exposure === 'open' || exposure === 'policies-off' || exposure === 'view-past-policies';
