import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ExistingProject, Project, ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { handle, type Handled } from '../handle.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { projectNotFound } from './load-project.ts';

/** An owner, and the project that they say is theirs. */
export interface Who {
  readonly ownerId: string;
  readonly projectId: ProjectId;
}

export interface CommandOptions {
  /** the revision that the caller has seen, if it has to be that one still */
  readonly ifRevision?: number | undefined;
  /** throws when the project, which is the owner's, does not allow it */
  readonly check?: (project: ExistingProject) => void;
}

/** @throws {Rejection} `project/not-found` also for what belongs to somebody else */
export function commandProject(
  { store, ids }: { readonly store: CommandLog; readonly ids: Ids },
  { ownerId, projectId }: Who,
  command: ProjectCommand,
  metadata: EventMetadata,
  { ifRevision, check }: CommandOptions = {},
): Promise<Handled<Project>> {
  const guard = (state: Project) => {
    if (state.kind !== 'project' || state.ownerId !== ownerId) throw projectNotFound();
    check?.(state);
  };
  return handle({ store, ids }, projectDecider, projectStream(projectId), command, metadata, {
    guard,
    ...(ifRevision !== undefined && { ifRevision }),
  });
}
