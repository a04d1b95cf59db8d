import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthProject } from './auth-project.ts';
import { requirePause } from './mail-limits.ts';
import { wayBack, type MailOrder } from './mail-order.ts';
import { mailCode, type CodeMakers } from './mailed-code.ts';

/**
 * A code and a link to the user's address, into the outbox. Whoever calls has locked the user, and tells `mailWaits` when the
 * transaction is over.
 * @returns the user as they are now (`confirmationSentAt`) @throws {AuthError} 429 over_email_send_rate_limit, 400
 */
export async function sendConfirmation(
  deps: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  order: MailOrder,
): Promise<User> {
  requirePause(user.confirmationSentAt?.getTime(), project.settings.mailEverySeconds, deps.clock.now());
  return mailCode(deps, rows, project, user, { kind: 'confirmation', ...wayBack(project, order) });
}
