/** Whoever shows an access token, as the project's database knows them now. */
import { isBanned, type Session, type User } from '../../domain/auth/user.ts';
import type { Lock, UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import { AuthError } from './auth-error.ts';

export interface SignedIn {
  readonly user: User;
  /** none: a token that the project's owner has made themselves */
  readonly session: Session | undefined;
}

/** @throws {AuthError} 403: they, or their session, are gone, or they are banned */
export async function requireUser(
  rows: UserTransaction,
  { sub = '', sessionId }: ShownToken,
  now: Date,
  lock?: Lock,
): Promise<SignedIn> {
  const [user, session] = await Promise.all([
    rows.users.byId(sub, lock),
    sessionId === undefined ? undefined : rows.sessions.byId(sessionId, lock),
  ]);
  if (!user || user.deletedAt !== null)
    throw new AuthError(403, 'user_not_found', 'User from sub claim in JWT does not exist');
  if (isBanned(user, now)) throw new AuthError(403, 'user_banned', 'User is banned');
  if (sessionId === undefined) return { user, session: undefined };
  if (session?.userId !== user.id)
    throw new AuthError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
  return { user, session };
}
