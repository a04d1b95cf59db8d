/** The columns of a table by our names for what is in them, and the SQL that reads and writes them. */

export interface Column {
  readonly name: string;
  /** how it is read, where that is not by its name */
  readonly read?: string;
  /** how a parameter becomes its value */
  readonly write?: (parameter: string) => string;
  /** what the driver is given */
  readonly value?: (value: unknown) => unknown;
}

export type Columns<Row> = { readonly [Key in keyof Row]-?: Column };

/** What a row is read as: whatever others wrote. */
export type Stored<Row> = { readonly [Key in keyof Row]: unknown };

export const plain = (name: string): Column => ({ name });

/** the driver would make a list of PostgreSQL's of an array */
export const json = (name: string): Column => ({ name, value: (value) => value && JSON.stringify(value) });

/** Without a time zone, and in UTC whatever the session's is. */
export const utc = (name: string): Column => ({
  name,
  read: `${name} AT TIME ZONE 'UTC'`,
  write: (parameter) => `${parameter}::timestamptz AT TIME ZONE 'UTC'`,
});

/** An address without its prefix. */
export const address = (name: string, value?: (value: unknown) => unknown): Column => ({
  name,
  read: `host(${name})`,
  ...(value && { value }),
});

const entries = (columns: object): readonly (readonly [string, Column])[] => Object.entries(columns);

/** `id, encrypted_password AS "passwordHash" ...` */
export const selected = (columns: object): string =>
  entries(columns)
    .map(([key, { name, read = name }]) => `${read} AS "${key}"`)
    .join(', ');

export interface Written {
  readonly names: readonly string[];
  /** `$1 ...`, or what is made of them */
  readonly expressions: readonly string[];
  readonly values: readonly unknown[];
}

/** Of those columns that the row has. @param first the number of its first parameter */
export function written(columns: object, row: object, first = 1): Written {
  const given = entries(columns).filter(([key]) => key in row);
  return {
    names: given.map(([, { name }]) => name),
    expressions: given.map(([, { write = (parameter: string) => parameter }], nth) =>
      write(`$${first + nth}`),
    ),
    values: given.map(([key, { value = (as: unknown) => as }]) =>
      value((row as Record<string, unknown>)[key]),
    ),
  };
}

export function insertion(
  table: string,
  columns: object,
  row: object,
): { text: string; values: readonly unknown[] } {
  return insertions(table, columns, [row]);
}

/** Of several rows, with the columns that the first of them has. */
export function insertions(
  table: string,
  columns: object,
  rows: readonly object[],
): { text: string; values: readonly unknown[] } {
  const values: unknown[] = [];
  const lines: string[] = [];
  let names: readonly string[] | undefined;
  for (const row of rows) {
    const one = written(columns, row, values.length + 1);
    names ??= one.names;
    lines.push(`(${one.expressions.join(', ')})`);
    values.push(...one.values);
  }
  return { text: `INSERT INTO ${table} (${names?.join(', ')}) VALUES ${lines.join(', ')}`, values };
}

/** Of the row with the id that is the first parameter. @returns undefined: there is nothing to change */
export function change(
  table: string,
  columns: object,
  id: string,
  changes: object,
): { text: string; values: readonly unknown[] } | undefined {
  const { names, expressions, values } = written(columns, changes, 2);
  if (names.length === 0) return undefined;
  const assignments = names.map((name, nth) => `${name} = ${expressions[nth]}`);
  return { text: `UPDATE ${table} SET ${assignments.join(', ')} WHERE id = $1`, values: [id, ...values] };
}
