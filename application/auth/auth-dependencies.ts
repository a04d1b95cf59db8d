import type { AuthHooks } from '../ports/auth-hooks.ts';
import type { Captchas } from '../ports/captchas.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { RateLimits } from '../ports/rate-limits.ts';
import type { SecondFactors } from '../ports/second-factors.ts';
import type { SignInProviders } from '../ports/sign-in-providers.ts';
import type { UserDirectory } from '../ports/user-directory.ts';
import type { UserTokens } from '../ports/user-tokens.ts';
import type { WebAuthn } from '../ports/web-authn.ts';
import type { AuthProject } from './auth-project.ts';
import type { MailLimits } from './mail-limits.ts';

/** What the use cases of the auth service share. */
export interface AuthDependencies {
  readonly directory: UserDirectory;
  readonly passwords: Passwords;
  readonly rates: RateLimits;
  readonly tokens: UserTokens;
  readonly codes: OneTimeCodes;
  readonly secondFactors: SecondFactors;
  readonly webAuthn: WebAuthn;
  readonly providers: SignInProviders;
  readonly captchas: Captchas;
  readonly hooks: AuthHooks;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly mailLimits: MailLimits;
  /** mails wait in a project's outbox: it is looked at soon. To be called when the transaction is over. */
  readonly mailWaits: (project: AuthProject) => void;
}

/** Who asks, and from where. */
export interface AuthCaller {
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly signal?: AbortSignal;
}
