/** Whether two runs of the same code say the same. Pure. */
import type { NamedRun } from './results.ts';
import type { Figure, Spread } from './statistics.ts';

export interface Twice {
  readonly before: Figure;
  readonly last: Figure;
  readonly agree: boolean;
}

export interface Agreement {
  /** figures that both runs have, with the spread of their rounds */
  readonly compared: readonly Twice[];
  /** how many more both have without one: they can be done once only */
  readonly withoutSpread: number;
}

/** of the ratio, where there is one: a value changes with the machine's speed */
export const judged = ({ ratio, ratioSpread, value, spread }: Figure) =>
  ratio !== null && ratioSpread ? { middle: ratio, spread: ratioSpread } : { middle: value, spread };

const isWithin = (value: number, [least, most]: Spread): boolean => value >= least && value <= most;

/** They agree when the median of one lies in the spread of the other. Sections of different commits are not compared. */
export function agreementOf(before: NamedRun, last: NamedRun): Agreement {
  const pairs = last.results.flatMap(({ section, conditions, figures }) => {
    const earlier = before.results.find((one) => one.section === section);
    if (earlier?.conditions.commit !== conditions.commit) return [];
    return figures.flatMap((figure) => {
      const same = earlier.figures.find(({ name }) => name === figure.name);
      return same ? [{ before: same, last: figure }] : [];
    });
  });
  const compared = pairs.filter(({ last: figure }) => figure.rounds > 1);
  return {
    compared: compared.map((pair) => {
      const [one, other] = [judged(pair.before), judged(pair.last)];
      return { ...pair, agree: isWithin(one.middle, other.spread) || isWithin(other.middle, one.spread) };
    }),
    withoutSpread: pairs.length - compared.length,
  };
}
