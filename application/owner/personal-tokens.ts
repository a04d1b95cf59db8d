import { Rejection } from '../../domain/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { MOST_TOKENS, type PersonalToken, type PersonalTokens } from '../ports/personal-tokens.ts';
import type { Tokens } from '../ports/tokens.ts';
import { loadOwnedProject } from '../project/load-project.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { recordOwnerEvent } from './record-owner-event.ts';

export interface PersonalTokenDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly personalTokens: PersonalTokens;
}

export type TokenRequest = Pick<PersonalToken, 'name' | 'scopes' | 'expiresAt'> & {
  readonly projectId: ProjectId | null;
};

/**
 * The row comes first, then the event: a token that nobody recorded was never shown to anybody either.
 * @returns the token itself: it is known at this moment only
 * @throws {Rejection} owner/too-many-tokens; project/not-found for a project of somebody else
 */
export async function issueToken(
  dependencies: PersonalTokenDependencies,
  ownerId: string,
  { name, scopes, projectId, expiresAt }: TokenRequest,
  metadata: EventMetadata,
): Promise<PersonalToken & { readonly token: string }> {
  const { store, ids, clock, tokens, personalTokens } = dependencies;
  if (projectId !== null) await loadOwnedProject(store, ownerId, projectId);
  const { token, hash } = tokens.issuePersonalToken();
  const tokenId = `tok_${ids.uuid().replaceAll('-', '')}`;
  const row = { tokenId, ownerId, name, scopes, projectId, createdAt: clock.now(), expiresAt };
  if (!(await personalTokens.add(row, hash))) {
    throw new Rejection(
      'owner/too-many-tokens',
      `You have ${MOST_TOKENS} tokens; revoke one that is not used.`,
    );
  }
  const data = { tokenId, name, scopes, projectId, expiresAt: expiresAt?.toISOString() ?? null };
  await recordOwnerEvent(dependencies, ownerId, { type: 'TokenIssued', data }, metadata);
  return { ...row, lastUsedAt: null, token };
}

/** @throws {Rejection} owner/token-not-found */
export async function revokeToken(
  dependencies: PersonalTokenDependencies,
  ownerId: string,
  tokenId: string,
  metadata: EventMetadata,
): Promise<void> {
  if (!(await dependencies.personalTokens.revoke(ownerId, tokenId))) {
    throw new Rejection('owner/token-not-found', 'You have no such token.');
  }
  const id = dependencies.ids.uuidFor(`token-revoked ${tokenId}`);
  await recordOwnerEvent(dependencies, ownerId, { type: 'TokenRevoked', data: { tokenId } }, metadata, id);
}
