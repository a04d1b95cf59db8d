import { projectDecider } from '../../domain/project/project-decider.ts';
import type { Project, ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { handle, type Handled } from '../handle.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { ChangeProjectDependencies } from './change-project.ts';
import { loadOwnedProject, projectNotFound } from './load-project.ts';

export interface RotateDependencies extends ChangeProjectDependencies {
  readonly secrets: Secrets;
}

type Who = { readonly ownerId: string; readonly projectId: ProjectId };

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
  return command(dependencies, who, asked, metadata, project.revision);
}

/** A new password for the owner's login; the old one ends as soon as the new one is in force. */
export async function rotateDatabasePassword(
  dependencies: RotateDependencies,
  who: Who,
  metadata: EventMetadata,
): Promise<Handled<Project>> {
  const { store, secrets } = dependencies;
  const { project } = await loadOwnedProject(store, who.ownerId, who.projectId);
  const { owner } = await secrets.issue();
  const opened = secrets.open(project.id, project.secrets);
  const sealed = secrets.seal(project.id, { ...opened, owner });
  const asked = { kind: 'RotateDatabasePassword', secrets: sealed } as const;
  return command(dependencies, who, asked, metadata, project.revision);
}

/** The secrets were made from the project as it was read: whoever changed it meanwhile makes this one fail. */
async function command(
  { store, ids }: RotateDependencies,
  { ownerId, projectId }: Who,
  asked: ProjectCommand,
  metadata: EventMetadata,
  ifRevision: number,
): Promise<Handled<Project>> {
  const guard = (state: Project) => {
    if (state.kind !== 'project' || state.ownerId !== ownerId) throw projectNotFound();
  };
  return handle({ store, ids }, projectDecider, projectStream(projectId), asked, metadata, {
    guard,
    ifRevision,
  });
}
