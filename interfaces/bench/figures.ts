/** How figures are taken and shown. */
import { cpus, loadavg, totalmem } from 'node:os';

export interface Figure {
  readonly what: string;
  /** in `unit`; several: the median is shown, with the smallest and the largest */
  readonly values: readonly number[];
  readonly unit: string;
  /** what it should be, in words, as the project wants it */
  readonly target?: string;
  /** what stands beside it */
  readonly beside?: { readonly what: string; readonly value: number };
}

export interface Section {
  readonly name: string;
  readonly summary: string;
  run(): Promise<readonly Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** @param share 0.99: the value that 99 % are not above */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toString() : value.toFixed(value < 10 ? 2 : 1);

export function line({ what, values, unit, target, beside }: Figure): string {
  const middle = median(values);
  const range =
    values.length > 1
      ? ` (${shown(Math.min(...values))} to ${shown(Math.max(...values))}, n=${values.length})`
      : '';
  const ratio = beside
    ? `; ${beside.what}: ${shown(beside.value)} ${unit}, ratio ${shown(middle / beside.value)}`
    : '';
  const wanted = target === undefined ? '' : `; wanted: ${target}`;
  return `  ${what}: ${shown(middle)} ${unit}${range}${ratio}${wanted}`;
}

export const conditions = (): string =>
  `Conditions: ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
  `${process.platform} ${process.arch}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(2)} at the start, ` +
  new Date().toISOString();
