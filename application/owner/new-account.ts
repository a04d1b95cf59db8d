import { Rejection } from '../../domain/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { NewOwnerAccount, OwnerAccount } from '../ports/owner-accounts.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { RateLimits } from '../ports/rate-limits.ts';
import type { Tokens } from '../ports/tokens.ts';
import type { Turns } from '../ports/turns.ts';
import { isRegistered, type RecordDependencies } from './record-owner-event.ts';

/** Who may make an account: anybody; whoever has an invite; nobody, once there is one. */
export type SignUpMode = 'open' | 'invite' | 'closed';

export interface SignUpDependencies extends RecordDependencies {
  readonly clock: Clock;
  readonly passwords: Passwords;
  readonly limits: RateLimits;
  readonly tokens: Tokens;
  readonly turns: Turns;
  readonly signUpMode: SignUpMode;
}

export interface Credentials {
  /** normalised, see {@link normaliseEmail} */
  readonly email: string;
  readonly password: string;
}

export const emailTaken = (): Rejection =>
  new Rejection('owner/email-taken', 'This e-mail address has an account already.');

export async function newAccount(
  { clock, passwords, vault }: SignUpDependencies,
  ownerId: string,
  { email, password }: Credentials,
  address: string,
): Promise<NewOwnerAccount> {
  const passwordHash = await passwords.hash(password, { address });
  return { ownerId, email, passwordHash, createdAt: clock.now(), sealedKey: vault.issueKey(ownerId) };
}

/** The account that an earlier try of the same person has left behind. */
export async function unfinishedAccount(
  dependencies: SignUpDependencies,
  { email, password }: Credentials,
): Promise<OwnerAccount | undefined> {
  const account = await dependencies.accounts.findByEmail(email);
  if (!account || (await isRegistered(dependencies, account.ownerId))) return undefined;
  return (await dependencies.passwords.verify(account.passwordHash, password)) ? account : undefined;
}

/** The first and the last digits of a UUID are random all through; its middle is not. */
export function newOwnerId(ids: Ids): string {
  const uuid = ids.uuid();
  return `own_${uuid.slice(0, 8)}${uuid.slice(-8)}`;
}
