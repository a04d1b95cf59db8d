/** Stepping through time: where one stands among the moments, and which states are wanted next. */

export interface Moment {
  /** RFC 3339 */
  readonly at: string;
  readonly position: string;
  readonly type: string;
  readonly text: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly stands_for: number;
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
  return moments.filter((moment, place) => moment.at !== moments[place + 1]?.at);
}

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
