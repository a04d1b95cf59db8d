/**
 * What users' tokens of a project are signed with: its secret, or the private half of a key whose public half everybody may
 * have. A key signs nothing before the project's REST API can check it, and is checked by until its overlap is over.
 */
import type { SigningKey } from './events.ts';

/** Times are RFC 3339. */
export interface HeldSigningKey extends SigningKey {
  readonly madeAt: string;
  /** null: nobody has asked for another one yet */
  readonly until: string | null;
}

/** The id of a key; null: the project's secret. */
export type SignedBy = string | null;

export interface SigningKeys {
  /** tokens of these are good; the newest first */
  readonly held: readonly HeldSigningKey[];
  readonly signs: SignedBy;
  /** what signs as soon as the REST API knows it; null: what signs already */
  readonly next: { readonly kid: SignedBy } | null;
}

export const NO_SIGNING_KEYS: SigningKeys = { held: [], signs: null, next: null };

/** That may be good at once: each is in every answer to who asks for the public halves. */
export const MOST_SIGNING_KEYS = 8;

const isOver = (until: string | null, now: Date): boolean => until !== null && new Date(until) <= now;

/** What was asked for last. */
export const chosenOf = ({ signs, next }: SigningKeys): SignedBy => (next ? next.kid : signs);

/** `waits`: there is a REST API that does not know of it yet. */
export function withSigningKey(
  { held, signs }: SigningKeys,
  { key, overlapUntil }: { readonly key: SigningKey | null; readonly overlapUntil: string },
  now: Date,
  waits: boolean,
): SigningKeys {
  const chosen = key?.publicKey.kid ?? null;
  const before = held
    .map((one) => ({ ...one, until: earlier(one.until, overlapUntil) }))
    .filter(({ until }) => !isOver(until, now));
  const all = key ? [{ ...key, madeAt: now.toISOString(), until: null }, ...before] : before;
  // one that is to end at once, such as a key that leaked, must not go on signing
  const goesOn = signs === null || before.some(({ publicKey }) => publicKey.kid === signs);
  return waits && goesOn && signs !== chosen
    ? { held: all, signs, next: { kid: chosen } }
    : { held: all, signs: chosen, next: null };
}

const earlier = (one: string | null, other: string): string =>
  one !== null && new Date(one) < new Date(other) ? one : other;

/** The REST API knows all of them, or there is none. */
export const taken = (keys: SigningKeys): SigningKeys =>
  keys.next ? { ...keys, signs: keys.next.kid, next: null } : keys;

export const withoutKeys = (keys: SigningKeys, kids: readonly string[]): SigningKeys => ({
  ...keys,
  held: keys.held.filter(({ publicKey }) => !kids.includes(publicKey.kid)),
});

/** Whose overlap is over. What still signs, since the next one is not known yet, stays. */
export const overdueKeys = ({ held, signs }: SigningKeys, now: Date): readonly string[] =>
  held
    .filter(({ publicKey, until }) => publicKey.kid !== signs && isOver(until, now))
    .map(({ publicKey }) => publicKey.kid);

/** When the first of those that are not to stay is over; null: none is. */
export function keysUntil({ held }: SigningKeys): Date | null {
  const times = held.flatMap(({ until }) => (until === null ? [] : [new Date(until).getTime()]));
  return times.length > 0 ? new Date(Math.min(...times)) : null;
}
