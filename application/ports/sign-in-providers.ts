/** Others who say who somebody is: by OAuth 2, or OpenID Connect. Owners name them, so what they answer is hostile until shown. */
import type { ProviderAccount } from '../../domain/auth/provider-account.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** A provider as a project uses it. */
export interface UsedProvider {
  readonly project: ProjectId;
  readonly name: string;
  /** null: what its name says */
  readonly issuer: string | null;
  /** the first is the project's own; tokens that were made for the others are taken, too */
  readonly clientIds: readonly [string, ...string[]];
  /** null: it has none */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** where it sends people back to */
  readonly callback: string;
}

/** What shows that an answer belongs to what was begun. */
export interface ProviderChecks {
  readonly state: string;
  /** of PKCE */
  readonly verifier: string;
  readonly nonce: string;
}

export interface ProviderAnswer {
  readonly account: ProviderAccount;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
}

export interface ShownIdToken {
  readonly idToken: string;
  /** of which it is said that it goes with it; undefined: not shown */
  readonly accessToken?: string | undefined;
  /** as the app made it: the token holds its SHA-256 in hex, so whoever has the token alone does not know it */
  readonly nonce?: string | undefined;
}

/** It, or whoever comes from it, says no, or what it says does not hold. Its message holds nothing of what it said. */
export class ProviderRefused extends Error {
  /** what OAuth calls it, when it was the provider that said so: `access_denied` */
  readonly error: string | undefined;

  constructor(message: string, { error, cause }: { readonly error?: string; readonly cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'ProviderRefused';
    this.error = error;
  }
}

/** Each throws {@link Unavailable} when the provider does not answer, or may not be asked where it is. */
export interface SignInProviders {
  /**
   * Where people go to sign in there.
   * @param further what else the app wants to tell it; what signing in needs is never replaced
   * @throws {ProviderRefused} it is none
   */
  begin(
    provider: UsedProvider,
    checks: ProviderChecks,
    further: ReadonlyMap<string, string>,
  ): Promise<string>;
  /** @param said the query with which somebody came back @throws {ProviderRefused} */
  finish(provider: UsedProvider, checks: ProviderChecks, said: URLSearchParams): Promise<ProviderAnswer>;
  /** @throws {ProviderRefused} it is not for this project, not of this provider, or not any more */
  readIdToken(provider: UsedProvider, shown: ShownIdToken): Promise<ProviderAccount>;
}
