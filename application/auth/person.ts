import type { Factor, Identity, User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';

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
