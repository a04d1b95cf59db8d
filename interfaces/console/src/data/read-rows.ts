/** Statements that read a table's rows, page by page. Every value comes as PostgreSQL's text. */
import type { Column, Table } from './catalogue.ts';
import { isShort } from './cell-types.ts';
import { Parameters, whereOf, type Filter } from './filters.ts';
import { identityOf, orderBy, orderOf, type Sort } from './order.ts';
import { identifier, qualified } from './quote.ts';

/** What reading and changing rows has to know of a table. */
export type ReadTable = Pick<Table, 'schema' | 'name' | 'kind' | 'own' | 'key' | 'columns'>;

export interface Asked {
  readonly filters: readonly Filter[];
  readonly sorts: readonly Sort[];
}

export interface Row {
  /** the values of the table's identity, in its order */
  readonly id: readonly string[];
  /** the values of what the rows are ordered by: where a next page begins */
  readonly place: readonly string[];
  /** by the table's columns; null is NULL */
  readonly cells: readonly (string | null)[];
}

/** A row whose index among all rows is known, as far as nobody changed the table meanwhile. */
export interface Anchor {
  readonly index: number;
  readonly place: readonly string[];
}

export interface Query {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

/** characters of a value that a grid shows; one more tells that it is longer */
export const SHOWN = 300;

const shown = ({ name, base }: Pick<Column, 'name' | 'base'>): string => {
  if (isShort(base)) return `${identifier(name)}::text`;
  // half as many bytes, since each is two digits
  if (base === 'bytea')
    return `'\\x' || encode(substring(${identifier(name)} FROM 1 FOR ${SHOWN / 2 + 1}), 'hex')`;
  return `left(${identifier(name)}::text, ${SHOWN + 1})`;
};

export const isClipped = (value: string | null): boolean =>
  value !== null && value.length > SHOWN && Array.from(value).length > SHOWN;

/** What {@link rowOf} takes apart. */
export function columnsOf(table: ReadTable, asked: Asked): string {
  const order = orderOf(table, asked.sorts);
  return [
    ...identityOf(table).columns.map((column) => `${identifier(column)}::text`),
    ...(order.seeks ? order.sorts.map(({ column }) => `${identifier(column)}::text`) : []),
    ...table.columns.map(shown),
  ].join(', ');
}

/** @param after the nearest row before that is known; without one PostgreSQL counts from the first */
export function pageQuery(
  table: ReadTable,
  asked: Asked,
  page: { from: number; size: number },
  after?: Anchor,
): Query {
  const order = orderOf(table, asked.sorts);
  const parameters = new Parameters();
  const seeks = order.seeks && after !== undefined;
  const more = seeks ? [behind(order.sorts, after.place, parameters)] : [];
  const where = whereOf(asked.filters, table.columns, parameters, more);
  const skipped = seeks ? page.from - after.index - 1 : page.from;
  const parts = [
    `SELECT ${columnsOf(table, asked)}`,
    `FROM ${qualified(table.schema, table.name)} r`,
    where,
    orderBy(order),
    `LIMIT ${page.size}`,
    skipped > 0 ? `OFFSET ${skipped}` : '',
  ];
  return { query: parts.filter(Boolean).join('\n'), params: parameters.values };
}

function behind(sorts: readonly Sort[], place: readonly string[], parameters: Parameters): string {
  const columns = sorts.map(({ column }) => identifier(column)).join(', ');
  const values = sorts.map((_, index) => parameters.add(place[index] ?? null)).join(', ');
  return `(${columns}) ${sorts[0]?.descending === true ? '<' : '>'} (${values})`;
}

export function rowOf(table: ReadTable, asked: Asked, values: readonly (string | null)[]): Row {
  const ids = identityOf(table).columns.length;
  const order = orderOf(table, asked.sorts);
  const places = order.seeks ? order.sorts.length : 0;
  return {
    id: values.slice(0, ids) as string[],
    place: values.slice(ids, ids + places) as string[],
    cells: values.slice(ids + places),
  };
}

/** What the planner believes; EXPLAIN reads no row. */
export function estimateQuery(table: ReadTable, { filters }: Asked): Query {
  const { query, params } = countQuery(table, { filters, sorts: [] });
  return { query: `EXPLAIN (FORMAT JSON) ${query.replace('count(*)', '1')}`, params };
}

export function countQuery(table: ReadTable, { filters }: Asked): Query {
  const parameters = new Parameters();
  const where = whereOf(filters, table.columns, parameters);
  return {
    query: `SELECT count(*) FROM ${qualified(table.schema, table.name)} ${where}`.trim(),
    params: parameters.values,
  };
}

/** A value in full. */
export function valueQuery(table: ReadTable, row: Row, column: string): Query {
  const parameters = new Parameters();
  const where = whereRow(table, row, parameters);
  return {
    query: `SELECT ${identifier(column)}::text FROM ${qualified(table.schema, table.name)} WHERE ${where}`,
    params: parameters.values,
  };
}

/** @throws when nothing tells the table's rows apart: whoever calls has asked {@link identityOf} */
export function whereRow(table: ReadTable, row: Row, parameters: Parameters): string {
  const { columns, by } = identityOf(table);
  if (by === 'nothing') throw new Error(`nothing tells the rows of ${table.name} apart`);
  return columns
    .map((column, index) => `${identifier(column)} = ${parameters.add(row.id[index] ?? null)}`)
    .join(' AND ');
}
