/** New secrets are made from the project as it was read: whoever changed it meanwhile makes the command fail. */
import type { Project } from '../../domain/project/project.ts';
import type { Handled } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { ChangeProjectDependencies } from './change-project.ts';
import { commandProject, type Who } from './command-project.ts';
import { loadOwnedProject } from './load-project.ts';

export interface RotateDependencies extends Pick<ChangeProjectDependencies, 'ids' | 'clock'> {
  readonly store: EventStore;
  readonly secrets: Secrets;
}

/**
 * A new secret for the project's keys. Tokens and keys of the one before stay good for the overlap, so that no
 * request is refused while clients change over.
 * @param overlapMs 0: the old ones are refused at once
 */
export async function rotateKeys(
  dependencies: RotateDependencies,
  who: Who,
  overlapMs: number,
  metadata: EventMetadata,
): Promise<Handled<Project>> {
  const { store, secrets, clock } = dependencies;
  const { project } = await loadOwnedProject(store, who.ownerId, who.projectId);
  const { jwtSecret } = await secrets.issue();
  const opened = secrets.open(project.id, project.secrets);
  const sealed = secrets.seal(project.id, { ...opened, jwtSecret });
  const overlapUntil = new Date(clock.now().getTime() + overlapMs);
  const asked = { kind: 'RotateJwtSecret', secrets: sealed, overlapUntil } as const;
  return commandProject(dependencies, who, asked, metadata, { ifRevision: project.revision });
}

/** A new password for the owner's login; the old one ends as soon as the new one is in force. */
export async function rotateDatabasePassword(
  dependencies: RotateDependencies,
  who: Who,
  metadata: EventMetadata,
): Promise<Handled<Project>> {
  const { store, secrets } = dependencies;
  const { project } = await loadOwnedProject(store, who.ownerId, who.projectId);
  const { owner } = (await secrets.issue()).logins;
  const { logins, ...others } = secrets.open(project.id, project.secrets);
  const sealed = secrets.seal(project.id, { ...others, logins: { ...logins, owner } });
  const asked = { kind: 'RotateDatabasePassword', secrets: sealed } as const;
  return commandProject(dependencies, who, asked, metadata, { ifRevision: project.revision });
}
