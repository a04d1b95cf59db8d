import { fold } from '../../domain/decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import type { CommandLog, StoredEvent } from '../ports/event-store.ts';

type Readable = Pick<CommandLog, 'readStream'>;

export interface LoadedProject {
  readonly project: ExistingProject;
  readonly history: readonly StoredEvent[];
}

/** From which revision on it is its owner's: of a spare one, from its claim. What was before is not theirs to see. */
export const ownedSince = (history: readonly StoredEvent[]): number =>
  Math.max(
    0,
    history.findIndex(({ type }) => type === CLAIMED),
  );
const CLAIMED: ProjectEvent['type'] = 'SpareClaimed';

/** `revision` or `at`: the state as of then. */
export interface PointInHistory {
  readonly revision?: number;
  readonly at?: Date;
}

/** @returns undefined when there is no such project, or none yet at that point. */
export async function loadProject(
  store: Readable,
  id: ProjectId,
  point: PointInHistory = {},
): Promise<LoadedProject | undefined> {
  const whole = await readOrEmpty(
    store,
    projectStream(id),
    point.revision === undefined ? {} : { to: point.revision },
  );
  const { at } = point;
  const history = at ? whole.filter((event) => event.recordedAt <= at) : whole;
  const project = fold(projectDecider, recorded<ProjectEvent>(history));
  return project.kind === 'project' ? { project, history } : undefined;
}

/** For parts of the platform. @throws {Rejection} project/not-found: also when it is purged */
export async function loadKeptProject(store: Readable, id: ProjectId): Promise<ExistingProject> {
  const project = (await loadProject(store, id))?.project;
  if (!project || project.status === 'purged') throw projectNotFound();
  return project;
}

/**
 * What an owner may see: their own projects that are not purged. Anything else looks as if it did not exist.
 * @throws {Rejection} project/not-found
 */
export async function loadOwnedProject(
  store: Readable,
  ownerId: string,
  id: ProjectId,
  point: PointInHistory = {},
): Promise<LoadedProject> {
  const loaded = await loadProject(store, id, point);
  if (loaded?.project.ownerId !== ownerId || loaded.project.status === 'purged') throw projectNotFound();
  return loaded;
}

export const projectNotFound = (): Rejection =>
  new Rejection('project/not-found', 'There is no such project.');
