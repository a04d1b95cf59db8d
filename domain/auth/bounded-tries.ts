/**
 * Wrong codes in a row make whoever tries wait: longer each time, but never for good, since it may be the owner who tries, or
 * somebody else who wants them to be locked out.
 */
import type { JsonObject } from './user.ts';

export interface Tries {
  /** in a row */
  readonly wrong: number;
  readonly lastWrongAt: Date | null;
}

export const NO_TRIES: Tries = { wrong: 0, lastWrongAt: null };

const FREE = 5;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;

/** @returns null: now */
export function mayTryAt({ wrong, lastWrongAt }: Tries, now: Date): Date | null {
  if (wrong < FREE || lastWrongAt === null) return null;
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - FREE));
  const at = new Date(lastWrongAt.getTime() + wait);
  return at > now ? at : null;
}

export const afterWrong = ({ wrong }: Tries, now: Date): Tries => ({ wrong: wrong + 1, lastWrongAt: now });

export const triesToJson = ({ wrong, lastWrongAt }: Tries): JsonObject =>
  wrong === 0 ? {} : { wrong, last_wrong_at: lastWrongAt?.toISOString() ?? null };

/** Of what is no such thing: none, so that no odd row locks anybody out. */
export function triesFromJson(json: JsonObject): Tries {
  const { wrong, last_wrong_at: at } = json;
  const lastWrongAt = typeof at === 'string' ? new Date(at) : undefined;
  if (typeof wrong !== 'number' || !Number.isSafeInteger(wrong) || wrong < 0) return NO_TRIES;
  return lastWrongAt && !Number.isNaN(lastWrongAt.getTime()) ? { wrong, lastWrongAt } : NO_TRIES;
}
