import { newEmailUser, ownIdentity } from '../../domain/auth/new-user.ts';
import { mergedMetadata, isConfirmed, type JsonObject, type User } from '../../domain/auth/user.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import { emailTaken } from './auth-error.ts';
import { throwTaken } from './create-user.ts';
import type { HookedRows } from './hooked.ts';
import { newcomer } from './newcomer.ts';

/**
 * The row of somebody who has not shown yet that the address is theirs: a new one, or the one that waits already.
 * @param given the password among it: whoever chose the one that stands there may be a stranger who waits for them to come
 * @throws {AuthError} 422 email_exists: they have shown it
 */
export async function unconfirmedUser(
  { ids }: Pick<AuthDependencies, 'ids'>,
  rows: HookedRows,
  email: string,
  data: JsonObject,
  now: Date,
  given: Pick<User, 'passwordHash'> & Partial<Pick<User, 'invitedAt'>>,
): Promise<User> {
  const before = await rows.users.byEmail(email, 'lock');
  if (before && isConfirmed(before)) throw emailTaken();
  if (before) {
    const change = { userMetadata: mergedMetadata(before.userMetadata, data), ...given, updatedAt: now };
    return (await rows.users.update(before.id, change)) ?? before;
  }
  const userMetadata = mergedMetadata({}, data);
  const user = newcomer(rows, () => newEmailUser(ids.uuid(), now, { email, userMetadata, ...given }));
  const made = (await rows.users.insert(user)) ?? (await throwTaken(rows, user));
  await rows.identities.put(ownIdentity(ids.uuid(), 'email', made, now));
  return made;
}
