/** Addresses of tables, with the conditions and the order of what they show. */
import { filterText, parseFilter, type Filter } from '../../data/filters.ts';
import type { Sort } from '../../data/order.ts';
import type { Asked } from '../../data/read-rows.ts';

export function tablePath(
  project: string,
  { schema, name }: { readonly schema: string; readonly name: string },
  filters: readonly Filter[] = [],
): string {
  const search = searchOf({ filters, sorts: [] });
  const path = `/projects/${project}/tables/${encodeURIComponent(schema)}/${encodeURIComponent(name)}`;
  return search === '' ? path : `${path}?${search}`;
}

/** Where the policies of a table are. */
export const policiesOf = (
  project: string,
  { schema, name }: { readonly schema: string; readonly name: string },
): string => `/projects/${project}/policies?table=${encodeURIComponent(`${schema}.${name}`)}`;

/** What stands behind the `?`. */
export function searchOf({ filters, sorts }: Asked): string {
  const search = new URLSearchParams();
  for (const filter of filters) search.append('filter', filterText(filter));
  for (const { column, descending } of sorts) search.append('sort', `${descending ? '-' : ''}${column}`);
  return search.toString();
}

/** What is no filter, or no column, counts for nothing. */
export function askedOf(search: string, columns: readonly { readonly name: string }[]): Asked {
  const given = new URLSearchParams(search);
  const names = new Set(columns.map(({ name }) => name));
  const filters = given
    .getAll('filter')
    .map(parseFilter)
    .filter((filter) => filter !== null)
    .filter(({ column }) => names.has(column));
  const sorts = given
    .getAll('sort')
    .map((text): Sort =>
      text.startsWith('-') && !names.has(text)
        ? { column: text.slice(1), descending: true }
        : { column: text, descending: false },
    );
  return { filters, sorts: sorts.filter(({ column }) => names.has(column)) };
}

/** By a press on a column's heading: upward, downward, and then not at all. */
export function nextSorts(sorts: readonly Sort[], column: string): readonly Sort[] {
  const now = sorts.find((sort) => sort.column === column);
  if (!now) return [{ column, descending: false }];
  return now.descending ? [] : [{ column, descending: true }];
}

/** A part of an address as it was before; one that was typed by hand may be no good. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const shownName = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  schema === 'public' ? name : `${schema}.${name}`;
