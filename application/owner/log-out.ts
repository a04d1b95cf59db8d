import type { EventMetadata } from '../ports/event-store.ts';
import { recordOwnerEvent } from './record-owner-event.ts';
import type { RefreshDependencies } from './refresh.ts';

/** Ends the session of a refresh token. Repeatable; an unknown token is nothing to end. */
export async function logOut(
  dependencies: RefreshDependencies,
  refreshToken: string,
  metadata: EventMetadata,
): Promise<void> {
  const { accounts, clock, ids, limits, tokens } = dependencies;
  await limits.use('refresh-by-address', metadata.ip ?? 'unknown');
  const ended = await accounts.endSession(tokens.hash(refreshToken), clock.now());
  if (!ended) return;
  const event = { type: 'OwnerSignedOut', data: {} } as const;
  const id = ids.uuidFor(`signed-out ${ended.sessionId}`);
  await recordOwnerEvent(dependencies, ended.ownerId, event, metadata, id);
}
