import type { ProjectLimits } from '../../domain/project/events.ts';
import { DEFAULT_CONNECTIONS, DEFAULT_STATEMENT_TIMEOUT_S } from '../../domain/project/limits.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { StorageLimits } from '../../domain/storage/storage-settings.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { loadKeptProject } from '../project/load-project.ts';

export interface LimitDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  /** of projects that have none of their own; 0: none */
  readonly projectDatabaseSizeMb: number;
  /** likewise, of files */
  readonly storageLimits: StorageLimits;
}

export interface ProjectMayUse {
  /** null: the platform's */
  readonly own: Required<ProjectLimits>;
  /** what is in force where a project has none of its own; 0: none */
  readonly platform: Readonly<Record<keyof ProjectLimits, number>>;
  readonly fill: ExistingProject['fill'];
  /** a process is at work on the project: a change may not be in force yet */
  readonly underWay: boolean;
}

/** What a project may use. @throws {Rejection} project/not-found */
export async function limitsOfProject(
  { store, projectDatabaseSizeMb, storageLimits }: LimitDependencies,
  id: ProjectId,
): Promise<ProjectMayUse> {
  const { limits, fill, run } = await loadKeptProject(store, id);
  return {
    own: { storageSizeMb: null, files: null, ...limits },
    platform: {
      databaseSizeMb: projectDatabaseSizeMb,
      connections: DEFAULT_CONNECTIONS,
      statementTimeoutS: DEFAULT_STATEMENT_TIMEOUT_S,
      storageSizeMb: (storageLimits.totalBytes ?? 0) / 2 ** 20,
      files: storageLimits.files ?? 0,
    },
    fill,
    underWay: run !== null,
  };
}

/**
 * @param limits those that change; null: the platform's from now on, 0: none
 * @throws {Rejection} project/not-found, or what else is in the way
 */
export async function changeLimits(
  dependencies: LimitDependencies,
  id: ProjectId,
  limits: Partial<ProjectLimits>,
  metadata: EventMetadata,
): Promise<ProjectMayUse> {
  await loadKeptProject(dependencies.store, id);
  const command = { kind: 'ChangeLimits', limits } as const;
  await handle(dependencies, projectDecider, projectStream(id), command, metadata);
  return limitsOfProject(dependencies, id);
}
