import { Rejection } from '../../domain/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { NewOwnerAccount, OwnerAccount } from '../ports/owner-accounts.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { RateLimits } from '../ports/rate-limits.ts';
import { isRegistered, recordRegistration, type RecordDependencies } from './record-owner-event.ts';

export interface SignUpDependencies extends RecordDependencies {
  readonly clock: Clock;
  readonly passwords: Passwords;
  readonly limits: RateLimits;
}

export interface Credentials {
  /** normalised, see {@link normaliseEmail} */
  readonly email: string;
  readonly password: string;
}

/**
 * Writes the rows first, then the event. Who dies in between leaves an account without its first event: the
 * same sign-up again, or a login, completes it.
 * @throws {Rejection} owner/email-taken @throws {RateLimited}
 */
export async function signUp(
  dependencies: SignUpDependencies,
  credentials: Credentials,
  metadata: EventMetadata,
): Promise<OwnerAccount> {
  const { accounts, limits } = dependencies;
  const address = metadata.ip ?? 'unknown';
  await limits.use('sign-up-by-address', address);
  const account = await newAccount(dependencies, credentials, address);
  const mine = (await accounts.create(account))
    ? account
    : await unfinishedAccount(dependencies, credentials);
  if (mine && (await recordRegistration(dependencies, mine, metadata))) return mine;
  throw new Rejection('owner/email-taken', 'This e-mail address has an account already.');
}

async function newAccount(
  { ids, clock, passwords, vault }: SignUpDependencies,
  { email, password }: Credentials,
  address: string,
): Promise<NewOwnerAccount> {
  const ownerId = newOwnerId(ids);
  const passwordHash = await passwords.hash(password, address);
  return { ownerId, email, passwordHash, createdAt: clock.now(), sealedKey: vault.issueKey(ownerId) };
}

/** The account that an earlier try of the same person has left behind. */
async function unfinishedAccount(
  dependencies: SignUpDependencies,
  { email, password }: Credentials,
): Promise<OwnerAccount | undefined> {
  const account = await dependencies.accounts.findByEmail(email);
  if (!account || (await isRegistered(dependencies, account.ownerId))) return undefined;
  return (await dependencies.passwords.verify(account.passwordHash, password)) ? account : undefined;
}

/** The first and the last digits of a UUID are random all through; its middle is not. */
function newOwnerId(ids: Ids): string {
  const uuid = ids.uuid();
  return `own_${uuid.slice(0, 8)}${uuid.slice(-8)}`;
}
