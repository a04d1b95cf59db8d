import { Rejection } from '../../domain/rejection.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import { recordOwnerEvent } from './record-owner-event.ts';
import { sessionExpiry, sessionTokens, type SessionTokens } from './session-tokens.ts';
import type { LogInDependencies } from './log-in.ts';

export type RefreshDependencies = Pick<
  LogInDependencies,
  'store' | 'ids' | 'clock' | 'accounts' | 'tokens' | 'limits'
>;

/**
 * Exchanges a refresh token for new tokens. A token that is shown twice ends the whole session: one of the
 * two who showed it is not the owner, and nobody can tell which.
 * @throws {Rejection} owner/invalid-refresh-token @throws {RateLimited}
 */
export async function refresh(
  dependencies: RefreshDependencies,
  refreshToken: string,
  metadata: EventMetadata,
): Promise<SessionTokens> {
  const { accounts, clock, ids, limits, tokens } = dependencies;
  await limits.use('refresh-by-address', metadata.ip ?? 'unknown');
  const next = tokens.issueSessionToken();
  const rotation = await accounts.rotate(tokens.hash(refreshToken), {
    tokenHash: next.hash,
    ...sessionExpiry(clock),
  });
  if (rotation.outcome === 'rotated') return sessionTokens(tokens, rotation.ownerId, next);
  if (rotation.outcome === 'reused') {
    const { ownerId, sessionId } = rotation;
    const event = {
      type: 'OwnerSessionRevoked',
      data: { reason: 'a refresh token was used twice' },
    } as const;
    await recordOwnerEvent(
      dependencies,
      ownerId,
      event,
      metadata,
      ids.uuidFor(`session-revoked ${sessionId}`),
    );
  }
  throw new Rejection(
    'owner/invalid-refresh-token',
    'The refresh token is not valid (any more); log in again.',
  );
}
