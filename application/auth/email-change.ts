import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import type { MailOrder } from './send-confirmation.ts';

/**
 * The user wants another address: mails to both, or to the new one alone; applied at once where the contract says so.
 * @param email in its one form @throws {AuthError} 422 email_exists; 429; 400
 */
export function requestEmailChange(
  _deps: AuthDependencies,
  _rows: UserTransaction,
  _project: AuthProject,
  _user: User,
  _email: string,
  _order: MailOrder,
): Promise<User> {
  // the engineer "mail" lands it
  return Promise.reject(new Error('not there yet'));
}
