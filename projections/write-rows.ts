/**
 * Whole rows into a table. All of a call have the same columns; dates, bigints, and objects or arrays for a
 * column of JSON become what their columns are.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { prepared } from './prepared.ts';
import { isoTime } from './iso-time.ts';

/** From here on COPY costs less than one statement, though it takes one more round trip. */
const COPY_FROM = 16;
const ROWS_PER_CHUNK = 200;

/** For a column of JSON: text that is JSON already, where `JSON.stringify` would take longer than all the rest. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** Rows whose keys are not in the table. */
export async function insertRows<Row extends object>(
  tx: pg.ClientBase,
  table: string,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length < COPY_FROM) return insertJson(tx, table, rows, '');
  const names = columnsOf(rows);
  const copy = tx.query(copyFrom(`COPY ${pg.escapeIdentifier(table)} (${escaped(names)}) FROM STDIN`));
  await pipeline(Readable.from(copyLines(names, rows)), copy);
}

/** Rows whose keys may be in the table: then the old rows are replaced. */
export async function upsertRows<Row extends object>(
  tx: pg.ClientBase,
  table: string,
  key: readonly (keyof Row & string)[],
  rows: readonly Row[],
): Promise<void> {
  const changes = columnsOf(rows)
    .filter((name) => !key.some((part) => part === name))
    .map((name) => `${pg.escapeIdentifier(name)} = excluded.${pg.escapeIdentifier(name)}`);
  const action = changes.length > 0 ? `DO UPDATE SET ${changes.join(', ')}` : 'DO NOTHING';
  await insertJson(tx, table, rows, `ON CONFLICT (${escaped(key)}) ${action}`);
}

async function insertJson(
  tx: pg.ClientBase,
  table: string,
  rows: readonly object[],
  conflict: string,
): Promise<void> {
  if (rows.length === 0) return;
  const [target, columns] = [pg.escapeIdentifier(table), escaped(columnsOf(rows))];
  await tx.query({
    ...prepared(
      `INSERT INTO ${target} (${columns})
     SELECT ${columns} FROM json_populate_recordset(NULL::${target}, $1::json) ${conflict}`,
    ),
    values: [
      JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
    ],
  });
}

const columnsOf = (rows: readonly object[]): string[] => Object.keys(rows[0] ?? {});
const escaped = (names: readonly string[]): string =>
  names.map((name) => pg.escapeIdentifier(name)).join(', ');

function* copyLines<Row extends object>(
  names: readonly string[],
  rows: readonly Row[],
): Generator<string, void, undefined> {
  for (let from = 0; from < rows.length; from += ROWS_PER_CHUNK) {
    let chunk = '';
    const to = Math.min(from + ROWS_PER_CHUNK, rows.length);
    for (let at = from; at < to; at++) {
      const row = rows[at] as Record<string, unknown>;
      let end = '';
      for (const name of names) {
        chunk += end + copyValue(row[name]);
        end = '\t';
      }
      chunk += '\n';
    }
    yield chunk;
  }
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyValue(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'string') return copyText(value);
  if (typeof value === 'number' || typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return isoTime(value);
  return copyText(value instanceof JsonText ? value.text : JSON.stringify(value));
}

const copyText = (text: string): string =>
  SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (found) => ESCAPES[found] ?? found) : text;
