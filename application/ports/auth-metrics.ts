/**
 * What the auth service counts for whoever runs the platform: kinds of what happened, never whose it was. A call costs
 * nothing, cannot fail and waits for nothing. Sign-ins and refusals are counted where answers are given
 * (interfaces/auth/count-answers.ts): a use case has nothing to say of them.
 */
import type { AuthMethod } from '../../domain/auth/user.ts';

/** `pkce`: by a code that a link or a provider had brought, and the verifier */
export type SignInWay = AuthMethod | 'pkce';

export interface AuthMetrics {
  /** Somebody proved who they are and has a session, or more of one, by it. */
  signedIn(method: SignInWay): void;
  /** What was shown did not prove it: a wrong password or code, one that is too late, a banned user. */
  signInRefused(method: SignInWay): void;
  /** Tokens of a session that goes on were exchanged for newer ones. */
  sessionRefreshed(): void;
  /** An answer, or where somebody was sent, says no with this code of an AuthError. */
  refused(code: string): void;
  /** What became of one try to send a mail; `kept`: for whoever develops the project, since there is no server. */
  mail(became: 'sent' | 'dropped' | 'refused' | 'away' | 'unknown' | 'kept'): void;
}
