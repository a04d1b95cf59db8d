import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';

/** What whoever asks for a mail says about the way back. */
export interface MailOrder {
  /** as asked for: where it leads to is for the project's rules to say */
  readonly redirectTo?: string | undefined;
  readonly referer?: string | undefined;
  readonly codeChallenge?: string | null | undefined;
  readonly codeChallengeMethod?: string | null | undefined;
}

/**
 * A code and a link to the user's address, into the outbox.
 * @returns the user as they are now (`confirmationSentAt`) @throws {AuthError} 429 over_email_send_rate_limit, 400
 */
export function sendConfirmation(
  _deps: AuthDependencies,
  _rows: UserTransaction,
  _project: AuthProject,
  _user: User,
  _order: MailOrder,
): Promise<User> {
  // the engineer "mail" lands it
  return Promise.reject(new Error('not there yet'));
}
