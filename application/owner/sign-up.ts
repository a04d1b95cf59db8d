import { Rejection } from '../../domain/rejection.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import type { OwnerAccount } from '../ports/owner-accounts.ts';
import { invitedAccount } from './invites.ts';
import {
  emailTaken,
  newAccount,
  newOwnerId,
  unfinishedAccount,
  type Credentials,
  type SignUpDependencies,
} from './new-account.ts';
import { recordRegistration } from './record-owner-event.ts';

export interface SignUp extends Credentials {
  /** its code */
  readonly invite?: string | undefined;
}

/**
 * Writes the rows first, then the event. Who dies in between leaves an account without its first event: the
 * same sign-up again completes it, and where sign-up is open a login, too.
 * @throws {Rejection} owner/email-taken, owner/invite-needed, owner/signup-closed @throws {RateLimited}
 */
export async function signUp(
  dependencies: SignUpDependencies,
  given: SignUp,
  metadata: EventMetadata,
): Promise<OwnerAccount> {
  const address = metadata.ip ?? 'unknown';
  await dependencies.limits.use('sign-up-by-address', address);
  const account = await admitted(dependencies, given, metadata, address);
  if (account && (await recordRegistration(dependencies, account, metadata))) return account;
  throw emailTaken();
}

/** @returns undefined when the address has an account already */
async function admitted(
  dependencies: SignUpDependencies,
  { invite: code, ...credentials }: SignUp,
  metadata: EventMetadata,
  address: string,
): Promise<OwnerAccount | undefined> {
  const { accounts, ids, signUpMode, turns } = dependencies;
  if (signUpMode === 'open') {
    const account = await newAccount(dependencies, newOwnerId(ids), credentials, address);
    return (await accounts.create(account)) ? account : unfinishedAccount(dependencies, credentials);
  }
  const refuseAnother = async () => {
    if (await accounts.anyOther(credentials.email))
      throw new Rejection('owner/signup-closed', 'Nobody can make an account here; ask the operator.');
  };
  if (signUpMode === 'closed') await refuseAnother();
  if (code === undefined)
    throw new Rejection('owner/invite-needed', 'An account needs an invite; ask the operator for one.');
  const invited = () => invitedAccount(dependencies, { ...credentials, code }, metadata, address);
  if (signUpMode === 'invite') return invited();
  // of several with an invite each only one is the first
  return turns.take('first account', async () => {
    await refuseAnother();
    return invited();
  });
}
