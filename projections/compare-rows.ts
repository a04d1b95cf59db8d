import pg from 'pg';
import { longQuery } from './transaction.ts';

export interface Comparison {
  /** every row of every table is in both, byte for byte as PostgreSQL prints it */
  readonly equal: boolean;
  /** the tables that differ, and the number of rows that only one side has */
  readonly differing: readonly { readonly table: string; readonly rows: number }[];
}

/**
 * Compares all tables of two schemas row by row, in both directions. Of a row 128 bits of hash are compared: millions
 * of whole rows would have to be sorted on the disk.
 */
export async function compareRows(tx: pg.ClientBase, one: string, other: string): Promise<Comparison> {
  const inOne = await tablesOf(tx, one);
  const inOther = await tablesOf(tx, other);
  const differing: { table: string; rows: number }[] = [];
  for (const table of [...new Set([...inOne, ...inOther])].sort()) {
    const sides = [
      ...(inOne.has(table) ? [hashedRows(one, table, 1)] : []),
      ...(inOther.has(table) ? [hashedRows(other, table, -1)] : []),
    ];
    const rows = await sum(
      tx,
      `SELECT abs(sum(side)) AS n FROM (${sides.join(' UNION ALL ')}) AS hashed
       GROUP BY first, second HAVING sum(side) <> 0`,
    );
    if (rows > 0 || sides.length < 2) differing.push({ table, rows });
  }
  return { equal: differing.length === 0, differing };
}

/** The rows of all tables of a schema. */
export async function countRows(tx: pg.ClientBase, schema: string): Promise<number> {
  let rows = 0;
  for (const table of await tablesOf(tx, schema)) {
    rows += await sum(tx, `SELECT count(*) AS n FROM ${qualified(schema, table)}`);
  }
  return rows;
}

/** As text: some types call equal what is not the same, and some have no equality. OFFSET 0: printed once for both. */
const hashedRows = (schema: string, table: string, side: 1 | -1): string =>
  `SELECT hashtextextended(line, 0) AS first, hashtextextended(line, 1) AS second, ${side} AS side
   FROM (SELECT ROW(printed.*)::text AS line FROM ${qualified(schema, table)} AS printed OFFSET 0) AS lines`;

const qualified = (schema: string, table: string): string =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;

async function sum(tx: pg.ClientBase, select: string): Promise<number> {
  const { rows } = await longQuery<{ sum: string }>(
    tx,
    `SELECT coalesce(sum(n), 0) AS sum FROM (${select}) AS counted`,
  );
  return Number(rows[0]?.sum);
}

/**
 * So that the first queries are planned with the numbers of these rows and not with a guess: those of the columns that are
 * in a key or an index. The others' take as long again, and PostgreSQL looks at them itself a minute later.
 */
export async function analyzeTables(tx: pg.ClientBase, schema: string): Promise<void> {
  const { rows } = await tx.query<{ name: string; columns: string[] }>(
    `SELECT relname AS name, array_agg(DISTINCT attname::text) AS columns
     FROM pg_class t JOIN pg_index i ON indrelid = t.oid JOIN pg_attribute ON attrelid = t.oid AND attnum = ANY (indkey)
     WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) GROUP BY relname`,
    [schema],
  );
  for (const { name, columns } of rows)
    await longQuery(
      tx,
      `ANALYZE ${qualified(schema, name)} (${columns.map((column) => pg.escapeIdentifier(column)).join(', ')})`,
    );
}

async function tablesOf(tx: pg.ClientBase, schema: string): Promise<Set<string>> {
  const { rows } = await tx.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p')`,
    [schema],
  );
  return new Set(rows.map(({ name }) => name));
}
