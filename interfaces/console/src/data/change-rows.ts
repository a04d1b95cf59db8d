/** Statements that change rows. Each says what came of it, so that a row which somebody else changed meanwhile is seen. */
import type { Column } from './catalogue.ts';
import { Parameters } from './filters.ts';
import { identityOf } from './order.ts';
import { identifier, qualified } from './quote.ts';
import { columnsOf, whereRow, type Asked, type Query, type ReadTable, type Row } from './read-rows.ts';

export const isEditable = (table: ReadTable): boolean =>
  table.own && table.kind !== 'view' && table.kind !== 'materialized' && identityOf(table).by !== 'nothing';

export const isWritable = ({ generated, identity }: Column): boolean => !generated && identity !== 'always';

/**
 * One value, if it is still what was seen. The answer is the row as it is now: none where somebody else was faster. The new value is not cast: an
 * assignment refuses what does not fit, a cast would cut it.
 */
export function updateQuery(
  table: ReadTable,
  asked: Asked,
  row: Row,
  { name }: Column,
  { from, to }: { readonly from: string | null; readonly to: string | null },
): Query {
  const parameters = new Parameters();
  const set = `${identifier(name)} = ${parameters.add(to)}`;
  const where = whereRow(table, row, parameters);
  const seen = `${identifier(name)}::text IS NOT DISTINCT FROM ${parameters.add(from)}`;
  return {
    query: `UPDATE ${qualified(table.schema, table.name)} SET ${set}
WHERE ${where} AND ${seen}
RETURNING ${columnsOf(table, asked)}`,
    params: parameters.values,
  };
}

/** @param values by column; what is absent gets its default */
export function insertQuery(table: ReadTable, values: ReadonlyMap<string, string | null>): Query {
  const parameters = new Parameters();
  const into = qualified(table.schema, table.name);
  if (values.size === 0) return { query: `INSERT INTO ${into} DEFAULT VALUES`, params: [] };
  const places = [...values.values()].map((value) => parameters.add(value));
  const columns = [...values.keys()].map(identifier);
  return {
    query: `INSERT INTO ${into} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    params: parameters.values,
  };
}

export function deleteQuery(table: ReadTable, rows: readonly Row[]): Query {
  const parameters = new Parameters();
  const each = rows.map((row) => `(${whereRow(table, row, parameters)})`);
  return {
    query: `DELETE FROM ${qualified(table.schema, table.name)} WHERE ${each.join(' OR ')}`,
    params: parameters.values,
  };
}
