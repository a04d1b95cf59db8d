/** From rounds to a figure. Everything here is pure. */
import type { FigureSpec, Goal, Measured, Measures } from './section.ts';

/** What each way came to, by its name. */
export type Round = ReadonlyMap<string, Measures>;
export type Spread = readonly [least: number, most: number];

export interface Figure {
  readonly section: string;
  readonly name: string;
  /** the median of the rounds, or the quantile of all that they did */
  readonly value: number;
  readonly unit: string;
  readonly spread: Spread;
  readonly rounds: number;
  readonly beside: { readonly name: string; readonly value: number } | null;
  /** the median of each round's own, so that a change of the machine's speed hits both; null also beside 0 */
  readonly ratio: number | null;
  readonly ratioSpread: Spread | null;
  readonly goal: Goal | null;
  readonly met: boolean | null;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** @param share 0.99: the value that 99 % are not above */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}

/** nobody reads more digits, and nothing measured has them */
const rounded = (value: number): number => Number(value.toPrecision(5));
const spreadOf = (values: readonly number[]): Spread => [
  rounded(Math.min(...values)),
  rounded(Math.max(...values)),
];

function measuresOf(rounds: readonly Round[], [way, measure]: Measured): readonly (readonly number[])[] {
  return rounds.map((round) => {
    const found = round.get(way)?.[measure];
    if (found === undefined) throw new Error(`"${way}" has no measure "${measure}"`);
    return typeof found === 'number' ? [found] : found;
  });
}

/** @throws a way did not measure what the figure is about */
export function figureOf(section: string, spec: FigureSpec, rounds: readonly Round[]): Figure {
  const of = (values: readonly number[]) =>
    spec.quantile === undefined ? median(values) : quantile(values, spec.quantile);
  const [ours, theirs] = [spec.of, spec.beside].map((one) => one && measuresOf(rounds, one));
  const value = of((ours ?? []).flat());
  const ratios = theirs && (ours ?? []).map((values, round) => of(values) / of(theirs[round] ?? []));
  const middle = ratios ? median(ratios) : NaN;
  // beside nothing at all there is no ratio
  const ratio = Number.isFinite(middle) ? middle : null;
  return {
    section,
    name: spec.name,
    value: rounded(value),
    unit: spec.unit,
    spread: spreadOf((ours ?? []).flat()),
    rounds: rounds.length,
    beside: theirs && spec.beside ? { name: spec.beside[0], value: rounded(of(theirs.flat())) } : null,
    ratio: ratio === null ? null : rounded(ratio),
    ratioSpread: ratios && ratio !== null ? spreadOf(ratios) : null,
    goal: spec.goal ?? null,
    met: spec.goal ? isMet(spec.goal, value, ratio) : null,
  };
}

/** One bound is enough. */
export function isMet(goal: Goal, value: number, ratio: number | null): boolean {
  const { valueAtMost, valueAtLeast, ratioAtMost, ratioAtLeast } = goal;
  return (
    (valueAtMost !== undefined && value <= valueAtMost) ||
    (valueAtLeast !== undefined && value >= valueAtLeast) ||
    (ratioAtMost !== undefined && ratio !== null && ratio <= ratioAtMost) ||
    (ratioAtLeast !== undefined && ratio !== null && ratio >= ratioAtLeast)
  );
}
