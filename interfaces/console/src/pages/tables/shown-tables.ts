/** Which tables of a project a list shows, and in which order. */
import type { TableSummary } from '../../data/catalogue.ts';

/** no schema has such a name: PostgreSQL keeps `pg_` for itself */
export const EVERY = 'pg_every';
export const PLATFORM = 'pg_platform';

interface Asked {
  readonly search: string;
  /** a schema's name, or what stands for several */
  readonly schema: string;
  readonly sorting: { readonly by: string; readonly descending: boolean };
}

export function shownTables(
  tables: readonly TableSummary[],
  { search, schema, sorting }: Asked,
): TableSummary[] {
  const wanted = search.trim().toLowerCase();
  const found = tables
    .filter((table) => (schema === EVERY ? table.own : schema === PLATFORM || table.schema === schema))
    .filter((table) => `${table.schema}.${table.name}`.toLowerCase().includes(wanted));
  const sorted = found.toSorted((a, b) => compare(a, b, sorting.by) || nameOf(a).localeCompare(nameOf(b)));
  return sorting.descending ? sorted.toReversed() : sorted;
}

const nameOf = ({ schema, name }: TableSummary) => `${schema}.${name}`;

function compare(a: TableSummary, b: TableSummary, by: string): number {
  if (by === 'rows') return (a.estimate ?? -1) - (b.estimate ?? -1);
  return by === 'size' ? a.bytes - b.bytes : 0;
}
