import type { AuthCaller } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { pauseLeft } from './mail-limits.ts';
import { wayBack } from './mail-order.ts';
import { mailCode } from './mailed-code.ts';
import {
  requestMail,
  requireAddress,
  requireEmailSignIns,
  type MailRequest,
  type MailRequesters,
} from './request-mail.ts';

/** Sends a link and a code that sign in, if anybody has the address. @throws {AuthError} 400, 422, 429 */
export async function recoverPassword(
  deps: MailRequesters,
  project: AuthProject,
  request: MailRequest,
  caller: AuthCaller,
): Promise<void> {
  requireEmailSignIns(project);
  const address = requireAddress(request.email);
  const way = wayBack(project, request);
  await requestMail(deps, project, { mails: ['recovery'], address }, caller, async (rows) => {
    const user = await rows.users.byEmail(address, 'lock');
    if (!user) return false;
    const now = deps.clock.now();
    if (pauseLeft(user.recoverySentAt?.getTime(), project.settings.mailEverySeconds, now) > 0) return false;
    await mailCode(deps, rows, project, user, { kind: 'recovery', ...way });
    await audit(rows, 'user_recovery_requested', user, now, caller);
    return true;
  });
}
