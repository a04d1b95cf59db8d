import type { User } from './auth-admin.ts';

export type UserState = 'deleted' | 'banned' | 'anonymous' | 'invited' | 'unconfirmed' | 'confirmed';

/** The one that matters most of a user. */
export function stateOf(
  user: Pick<User, 'deleted_at' | 'banned_until' | 'is_anonymous' | 'confirmed_at' | 'invited_at'>,
  now: Date,
): UserState {
  if (user.deleted_at !== undefined) return 'deleted';
  if (user.banned_until !== undefined && new Date(user.banned_until) > now) return 'banned';
  if (user.is_anonymous) return 'anonymous';
  if (user.confirmed_at !== undefined) return 'confirmed';
  return user.invited_at === undefined ? 'unconfirmed' : 'invited';
}

/** What they are called where there is room for one thing. */
export const nameOfUser = ({ email, phone, id }: Pick<User, 'email' | 'phone' | 'id'>): string =>
  email || (phone === '' ? id : `+${phone}`);
