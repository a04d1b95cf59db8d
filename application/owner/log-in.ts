import { Rejection } from '../../domain/rejection.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import type { NewSession, OwnerAccount } from '../ports/owner-accounts.ts';
import { RateLimited } from '../ports/rate-limits.ts';
import { isRegistered, recordOwnerEvent, recordRegistration } from './record-owner-event.ts';
import { sessionExpiry, sessionTokens, type SessionTokens } from './session-tokens.ts';
import type { Credentials, SignUpDependencies } from './new-account.ts';

export type LogInDependencies = SignUpDependencies;

/** Begins a session of a program's. @throws as {@link openSession} does */
export async function logIn(
  dependencies: LogInDependencies,
  credentials: Credentials,
  metadata: EventMetadata,
): Promise<SessionTokens> {
  const { tokens } = dependencies;
  const refresh = tokens.issueSessionToken();
  const session = { kind: 'tokens', tokenHash: refresh.hash } as const;
  const { ownerId } = await openSession(dependencies, credentials, session, metadata);
  return sessionTokens(tokens, ownerId, refresh);
}

/**
 * An unknown address and a wrong password look the same, also to a clock.
 * @throws {Rejection} owner/invalid-credentials; owner/invite-needed for an account that was never finished, unless
 * sign-up is open
 * @throws {RateLimited} by address, and by address and account after too many wrong passwords
 */
export async function openSession(
  dependencies: LogInDependencies,
  credentials: Credentials,
  session: Pick<NewSession, 'kind' | 'tokenHash'>,
  metadata: EventMetadata,
): Promise<OwnerAccount> {
  const { limits, clock } = dependencies;
  const address = metadata.ip ?? 'unknown';
  await limits.use('log-in-by-address', address);
  const who = { account: credentials.email, address };
  const attempt = await limits.attempt(who, () => accountOf(dependencies, credentials, address));
  switch (attempt.outcome) {
    case 'right':
      return startSession(dependencies, attempt.value, session, metadata);
    case 'wrong':
      throw new Rejection('owner/invalid-credentials', 'The e-mail address or the password is wrong.');
    case 'delayed':
      if (attempt.isNews) await recordDelay(dependencies, credentials.email, attempt.until, metadata);
      throw new RateLimited(attempt.until.getTime() - clock.now().getTime());
  }
}

async function accountOf(
  { accounts, passwords }: LogInDependencies,
  { email, password }: Credentials,
  address: string,
): Promise<OwnerAccount | undefined> {
  const account = await accounts.findByEmail(email);
  return (await passwords.verify(account?.passwordHash, password, { address })) ? account : undefined;
}

async function startSession(
  dependencies: LogInDependencies,
  account: OwnerAccount,
  session: Pick<NewSession, 'kind' | 'tokenHash'>,
  metadata: EventMetadata,
): Promise<OwnerAccount> {
  const { accounts, clock, ids, signUpMode } = dependencies;
  const { ownerId } = account;
  if (!(await isRegistered(dependencies, ownerId))) {
    // it would let somebody in without an invite
    if (signUpMode !== 'open')
      throw new Rejection(
        'owner/invite-needed',
        'This account was never finished: sign up again with your invite, the same address and the same password.',
      );
    await recordRegistration(dependencies, account, metadata);
  }
  const { now, expiresAt } = sessionExpiry(clock);
  await accounts.startSession({ ...session, sessionId: ids.uuid(), ownerId, startedAt: now, expiresAt });
  await recordOwnerEvent(dependencies, ownerId, { type: 'OwnerSignedIn', data: {} }, metadata);
  return account;
}

async function recordDelay(
  dependencies: LogInDependencies,
  email: string,
  until: Date,
  metadata: EventMetadata,
): Promise<void> {
  const account = await dependencies.accounts.findByEmail(email);
  if (!account || !(await isRegistered(dependencies, account.ownerId))) return;
  const event = { type: 'OwnerSignInBlocked', data: { until: until.toISOString() } } as const;
  await recordOwnerEvent(dependencies, account.ownerId, event, metadata);
}
