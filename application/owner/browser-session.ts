/** An owner's session in a browser: one token in a cookie, which stays the same and ends when nobody uses it. */
import type { EventMetadata } from '../ports/event-store.ts';
import type { OwnerAccount } from '../ports/owner-accounts.ts';
import { openSession, type LogInDependencies } from './log-in.ts';
import { endSession } from './log-out.ts';
import type { Credentials } from './new-account.ts';

const IDLE_MS = 7 * 24 * 3600 * 1000;

/**
 * The token is always a new one: what a browser was given by somebody else is never let in.
 * @param before what the browser's cookie held until now: nobody could end that session any more, so it ends here
 * @throws as {@link openSession} does
 */
export async function logInBrowser(
  dependencies: LogInDependencies,
  credentials: Credentials,
  before: string | undefined,
  metadata: EventMetadata,
): Promise<{ readonly account: OwnerAccount; readonly token: string }> {
  const { tokens } = dependencies;
  const { token, hash } = tokens.issueSessionToken();
  const session = { kind: 'browser', tokenHash: hash } as const;
  const account = await openSession(dependencies, credentials, session, metadata);
  if (before !== undefined) await endSession(dependencies, tokens.hash(before), metadata);
  return { account, token };
}

/** @returns undefined for whatever is not the token of an open session of a browser */
export async function browserSession(
  { accounts, tokens, clock }: Pick<LogInDependencies, 'accounts' | 'tokens' | 'clock'>,
  token: string,
): Promise<
  | {
      readonly ownerId: string;
      readonly tokenHash: string;
      /** unless it is used meanwhile, for as long as it may be */
      readonly goodUntil: Date;
    }
  | undefined
> {
  const now = clock.now();
  const tokenHash = tokens.hash(token);
  const times = { now, idleSince: new Date(now.getTime() - IDLE_MS) };
  const found = await accounts.useBrowserSession(tokenHash, times);
  if (!found) return undefined;
  const goodUntil = new Date(Math.min(now.getTime() + IDLE_MS, found.expiresAt.getTime()));
  return { ownerId: found.ownerId, tokenHash, goodUntil };
}
