import { invalid } from './auth-error.ts';
import type { AuthCaller } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { mailEmailChange } from './email-change.ts';
import { pauseLeft } from './mail-limits.ts';
import { wayBack } from './mail-order.ts';
import {
  requestMail,
  requireAddress,
  requireEmailSignIns,
  type MailRequest,
  type MailRequesters,
} from './request-mail.ts';
import { sendConfirmation } from './send-confirmation.ts';

/** Sends what was sent before, once more, with a new code. @throws {AuthError} 400, 422, 429 */
export async function resendMail(
  deps: MailRequesters,
  project: AuthProject,
  { type, ...request }: MailRequest & { readonly type: string | null | undefined },
  caller: AuthCaller,
): Promise<void> {
  if (type !== 'signup' && type !== 'email_change')
    throw invalid('Missing one of these types: signup, email_change, sms, phone_change');
  requireEmailSignIns(project);
  const address = requireAddress(request.email);
  const way = wayBack(project, request);
  const mails = [type === 'signup' ? 'confirmation' : 'email_change'] as const;
  await requestMail(deps, project, { mails, address }, caller, async (rows) => {
    const user = await rows.users.byEmail(address, 'lock');
    if (!user) return false;
    if (type === 'signup') {
      if (user.emailConfirmedAt !== null) return false;
      await sendConfirmation(deps, rows, project, user, way);
      await audit(rows, 'user_confirmation_requested', user, deps.clock.now(), caller);
      return true;
    }
    if (user.emailChange === '') return false;
    const now = deps.clock.now();
    const { mailEverySeconds } = project.settings;
    if (pauseLeft(user.emailChangeSentAt?.getTime(), mailEverySeconds, now) > 0) return false;
    await mailEmailChange(deps, rows, project, user, user.emailChange, way);
    return true;
  });
}
