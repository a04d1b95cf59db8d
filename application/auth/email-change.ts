/** A user wants another address: it is theirs when they have shown that it is, and, unless the owner says otherwise, at the one before, too. */
import { emailConfirmed, followedIdentity, withProvider } from '../../domain/auth/new-user.ts';
import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { emailTaken } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { requirePause } from './mail-limits.ts';
import { wayBack, type MailOrder, type WayBack } from './mail-order.ts';
import { mailCode, type CodeMakers } from './mailed-code.ts';

/**
 * In the transaction of the change, with the user locked; `mailWaits` is to be told when it is over.
 * @param email in the one form that addresses have
 * @throws {AuthError} 422 email_exists, 429
 */
export async function requestEmailChange(
  deps: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  email: string,
  order: MailOrder,
): Promise<User> {
  if (email === user.email) return user;
  const way = wayBack(project, order);
  if (await rows.users.byEmail(email)) throw emailTaken();
  if (user.isAnonymous && project.settings.autoconfirm) return applyEmail(deps, rows, user, email);
  const { mailEverySeconds } = project.settings;
  requirePause(user.emailChangeSentAt?.getTime(), mailEverySeconds, deps.clock.now());
  return mailEmailChange(deps, rows, project, user, email, way);
}

export async function mailEmailChange(
  deps: CodeMakers,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  email: string,
  { redirectTo, challenge }: WayBack,
): Promise<User> {
  const request = { kind: 'email_change', redirectTo, newEmail: email } as const;
  await rows.oneTimeTokens.delete(user.id, ['email_change_token_new', 'email_change_token_current']);
  if (project.settings.secureEmailChange && user.email !== null)
    await mailCode(deps, rows, project, user, {
      ...request,
      challenge: challenge && 'same',
      token: 'email_change_token_current',
    });
  await mailCode(deps, rows, project, user, { ...request, challenge, to: email });
  const change = { emailChange: email, emailChangeConfirmStatus: 0 };
  return (await rows.users.update(user.id, change)) ?? user;
}

/** From now on it is theirs. @throws {AuthError} 422: it is somebody else's by now */
export async function applyEmail(
  { clock, ids }: Pick<CodeMakers, 'clock' | 'ids'>,
  rows: UserTransaction,
  user: User,
  email: string,
): Promise<User> {
  const now = clock.now();
  const changed = await rows.users.update(user.id, {
    ...emailConfirmed(user, now),
    email,
    emailChange: '',
    emailChangeConfirmStatus: 0,
    appMetadata: withProvider(user.appMetadata, 'email'),
    updatedAt: now,
  });
  if (!changed) throw emailTaken();
  // what was sent to the address before opens nothing any more
  await rows.oneTimeTokens.delete(user.id);
  await putEmailIdentity({ clock, ids }, rows, changed);
  return changed;
}

/** The row by which somebody is known by their address says what the user's does. */
export async function putEmailIdentity(
  { clock, ids }: Pick<CodeMakers, 'clock' | 'ids'>,
  rows: UserTransaction,
  user: User,
): Promise<void> {
  const before = await rows.identities.find('email', user.id);
  await rows.identities.put(followedIdentity(before, ids.uuid(), 'email', user, clock.now()));
}
