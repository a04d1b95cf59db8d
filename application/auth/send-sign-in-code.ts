import { emailConfirmed, newEmailUser, ownIdentity } from '../../domain/auth/new-user.ts';
import type { JsonObject, User } from '../../domain/auth/user.ts';
import type { AuthCaller } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import type { HookedRows } from './hooked.ts';
import { pauseLeft } from './mail-limits.ts';
import { wayBack } from './mail-order.ts';
import { mailCode } from './mailed-code.ts';
import { newcomer } from './newcomer.ts';
import {
  requestMail,
  requireAddress,
  requireEmailSignIns,
  type MailRequest,
  type MailRequesters,
} from './request-mail.ts';
import { sendConfirmation } from './send-confirmation.ts';

export interface SignInCodeRequest extends MailRequest {
  /** when nobody has the address */
  readonly createUser: boolean;
  /** of the new user */
  readonly data: JsonObject;
}

/**
 * Sends a link and a code that sign in. Where sign-ups are closed, strangers are told what everybody is.
 * @throws {AuthError} 400, 422 otp_disabled, 429
 */
export async function sendSignInCode(
  deps: MailRequesters,
  project: AuthProject,
  request: SignInCodeRequest,
  caller: AuthCaller,
): Promise<void> {
  requireEmailSignIns(project);
  const address = requireAddress(request.email);
  const way = wayBack(project, request);
  const { autoconfirm, signUpsOpen, mailEverySeconds } = project.settings;
  const mails = ['confirmation', 'recovery'] as const;
  await requestMail(deps, project, { mails, address }, caller, async (rows) => {
    const known = await rows.users.byEmail(address, 'lock');
    if (!known && !request.createUser)
      throw new AuthError(422, 'otp_disabled', 'Signups not allowed for otp');
    if (!known && !signUpsOpen) return false;
    const user = known ?? (await made(deps, rows, project, address, request.data, caller));
    if (user.emailConfirmedAt === null && !autoconfirm) {
      await sendConfirmation(deps, rows, project, user, way);
      await audit(rows, 'user_confirmation_requested', user, deps.clock.now(), caller);
      return true;
    }
    const now = deps.clock.now();
    if (pauseLeft(user.recoverySentAt?.getTime(), mailEverySeconds, now) > 0) return false;
    await audit(rows, 'user_recovery_requested', user, now, caller);
    await mailCode(deps, rows, project, user, { kind: 'magic_link', ...way });
    return true;
  });
}

/** Somebody else may have made them at the same moment: then it is them. */
async function made(
  { ids, clock }: MailRequesters,
  rows: HookedRows,
  { settings: { autoconfirm } }: AuthProject,
  email: string,
  data: JsonObject,
  caller: AuthCaller,
): Promise<User> {
  const now = clock.now();
  const isNew = newcomer(rows, () => {
    const row = newEmailUser(ids.uuid(), now, { email, userMetadata: data });
    return autoconfirm ? { ...row, ...emailConfirmed(row, now) } : row;
  });
  const user = await rows.users.insert(isNew);
  if (user) {
    await rows.identities.put(ownIdentity(ids.uuid(), 'email', user, now));
    if (autoconfirm) await audit(rows, 'user_signedup', user, now, caller, { provider: 'email' });
    return user;
  }
  const other = await rows.users.byEmail(email, 'lock');
  if (other) return other;
  throw new AuthError(409, 'conflict', 'Too many requests for this address at once, try again');
}
