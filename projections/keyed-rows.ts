/**
 * Rows by key, folded from events: one query reads the rows that a batch touches, the fold runs in memory, what
 * came out is written. A batch of a thousand events costs as many round trips as one of a single.
 */
import pg from 'pg';
import type { StoredEvent } from '../application/ports/event-store.ts';
import { prepared } from './prepared.ts';
import { insertRows, upsertRows } from './write-rows.ts';

export interface KeyedFold<Row extends object> {
  readonly table: string;
  /** the primary key */
  readonly key: keyof Row & string;
  /** the row that an event touches, or undefined for none; all of it come from one stream */
  readonly keyOf: (event: StoredEvent) => string | undefined;
  /**
   * @param events of the row's key, in order, one at least
   * @returns undefined: there shall be no such row
   */
  fold(row: Row | undefined, events: readonly StoredEvent[]): Row | undefined;
}

export async function foldRows<Row extends object>(
  tx: pg.ClientBase,
  fold: KeyedFold<Row>,
  events: readonly StoredEvent[],
): Promise<void> {
  const keyed = eventsByKey(events, fold.keyOf);
  if (keyed.size === 0) return;
  const [target, by] = [pg.escapeIdentifier(fold.table), pg.escapeIdentifier(fold.key)];
  const old = [...keyed].flatMap(([key, own]) => (begins(own) ? [] : [key]));
  const { rows } =
    old.length === 0
      ? { rows: [] }
      : await tx.query<Row>({ ...prepared(`SELECT * FROM ${target} WHERE ${by} = ANY ($1)`), values: [old] });
  const before = new Map(rows.map((row) => [String(row[fold.key]), row]));
  const made: Row[] = [];
  const changed: Row[] = [];
  const gone: string[] = [];
  for (const [key, own] of keyed) {
    const stood = before.get(key);
    const row = fold.fold(stood, own);
    if (row && row !== stood) (stood ? changed : made).push(row);
    if (stood && !row) gone.push(key);
  }
  await insertRows(tx, fold.table, made);
  await upsertRows(tx, fold.table, [fold.key], changed);
  if (gone.length > 0) await tx.query(`DELETE FROM ${target} WHERE ${by} = ANY ($1)`, [gone]);
}

/** Those that have a key, each key's in order. */
export function eventsByKey<Key>(
  events: readonly StoredEvent[],
  keyOf: (event: StoredEvent) => Key | undefined,
): ReadonlyMap<Key, readonly StoredEvent[]> {
  const keyed = new Map<Key, StoredEvent[]>();
  for (const event of events) {
    const key = keyOf(event);
    if (key === undefined) continue;
    const own = keyed.get(key);
    if (own) own.push(event);
    else keyed.set(key, [event]);
  }
  return keyed;
}

/** Of a stream's events from its first one on: nothing can be known of it. */
export const begins = (events: readonly StoredEvent[]): boolean => events[0]?.revision === 0;
