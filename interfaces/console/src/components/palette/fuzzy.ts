/** Finding something by a few of its letters, in their order: `shlo` finds `Shop › Log`. */

const AT_WORD = 8;
const IN_A_ROW = 5;
const BEGINNING = 4;

/**
 * How well it fits: more for letters that begin words and that follow each other. Of several words each has to be there, in
 * any order. A letter is sought where it begins a word first, then anywhere after the one before.
 * @returns undefined: not all of its letters are there, in their order
 */
export function fit(wanted: string, text: string): number | undefined {
  const inside = text.toLowerCase();
  let sum = 0;
  for (const word of wanted.toLowerCase().split(/\s+/).filter(Boolean)) {
    const letters = Array.from(word);
    const fits = [score(letters, inside, true), score(letters, inside, false)].filter(
      (one) => one !== undefined,
    );
    if (fits.length === 0) return undefined;
    sum += Math.max(...fits);
  }
  return sum;
}

function score(letters: readonly string[], text: string, byWords: boolean): number | undefined {
  let sum = 0;
  let last = -1;
  for (const letter of letters) {
    const next = text.indexOf(letter, last + 1);
    if (next < 0) return undefined;
    const word = byWords && next !== last + 1 ? wordFrom(text, letter, last + 1) : -1;
    const place = word >= 0 ? word : next;
    if (isWordStart(text, place)) sum += AT_WORD;
    if (place === last + 1) sum += IN_A_ROW;
    if (place === 0) sum += BEGINNING;
    sum -= Math.min(place - last - 1, 3);
    last = place;
  }
  return sum;
}

const isWordStart = (text: string, place: number): boolean =>
  place === 0 || !/[\p{L}\p{N}]/u.test(text.charAt(place - 1));

function wordFrom(text: string, letter: string, from: number): number {
  for (let place = text.indexOf(letter, from); place >= 0; place = text.indexOf(letter, place + 1)) {
    if (isWordStart(text, place)) return place;
  }
  return -1;
}

/** The best first; those that fit alike stay in their order. */
export function bestOf<T>(wanted: string, all: readonly T[], textOf: (one: T) => string): readonly T[] {
  const found = all.flatMap((one) => {
    const fits = fit(wanted, textOf(one));
    return fits === undefined ? [] : [{ one, fits }];
  });
  return found.toSorted((a, b) => b.fits - a.fits).map(({ one }) => one);
}
