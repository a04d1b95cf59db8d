import type { JsonObject, User } from '../../domain/auth/user.ts';
import type { HookedRows } from './hooked.ts';

/**
 * Somebody who is about to become a user, in any way but by an owner's own hand; the project's hook may refuse them.
 * @param make as they are to be: the first one made stays
 */
export function newcomer(rows: HookedRows, make: () => User): User {
  const user = rows.hooks.kept('user', make);
  rows.hooks.to('beforeUserCreated', { user: recordOf(user) });
  return user;
}

const recordOf = (user: User): JsonObject => ({
  id: user.id,
  aud: user.aud,
  role: user.role,
  email: user.email ?? '',
  phone: user.phone ?? '',
  app_metadata: user.appMetadata,
  user_metadata: user.userMetadata,
  identities: [],
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
  is_anonymous: user.isAnonymous,
});
