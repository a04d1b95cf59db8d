/** Which refresh tokens of a session are good. One at a time is the current one; it is exchanged for the next. */
import type { Session } from './user.ts';

export type PlaceInChain =
  /** to be exchanged for the next */
  | 'current'
  /** answered with the current one: whoever shows it has lost the answer, or asked several times at once */
  | 'again'
  /** somebody else may have it */
  | 'reused'
  | 'unknown';

/** @param reuseSeconds for so long after the last exchange tokens before the one directly before it are good, too */
export function placeInChain(
  { refreshTokenCounter: current, refreshedAt }: Pick<Session, 'refreshTokenCounter' | 'refreshedAt'>,
  counter: number,
  reuseSeconds: number,
  now: Date,
): PlaceInChain {
  if (counter > current) return 'unknown';
  if (counter === current) return 'current';
  if (counter === current - 1) return 'again';
  const sinceMs = refreshedAt === null ? Infinity : now.getTime() - refreshedAt.getTime();
  return sinceMs < reuseSeconds * 1000 ? 'again' : 'reused';
}
