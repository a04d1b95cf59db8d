import type { EventMetadata } from '../ports/event-store.ts';
import { recordOwnerEvent } from './record-owner-event.ts';
import type { RefreshDependencies } from './refresh.ts';

export type LogOutDependencies = Omit<RefreshDependencies, 'limits'>;

/** Ends the session of a refresh token. Repeatable; an unknown token is nothing to end. */
export async function logOut(
  dependencies: RefreshDependencies,
  refreshToken: string,
  metadata: EventMetadata,
): Promise<void> {
  const { limits, tokens } = dependencies;
  await limits.use('refresh-by-address', metadata.ip ?? 'unknown');
  await endSession(dependencies, tokens.hash(refreshToken), metadata);
}

/** Of whatever kind. Repeatable. */
export async function endSession(
  dependencies: LogOutDependencies,
  tokenHash: string,
  metadata: EventMetadata,
): Promise<void> {
  const { accounts, clock, ids } = dependencies;
  const ended = await accounts.endSession(tokenHash, clock.now());
  if (!ended) return;
  const event = { type: 'OwnerSignedOut', data: {} } as const;
  const id = ids.uuidFor(`signed-out ${ended.sessionId}`);
  await recordOwnerEvent(dependencies, ended.ownerId, event, metadata, id);
}

/**
 * Ends all sessions of the owner. The event comes first: who dies in between still has a session to ask again with.
 * Access tokens stay good until they expire.
 */
export async function logOutEverywhere(
  dependencies: LogOutDependencies,
  ownerId: string,
  metadata: EventMetadata,
): Promise<void> {
  const { accounts, clock } = dependencies;
  await recordOwnerEvent(dependencies, ownerId, { type: 'OwnerSignedOutEverywhere', data: {} }, metadata);
  await accounts.endSessions(ownerId, clock.now());
}
