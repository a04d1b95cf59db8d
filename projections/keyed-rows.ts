/**
 * Rows by key, folded from events: one query reads the rows that a batch touches, the fold runs in memory, one
 * statement writes what came out. A batch of a thousand events costs as many round trips as one of a single.
 */
import pg from 'pg';
import type { StoredEvent } from '../application/ports/event-store.ts';

export interface KeyedFold<Row extends object> {
  readonly table: string;
  /** the primary key */
  readonly key: keyof Row & string;
  /** the row that an event touches, or undefined for none */
  keyOf(event: StoredEvent): string | undefined;
  /** undefined in: there is no such row; undefined out: there shall be none */
  evolve(row: Row | undefined, event: StoredEvent): Row | undefined;
}

export async function foldRows<Row extends object>(
  tx: pg.ClientBase,
  fold: KeyedFold<Row>,
  events: readonly StoredEvent[],
): Promise<void> {
  const keyed = events.flatMap((event) => {
    const key = fold.keyOf(event);
    return key === undefined ? [] : [{ key, event }];
  });
  const keys = [...new Set(keyed.map(({ key }) => key))];
  if (keys.length === 0) return;
  const { rows } = await tx.query<Row>(
    `SELECT * FROM ${pg.escapeIdentifier(fold.table)} WHERE ${pg.escapeIdentifier(fold.key)} = ANY ($1)`,
    [keys],
  );
  const before = new Map(rows.map((row) => [String(row[fold.key]), row]));
  const after = new Map<string, Row | undefined>(before);
  for (const { key, event } of keyed) after.set(key, fold.evolve(after.get(key), event));
  const changed = keys.flatMap((key) => {
    const row = after.get(key);
    return row && row !== before.get(key) ? [row] : [];
  });
  const gone = keys.filter((key) => before.has(key) && !after.get(key));
  await upsertRows(tx, fold.table, [fold.key], changed);
  if (gone.length > 0) {
    await tx.query(
      `DELETE FROM ${pg.escapeIdentifier(fold.table)} WHERE ${pg.escapeIdentifier(fold.key)} = ANY ($1)`,
      [gone],
    );
  }
}

/**
 * Writes whole rows in one statement. All have the same columns; dates, bigints and JSON become what their
 * columns are.
 */
export async function upsertRows<Row extends object>(
  tx: pg.ClientBase,
  table: string,
  key: readonly (keyof Row & string)[],
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const names = Object.keys(first);
  const columns = names.map((name) => pg.escapeIdentifier(name)).join(', ');
  const changes = names
    .filter((name) => !key.some((part) => part === name))
    .map((name) => `${pg.escapeIdentifier(name)} = excluded.${pg.escapeIdentifier(name)}`);
  const conflict = changes.length > 0 ? `DO UPDATE SET ${changes.join(', ')}` : 'DO NOTHING';
  const target = pg.escapeIdentifier(table);
  await tx.query(
    `INSERT INTO ${target} (${columns})
     SELECT ${columns} FROM json_populate_recordset(NULL::${target}, $1::json)
     ON CONFLICT (${key.map((part) => pg.escapeIdentifier(part)).join(', ')}) ${conflict}`,
    [JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))],
  );
}
