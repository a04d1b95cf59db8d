import { fold } from '../../domain/decider.ts';
import { inviteDecider, inviteStream, inviteUsed, type InviteEvent } from '../../domain/owner/invite.ts';
import { handle, readOrEmpty, recorded } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { OwnerAccount } from '../ports/owner-accounts.ts';
import type { Tokens } from '../ports/tokens.ts';
import {
  emailTaken,
  newAccount,
  newOwnerId,
  unfinishedAccount,
  type Credentials,
  type SignUpDependencies,
} from './new-account.ts';
import { isRegistered } from './record-owner-event.ts';

export interface InviteDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly tokens: Tokens;
}

/**
 * @param email normalised; undefined: for anybody
 * @returns the code: it is known at this moment only
 */
export async function issueInvite(
  { store, ids, tokens }: InviteDependencies,
  { email, expiresAt }: { readonly email: string | undefined; readonly expiresAt: Date },
  metadata: EventMetadata,
): Promise<string> {
  const { token: code, hash } = tokens.issueInvite();
  const addressHash = email === undefined ? null : addressHashOf(tokens, code, email);
  const command = { kind: 'IssueInvite', expiresAt, addressHash } as const;
  await handle({ store, ids }, inviteDecider, inviteStream(hash), command, metadata);
  return code;
}

/**
 * The rows of the account that an invite is for, made or found again. The invite is bound to the account's id first, so
 * whoever dies at any point goes on with the same code, and no other account can come of it.
 * @throws {Rejection} owner/invite-needed, before a password is hashed; owner/email-taken
 */
export async function invitedAccount(
  dependencies: SignUpDependencies,
  { code, ...credentials }: Credentials & { readonly code: string },
  metadata: EventMetadata,
  address: string,
): Promise<OwnerAccount> {
  const { store, ids, tokens, clock, accounts } = dependencies;
  const stream = inviteStream(tokens.hash(code));
  const invite = fold(inviteDecider, recorded<InviteEvent>(await readOrEmpty(store, stream)));
  const bound = invite.kind === 'issued' ? invite.ownerId : null;
  const addressHash = addressHashOf(tokens, code, credentials.email);
  const use = (ownerId: string) => ({ kind: 'UseInvite', ownerId, addressHash, now: clock.now() }) as const;
  const fresh = bound ?? newOwnerId(ids);
  inviteDecider.decide(use(fresh), invite);

  const standing = await accounts.findByEmail(credentials.email);
  // an account that was erased has used its invite, too
  if (bound !== null && bound !== standing?.ownerId && (await isRegistered(dependencies, bound)))
    throw inviteUsed();
  const mine = standing && (await unfinishedAccount(dependencies, credentials));
  if (standing && (!mine || (bound !== null && bound !== mine.ownerId))) throw emailTaken();

  const ownerId = mine?.ownerId ?? fresh;
  const asOwner: EventMetadata = { ...metadata, actor: { kind: 'owner', id: ownerId } };
  await handle({ store, ids }, inviteDecider, stream, use(ownerId), asOwner);
  if (mine) return mine;
  const account = await newAccount(dependencies, ownerId, credentials, address);
  if (await accounts.create(account)) return account;
  throw (await accounts.findByEmail(credentials.email)) ? emailTaken() : inviteUsed();
}

/** The code is random and kept nowhere: without it nobody can try addresses. */
const addressHashOf = (tokens: Tokens, code: string, email: string): string =>
  tokens.hash(`${code} ${email}`);
