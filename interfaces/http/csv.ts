/** Tables for spreadsheets: RFC 4180, in UTF-8 with its mark, by which Excel knows it. */
import type { StreamReply } from './endpoint.ts';
import { textStream } from './stream-reply.ts';

export type Cell = string | number | null;

const MARK = '\uFEFF';
/**
 * Where a spreadsheet would see a formula: at the beginning of a cell, and behind whatever separates cells where it was told of another
 * separator than a comma. Wide signs are the same to some.
 */
const FORMULA = /(^|[;\t\r\n])([\p{Zs}"']*)(?=[=+\-@＝＋－＠])/gu;

/** A cell whose text would be a formula is text by an apostrophe before it. */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  return `"${cell.replaceAll(FORMULA, "$1'$2").replaceAll('"', '""')}"`;
}

const lineOf = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`;

/** @param columns their names, the first line */
export const csv = (
  columns: readonly string[],
  rows: AsyncIterable<readonly Cell[]>,
): StreamReply & { readonly status: 200 } =>
  textStream('text/csv; charset=utf-8; header=present', lines(columns, rows));

async function* lines(columns: readonly string[], rows: AsyncIterable<readonly Cell[]>) {
  yield MARK + lineOf(columns);
  for await (const row of rows) yield lineOf(row);
}
