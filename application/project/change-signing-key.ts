import type { Project } from '../../domain/project/project.ts';
import type { SigningAlgorithm } from '../../domain/project/public-key.ts';
import type { Handled } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { SigningKeyVault } from '../ports/signing-keys.ts';
import type { ChangeProjectDependencies } from './change-project.ts';
import { commandProject, type Who } from './command-project.ts';
import { loadOwnedProject } from './load-project.ts';

export interface SigningKeyDependencies extends Pick<ChangeProjectDependencies, 'ids' | 'clock'> {
  readonly store: EventStore;
  readonly signingKeys: SigningKeyVault;
}

/**
 * What users' tokens are signed with from now on: a new key, or (`HS256`) the project's secret, which is none of these.
 * Tokens of the key before stay good for the overlap; those of the secret always.
 * @param overlapMs 0: those of all keys before are refused at once
 */
export async function changeSigningKey(
  dependencies: SigningKeyDependencies,
  who: Who,
  { algorithm, overlapMs }: { readonly algorithm: SigningAlgorithm | 'HS256'; readonly overlapMs: number },
  metadata: EventMetadata,
): Promise<Handled<Project>> {
  const { store, signingKeys, clock } = dependencies;
  // whose project it is comes before the work of making a key
  const { project } = await loadOwnedProject(store, who.ownerId, who.projectId);
  const key = algorithm === 'HS256' ? null : await signingKeys.make(project.id, algorithm);
  const now = clock.now();
  const overlapUntil = new Date(now.getTime() + overlapMs);
  return commandProject(dependencies, who, { kind: 'ChangeSigningKey', key, overlapUntil, now }, metadata);
}
