import type { Factor, Identity, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { requireUser } from './require-user.ts';

/** A user with all that an answer tells of them. */
export interface Person {
  readonly user: User;
  readonly identities: readonly Identity[];
  readonly factors: readonly Factor[];
}

export async function personOf(rows: UserTransaction, user: User): Promise<Person> {
  const [identities, factors] = await Promise.all([
    rows.identities.of([user.id]),
    rows.factors.of([user.id]),
  ]);
  return { user, identities, factors };
}

/**
 * Whoever shows an access token, with all that is theirs: asked for at once, since most of them are there.
 * @throws {AuthError} as {@link requireUser}
 */
export async function requirePerson(rows: UserTransaction, shown: ShownToken, now: Date): Promise<Person> {
  const ids = [shown.sub ?? ''];
  const [{ user }, identities, factors] = await Promise.all([
    requireUser(rows, shown, now),
    rows.identities.of(ids),
    rows.factors.of(ids),
  ]);
  return { user, identities, factors };
}
