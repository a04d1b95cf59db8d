/** In which order the rows of a table come, so that each page knows where it begins. */
import type { Table } from './catalogue.ts';
import { identifier } from './quote.ts';

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** What tells rows apart; without a key it is the row's place, which is true until the row changes. */
export type Identity =
  | { readonly by: 'key'; readonly columns: readonly string[] }
  | { readonly by: 'place'; readonly columns: readonly ['tableoid', 'ctid'] | readonly ['ctid'] }
  | { readonly by: 'nothing'; readonly columns: readonly [] };

export function identityOf({ kind, key }: Pick<Table, 'kind' | 'key'>): Identity {
  if (key.length > 0) return { by: 'key', columns: key };
  if (kind === 'partitioned') return { by: 'place', columns: ['tableoid', 'ctid'] };
  if (kind === 'table' || kind === 'materialized') return { by: 'place', columns: ['ctid'] };
  return { by: 'nothing', columns: [] };
}

export interface Order {
  readonly sorts: readonly Sort[];
  /** whether a page can begin behind a row that is known: nothing of the order is NULL, all of it goes one way */
  readonly seeks: boolean;
}

/** What was asked for, and then the identity: of two rows that are alike the same one is always first. */
export function orderOf(table: Pick<Table, 'kind' | 'key' | 'columns'>, asked: readonly Sort[]): Order {
  const identity = identityOf(table);
  const descending = asked.at(-1)?.descending ?? false;
  const named = new Set(asked.map(({ column }) => column));
  const rest = identity.columns.filter((column) => !named.has(column));
  const sorts = [...asked, ...rest.map((column) => ({ column, descending }))];
  const never = new Set<string>(identity.by === 'key' ? [] : identity.columns);
  for (const { name, not_null } of table.columns) if (not_null) never.add(name);
  const seeks =
    identity.by !== 'nothing' &&
    sorts.every((sort) => sort.descending === descending && never.has(sort.column));
  return { sorts, seeks };
}

/** Of the table as `r`: the answer's own columns have the same names, but are texts. */
export function orderBy({ sorts }: Order): string {
  const each = sorts.map(({ column, descending }) => `r.${identifier(column)}${descending ? ' DESC' : ''}`);
  return each.length === 0 ? '' : `ORDER BY ${each.join(', ')}`;
}
