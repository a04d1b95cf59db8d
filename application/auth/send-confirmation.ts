import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthProject } from './auth-project.ts';
import { pauseLeft } from './mail-limits.ts';
import type { WayBack } from './mail-order.ts';
import { mailCode, type CodeMakers } from './mailed-code.ts';

/**
 * A code and a link to the user's address, into the outbox, unless one was sent a moment ago: whoever asks is a stranger, and
 * is not told. Whoever calls has locked the user, and tells `mailWaits` when the transaction is over.
 * @returns the user as they are now (`confirmationSentAt`)
 */
export async function sendConfirmation(
  deps: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  way: WayBack,
): Promise<User> {
  const [last, now] = [user.confirmationSentAt?.getTime(), deps.clock.now()];
  if (pauseLeft(last, project.settings.mailEverySeconds, now) > 0) return user;
  return mailCode(deps, rows, project, user, { kind: 'confirmation', ...way });
}
