import { ownerStream, type OwnerEvent } from '../../domain/owner/events.ts';
import { appendSettled, readOrEmpty } from '../handle.ts';
import {
  Conflict,
  EventIdReused,
  type EventMetadata,
  type EventStore,
  type NewEvent,
} from '../ports/event-store.ts';
import type { EmailVault } from '../ports/email-vault.ts';
import type { Ids } from '../ports/ids.ts';
import type { OwnerAccount, OwnerAccounts } from '../ports/owner-accounts.ts';

export interface RecordDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly accounts: OwnerAccounts;
  readonly vault: EmailVault;
}

/** Appends a fact about an owner; the actor is the owner. An `id` makes it a fact that happens once. */
export async function recordOwnerEvent(
  { store, ids }: Pick<RecordDependencies, 'store' | 'ids'>,
  ownerId: string,
  event: OwnerEvent,
  metadata: EventMetadata,
  id: string = ids.uuid(),
): Promise<void> {
  await appendSettled(store, ownerStream(ownerId), 'any', [newEvent(id, event, ownerId, metadata)]);
}

export async function isRegistered({ store }: RecordDependencies, ownerId: string): Promise<boolean> {
  return (await readOrEmpty(store, ownerStream(ownerId), { to: 0 })).length > 0;
}

/**
 * Appends `OwnerRegistered` as the first event of the owner's stream.
 * @returns false when it stands there already: of several callers exactly one gets true
 */
export async function recordRegistration(
  { store, ids, accounts, vault }: RecordDependencies,
  { ownerId, email }: Pick<OwnerAccount, 'ownerId' | 'email'>,
  metadata: EventMetadata,
): Promise<boolean> {
  const sealedKey = await accounts.sealedKey(ownerId);
  if (!sealedKey) throw new Error('an owner without a key');
  const data = { ownerId, sealedEmail: vault.seal(ownerId, sealedKey, email) };
  const id = ids.uuidFor(`owner-registered ${ownerId}`);
  const event = newEvent(id, { type: 'OwnerRegistered', data }, ownerId, metadata);
  try {
    await appendSettled(store, ownerStream(ownerId), 'none', [event]);
    return true;
  } catch (error) {
    // the same id with another seal: somebody else has appended it
    if (error instanceof Conflict || error instanceof EventIdReused) return false;
    throw error;
  }
}

const newEvent = (
  id: string,
  { type, data }: OwnerEvent,
  ownerId: string,
  metadata: EventMetadata,
): NewEvent => ({ id, type, data, metadata: { ...metadata, actor: { kind: 'owner', id: ownerId } } });
