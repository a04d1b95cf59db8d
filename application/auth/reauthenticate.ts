import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthDependencies } from './auth-dependencies.ts';

/** The nonce that was mailed is spent. @throws {AuthError} 400 reauthentication_needed, 422 reauthentication_not_valid */
export function requireNonce(
  _deps: AuthDependencies,
  _rows: UserTransaction,
  _user: User,
  _nonce: string | undefined,
): Promise<void> {
  // the engineer "mail" lands it
  return Promise.reject(new Error('not there yet'));
}
