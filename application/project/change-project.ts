import type { DataApiChange } from '../../domain/project/data-api-settings.ts';
import type { Project, ProjectCommand } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Handled } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Admissions } from './admissions.ts';
import { commandProject, type Who } from './command-project.ts';
import { loadProject } from './load-project.ts';

export interface ChangeProjectDependencies {
  readonly admissions: Pick<Admissions, 'admit'>;
  readonly store: CommandLog;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** What an owner may ask of a project of theirs. */
export type ProjectChange =
  | { readonly kind: 'rename'; readonly displayName: string }
  | { readonly kind: 'settings'; readonly dataApi: DataApiChange }
  | { readonly kind: 'pause' | 'resume' | 'delete' | 'undelete' }
  /** `name` repeats the project's name: purging cannot be taken back */
  | { readonly kind: 'purge'; readonly name: string };

const RETENTION_MS = 7 * 24 * 3600 * 1000;

/**
 * @throws {Rejection} `project/not-found` also for what belongs to somebody else; `platform/capacity-reached`
 */
export function changeProject(
  dependencies: ChangeProjectDependencies,
  who: Who,
  change: ProjectChange,
  metadata: EventMetadata,
  ifRevision?: number,
): Promise<Handled<Project>> {
  const check = ({ name }: { readonly name: string }) => {
    if (change.kind === 'purge' && change.name !== name) throw nameMismatch();
  };
  const command = commandOf(change, dependencies.clock.now());
  const apply = () => commandProject(dependencies, who, command, metadata, { check, ifRevision });
  if (change.kind !== 'resume' && change.kind !== 'undelete') return apply();
  const from = change.kind === 'resume' ? 'paused' : 'deleted';
  const needs = async () => {
    const project = (await loadProject(dependencies.store, who.projectId))?.project;
    const comesBack = project?.ownerId === who.ownerId && project.status === from;
    return comesBack ? { place: project.server } : {};
  };
  return dependencies.admissions.admit(needs, apply);
}

function commandOf(change: ProjectChange, now: Date): ProjectCommand {
  switch (change.kind) {
    case 'rename':
      return { kind: 'RenameProject', displayName: change.displayName };
    case 'settings':
      return { kind: 'ChangeDataApiSettings', dataApi: change.dataApi };
    case 'pause':
      return { kind: 'PauseProject' };
    case 'resume':
      return { kind: 'ResumeProject' };
    case 'delete':
      return { kind: 'DeleteProject', purgeAfter: new Date(now.getTime() + RETENTION_MS) };
    case 'undelete':
      return { kind: 'UndeleteProject' };
    case 'purge':
      return { kind: 'PurgeProject' };
  }
}

const nameMismatch = () =>
  new Rejection('project/purge-name-mismatch', 'Repeat the name of the project in the body to purge it.');
