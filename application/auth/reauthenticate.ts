/** A user shows that it is them, by a code that is sent to their address: for what a session alone is not enough. */
import type { User } from '../../domain/auth/user.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { requirePause } from './mail-limits.ts';
import { mailCode } from './mailed-code.ts';
import type { MailRequesters } from './request-mail.ts';
import { requireUser } from './require-user.ts';

/** @throws {AuthError} 400, 403, 422, 429 */
export async function reauthenticate(
  deps: MailRequesters,
  project: AuthProject,
  shown: ShownToken,
  caller: AuthCaller,
): Promise<void> {
  const now = deps.clock.now();
  await deps.directory.with(
    project.id,
    async (rows) => {
      const { user } = await requireUser(rows, shown, now, 'lock');
      if (user.email === null) throw invalid('Reauthentication requires the user to have an email');
      if (user.emailConfirmedAt === null)
        throw new AuthError(422, 'email_not_confirmed', 'Please verify your email first.');
      requirePause(user.reauthenticationSentAt?.getTime(), project.settings.mailEverySeconds, now);
      const request = { redirectTo: project.siteUrl, challenge: null };
      await mailCode(deps, rows, project, user, { ...request, kind: 'reauthentication' });
      await audit(rows, 'user_reauthenticate_requested', user, now, caller);
    },
    caller,
  );
  deps.mailWaits(project);
}

/**
 * The nonce that was mailed is spent, in the transaction of what it is for, with the user locked.
 * @throws {AuthError} 400 reauthentication_needed, 422 reauthentication_not_valid
 */
export async function requireNonce(
  { codes, clock, mailLimits }: Pick<AuthDependencies, 'codes' | 'clock' | 'mailLimits'>,
  rows: UserTransaction,
  project: AuthProject,
  user: User,
  nonce: string | undefined,
): Promise<void> {
  if (!nonce)
    throw new AuthError(400, 'reauthentication_needed', 'Password update requires reauthentication');
  const now = clock.now();
  const lifeMs = project.settings.otp.expirySeconds * 1000;
  const types = ['reauthentication_token'] as const;
  const address = user.email ?? '';
  const mayTry = mailLimits.mayTry(project.id, address, { now, lifeMs });
  const token = mayTry ? await rows.oneTimeTokens.take([codes.hashOf(address, nonce)], types) : undefined;
  if (token?.userId !== user.id || now.getTime() >= token.createdAt.getTime() + lifeMs)
    throw new AuthError(422, 'reauthentication_not_valid', 'Nonce has expired or is invalid');
  await rows.oneTimeTokens.delete(user.id, types);
}
