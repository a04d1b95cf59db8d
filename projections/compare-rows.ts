import pg from 'pg';

export interface Comparison {
  /** every row of every table is in both, byte for byte as PostgreSQL prints it */
  readonly equal: boolean;
  /** the tables that differ, and the number of rows that only one side has */
  readonly differing: readonly { readonly table: string; readonly rows: number }[];
}

/** Compares all tables of two schemas row by row, in both directions. */
export async function compareRows(tx: pg.ClientBase, one: string, other: string): Promise<Comparison> {
  const inOne = await tablesOf(tx, one);
  const inOther = await tablesOf(tx, other);
  const differing: { table: string; rows: number }[] = [];
  for (const table of [...new Set([...inOne, ...inOther])].sort()) {
    const left = inOne.has(table) ? printedRows(one, table) : NO_ROWS;
    const right = inOther.has(table) ? printedRows(other, table) : NO_ROWS;
    const rows = await count(tx, `(${left} EXCEPT ALL ${right}) UNION ALL (${right} EXCEPT ALL ${left})`);
    if (rows > 0 || left === NO_ROWS || right === NO_ROWS) differing.push({ table, rows });
  }
  return { equal: differing.length === 0, differing };
}

/** The rows of all tables of a schema. */
export async function countRows(tx: pg.ClientBase, schema: string): Promise<number> {
  let rows = 0;
  for (const table of await tablesOf(tx, schema)) {
    rows += await count(tx, `SELECT FROM ${qualified(schema, table)}`);
  }
  return rows;
}

const NO_ROWS = 'SELECT NULL::text WHERE false';

/** As text: some types call equal what is not the same, and some have no equality. */
const printedRows = (schema: string, table: string): string =>
  `SELECT ROW(printed.*)::text FROM ${qualified(schema, table)} AS printed`;

const qualified = (schema: string, table: string): string =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;

async function count(tx: pg.ClientBase, select: string): Promise<number> {
  const { rows } = await tx.query<{ count: string }>(`SELECT count(*) FROM (${select}) AS counted`);
  return Number(rows[0]?.count);
}

async function tablesOf(tx: pg.ClientBase, schema: string): Promise<Set<string>> {
  const { rows } = await tx.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p')`,
    [schema],
  );
  return new Set(rows.map(({ name }) => name));
}
