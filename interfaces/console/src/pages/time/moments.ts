/** Stepping through time: where one stands among the moments, and which states are wanted next. */

export interface Moment {
  /** RFC 3339 */
  readonly at: string;
  readonly position: string;
  readonly type: string;
  readonly text: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly stands_for: number;
  /** when the first and the last of those were for which it is given */
  readonly from: string;
  readonly through: string;
}

const timeOf = (at: string): number => new Date(at).getTime();

/**
 * The place of the last moment by then; -1: there was none yet.
 * @param moments oldest first
 * @param at undefined: now, whose place is behind the last
 */
export function placeOf(moments: readonly Moment[], at: string | undefined): number {
  if (at === undefined) return moments.length;
  const then = timeOf(at);
  return moments.findLastIndex((moment) => timeOf(moment.at) <= then);
}

/** Whether a time is the moment itself, and not some time after it. */
export const isMoment = (moment: Moment | undefined, at: string | undefined): boolean =>
  moment !== undefined && at !== undefined && timeOf(moment.at) === timeOf(at);

/** Several things in one instant are one stop: the state after the last of them. */
export function withoutDoubles(moments: readonly Moment[]): readonly Moment[] {
  const stops: Moment[] = [];
  for (const moment of moments) {
    const before = stops.at(-1);
    if (before?.at !== moment.at) stops.push(moment);
    else stops[stops.length - 1] = { ...moment, ...together(before, moment) };
  }
  return stops;
}

const together = (one: Moment, next: Moment): Partial<Moment> => ({
  stands_for: one.stands_for + next.stands_for,
  from: one.from,
});

/** The place of the stop that a time belongs to: one stands for what was before it, too. */
export function stretchAt(moments: readonly Moment[], at: string | undefined): number {
  if (at === undefined) return moments.length;
  const then = timeOf(at);
  return moments.findLastIndex(({ from }) => timeOf(from) <= then);
}

/** Whether it stands for moments at other times, too: those can be looked at more closely. */
export const isThinned = ({ from, through }: Moment): boolean => from !== through;

/** Places of moments, the second exclusive. */
export type Stretch = readonly [number, number];

/**
 * The page of a list that a place is on: as long as each moment that its stops are given for can have a stop of its own. Pages
 * are counted from the end, so that the one with now is a full one.
 * @param most how many stops a list can have
 */
export function pageAt(moments: readonly Moment[], place: number, most: number): Stretch {
  const wanted = Math.min(Math.max(place, 0), Math.max(moments.length - 1, 0));
  let end = moments.length;
  let sum = 0;
  for (let at = moments.length - 1; at >= 0; at--) {
    const count = moments[at]?.stands_for ?? 1;
    if (sum > 0 && sum + count > most) {
      if (wanted > at) return [at + 1, end];
      [end, sum] = [at + 1, 0];
    }
    sum += count;
  }
  return [0, end];
}

/** How many moments there are in them. */
export const countOf = (moments: readonly Moment[]): number =>
  moments.reduce((sum, one) => sum + one.stands_for, 0);

/** The times whose states are wanted around a place, the nearest first. */
export function neighboursOf(moments: readonly Moment[], place: number, reach: number): readonly string[] {
  const steps = Array.from({ length: reach }, (_, step) => [place - step - 1, place + step + 1]).flat();
  return steps.flatMap((one) => moments[one]?.at ?? []);
}

export interface Mark {
  /** in percent of the slider's length */
  readonly left: number;
  readonly text: string;
}

/**
 * A few dates beneath the slider, each where its first moment is, none so near another that they would touch.
 * @param least how far apart, in percent
 */
export function dateMarks(
  moments: readonly Moment[],
  least: number,
  text: (at: Date) => string,
): readonly Mark[] {
  const marks: Mark[] = [];
  moments.forEach((moment, place) => {
    const left = moments.length === 0 ? 0 : (100 * place) / moments.length;
    const name = text(new Date(moment.at));
    const last = marks.at(-1);
    if (last && (last.text === name || left - last.left < least)) return;
    // now stands at the end
    if (100 - left >= least) marks.push({ left, text: name });
  });
  return marks;
}

/**
 * The first moment after which something is not what it was, found by halving: about ten looks in a thousand moments. Where
 * it went to and fro, it is one of those at which it changed.
 * @param from a place where it is as it was
 * @param to a place where it is not
 */
export async function findChange(
  from: number,
  to: number,
  isAsItWas: (place: number) => Promise<boolean>,
): Promise<number> {
  let [same, other] = [from, to];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (await isAsItWas(middle)) same = middle;
    else other = middle;
  }
  return other;
}
