/** Figures in words, for whoever watches. */
import type { Goal } from './section.ts';
import type { Figure, Spread } from './statistics.ts';

export const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(Math.abs(value) < 10 ? 2 : 1);

export const spreadInWords = ([least, most]: Spread): string => `${shown(least)} to ${shown(most)}`;

export function goalInWords(goal: Goal, unit: string): string {
  const { valueAtMost, valueAtLeast, ratioAtMost, ratioAtLeast } = goal;
  const bounds = [
    valueAtMost !== undefined && `at most ${valueAtMost.toLocaleString('en')} ${unit}`,
    valueAtLeast !== undefined && `at least ${valueAtLeast.toLocaleString('en')} ${unit}`,
    ratioAtMost !== undefined && `ratio at most ${ratioAtMost}`,
    ratioAtLeast !== undefined && `ratio at least ${ratioAtLeast}`,
  ];
  return bounds.filter((bound) => bound !== false).join(', or ');
}

export function line(figure: Figure): string {
  const { name, value, unit, spread, rounds, beside, ratio, ratioSpread, goal, met } = figure;
  const several = spread[0] === spread[1] ? '' : ` (${spreadInWords(spread)}, ${rounds} rounds)`;
  const compared =
    beside && ratio !== null && ratioSpread
      ? `; ${beside.name}: ${shown(beside.value)} ${unit}; ratio ${shown(ratio)} (${spreadInWords(ratioSpread)})`
      : '';
  const wanted = goal ? `; goal: ${goalInWords(goal, unit)}: ${met === true ? 'met' : 'missed'}` : '';
  return `  ${name}: ${shown(value)} ${unit}${several}${compared}${wanted}`;
}
