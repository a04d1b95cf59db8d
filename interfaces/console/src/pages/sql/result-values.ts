/** Values of an answer as texts, none of whose digits is lost. */
import type { SqlField } from '../../api/sql.ts';
import { builtInType } from '../../data/cell-types.ts';

/**
 * Documents are shown as JSON, everything else as PostgreSQL prints it.
 * @returns null: NULL, and a document that is `null`, which the answer does not tell apart
 */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'object' && !isNumber(value) ? JSON.stringify(value) : String(value as number);
}

/** A number that was kept as it was written has nothing but its text. */
const isNumber = (value: object): boolean =>
  Object.keys(value).join() === 'text' && !Array.isArray(value) && value.constructor !== Object;

export const textRows = (rows: readonly (readonly unknown[])[]): readonly (readonly (string | null)[])[] =>
  rows.map((row) => row.map(valueText));

/** Numbers of types that have no name here. */
export const unknownTypes = (fields: readonly SqlField[]): number[] => [
  ...new Set(fields.map(({ type_id: oid }) => oid).filter((oid) => builtInType(oid) === undefined)),
];

export const typeName = ({ type_id: oid }: SqlField, more: Readonly<Record<string, string>>): string =>
  builtInType(oid) ?? more[oid] ?? String(oid);

/** As spreadsheets read it (RFC 4180): NULL is nothing, an empty text is `""`. */
export function csvOf(names: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const field = (text: string | null) =>
    text === null ? '' : text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return [names, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
