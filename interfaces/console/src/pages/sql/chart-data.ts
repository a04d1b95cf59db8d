/** Columns of a result as a chart takes them: one across, numbers upward. */
import { cellKind } from '../../data/cell-types.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}

export interface ChartData {
  readonly across: number;
  readonly kind: 'time' | 'number' | 'names';
  /** seconds since 1970, numbers, or places of {@link ChartData.names} */
  readonly x: readonly number[];
  readonly names: readonly string[];
  readonly lines: readonly { readonly name: string; readonly y: readonly (number | null)[] }[];
}

const MOST_LINES = 6;

/** @returns null where there is nothing to draw: no row, or no column of numbers beside the one across */
export function chartData(
  columns: readonly ResultColumn[],
  rows: readonly (readonly (string | null)[])[],
): ChartData | null {
  const kinds = columns.map(({ type }) => cellKind(type));
  const numbers = kinds.flatMap((kind, index) => (kind === 'number' ? [index] : []));
  const other = kinds.findIndex((kind) => kind === 'time');
  const named = kinds.findIndex((kind) => kind === 'text');
  const across = [other, named, numbers.length > 1 ? (numbers[0] ?? -1) : -1].find((index) => index >= 0);
  const upward = numbers.filter((index) => index !== across).slice(0, MOST_LINES);
  if (across === undefined || upward.length === 0 || rows.length === 0) return null;
  const kind = kinds[across] === 'time' ? 'time' : kinds[across] === 'number' ? 'number' : 'names';
  const placed = rows
    .map((row, index) => ({ row, x: kind === 'names' ? index : placeOf(row[across] ?? null, kind) }))
    .filter((one): one is typeof one & { x: number } => one.x !== null)
    .sort((a, b) => a.x - b.x);
  if (placed.length === 0) return null;
  return {
    across,
    kind,
    x: placed.map(({ x }) => x),
    names: kind === 'names' ? placed.map(({ row }) => row[across] ?? 'NULL') : [],
    lines: upward.map((index) => ({
      name: columns[index]?.name ?? '',
      y: placed.map(({ row }) => numberOf(row[index] ?? null)),
    })),
  };
}

function numberOf(text: string | null): number | null {
  const value = text === null ? NaN : Number(text.replaceAll(/[$,]/g, ''));
  return Number.isFinite(value) ? value : null;
}

function placeOf(text: string | null, kind: 'time' | 'number'): number | null {
  if (text === null || kind === 'number') return numberOf(text);
  // a time of day is one of 1970; what has no zone is taken as UTC
  const [day = '', time = '00:00'] = /^\d\d:/.test(text) ? ['1970-01-01', text] : text.split(' ');
  const zone = /[+-]\d\d(:\d\d)*$/.exec(time)?.[0] ?? '';
  const bare = time.slice(0, time.length - zone.length);
  const parsed = Date.parse(`${day}T${bare}${zone === '' ? 'Z' : zone.length === 3 ? `${zone}:00` : zone}`);
  return Number.isNaN(parsed) ? null : parsed / 1000;
}
