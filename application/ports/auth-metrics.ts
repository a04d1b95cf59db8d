/**
 * What the auth service counts for whoever runs the platform: kinds of what happened, never whose it was. A call costs
 * nothing, cannot fail and waits for nothing. Called once the transaction is over: what was rolled back did not happen.
 */
import type { MailKind } from '../../domain/auth/auth-settings.ts';
import type { AuthMethod } from '../../domain/auth/user.ts';

export interface AuthMetrics {
  /** Somebody proved who they are and has a session that began with it: whatever begins sessions says so, and nobody else. */
  signedIn(method: AuthMethod): void;
  /** What was shown did not prove it: a wrong password or code, one that is too late, a banned user. Where that is found. */
  signInRefused(method: AuthMethod): void;
  /** Tokens of a session that goes on were exchanged for newer ones. */
  sessionRefreshed(): void;
  /**
   * A request was answered with this code of an AuthError. The server says so of every error that it answers with; a use case
   * does for what it tells in another way alone, such as in the address of a redirect.
   */
  refused(code: string): void;
  /** `queued`: it is in the outbox. `sent`: a server took it. `failed`: one try did not succeed. `dropped`: there will be no other. */
  mail(kind: MailKind, became: 'queued' | 'sent' | 'failed' | 'dropped'): void;
}

/** Where nobody counts. */
export const NO_AUTH_METRICS: AuthMetrics = {
  signedIn() {},
  signInRefused() {},
  sessionRefreshed() {},
  refused() {},
  mail() {},
};
