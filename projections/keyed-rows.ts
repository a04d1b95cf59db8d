/**
 * Rows by key, folded from events: one query reads the rows that a batch touches, the fold runs in memory, what
 * came out is written. A batch of a thousand events costs as many round trips as one of a single.
 */
import pg from 'pg';
import type { StoredEvent } from '../application/ports/event-store.ts';
import { insertRows, upsertRows } from './write-rows.ts';

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
  const [target, by] = [pg.escapeIdentifier(fold.table), pg.escapeIdentifier(fold.key)];
  const { rows } = await tx.query<Row>(`SELECT * FROM ${target} WHERE ${by} = ANY ($1)`, [keys]);
  const before = new Map(rows.map((row) => [String(row[fold.key]), row]));
  const after = new Map<string, Row | undefined>(before);
  for (const { key, event } of keyed) after.set(key, fold.evolve(after.get(key), event));
  const made: Row[] = [];
  const changed: Row[] = [];
  for (const [key, row] of after) {
    const old = before.get(key);
    if (row && row !== old) (old ? changed : made).push(row);
  }
  await insertRows(tx, fold.table, made);
  await upsertRows(tx, fold.table, [fold.key], changed);
  const gone = keys.filter((key) => before.has(key) && !after.get(key));
  if (gone.length > 0) await tx.query(`DELETE FROM ${target} WHERE ${by} = ANY ($1)`, [gone]);
}
