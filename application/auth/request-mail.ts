/** What all requests of strangers for a mail have in common: the same answer, limits and time for everybody. */
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid, isOutage } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { hooked, type HookedRows } from './hooked.ts';
import type { AskedMail } from './mail-limits.ts';
import type { MailOrder } from './mail-order.ts';
import { requireEmail } from './require-email.ts';

export type MailRequesters = Pick<
  AuthDependencies,
  'directory' | 'hooks' | 'codes' | 'clock' | 'ids' | 'mailLimits' | 'mailWaits'
>;

export interface MailRequest extends MailOrder {
  readonly email: string | null | undefined;
}

/** Longer than what is done for those who have an account. */
const ANSWER_MS = 100;

/** @throws {AuthError} 400 */
export function requireAddress(text: string | null | undefined): string {
  if (!text) throw invalid('An email address is required');
  return requireEmail(text);
}

/** @throws {AuthError} 422 */
export function requireEmailSignIns({ settings }: AuthProject): void {
  if (!settings.emailSignIns)
    throw new AuthError(422, 'email_provider_disabled', 'Email logins are disabled');
}

/**
 * @param mails what it may become
 * @param work is there anything to send? whether there was is not told, be it that one was sent a moment ago
 * @throws {AuthError} 429, for addresses that nobody has, too
 */
export async function requestMail(
  deps: MailRequesters,
  project: AuthProject,
  { mails, address }: { readonly mails: readonly AskedMail[]; readonly address: string },
  caller: AuthCaller,
  work: (rows: HookedRows) => Promise<boolean>,
): Promise<void> {
  const { clock, mailLimits, mailWaits } = deps;
  const started = clock.elapsedMs();
  try {
    const takeBack = mailLimits.ask(
      project.id,
      mails,
      address,
      project.settings.mailEverySeconds,
      clock.now(),
    );
    try {
      if (await hooked(deps, project, caller, work)) mailWaits(project);
    } catch (error) {
      if (isOutage(error)) takeBack();
      throw error;
    }
  } finally {
    await clock.sleep(Math.max(0, ANSWER_MS - (clock.elapsedMs() - started)));
  }
}
