import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import {
  projectNameDecider,
  projectNameStream,
  requestOf,
  type Holder,
} from '../../domain/project/project-name.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle, readOrEmpty } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { requestedProject } from './requested-project.ts';

export interface NameDependencies {
  readonly store: CommandLog;
  readonly ids: Ids;
  readonly clock: Clock;
}

export interface WantedName {
  readonly ownerId: string;
  readonly name: string;
}

/** How long a name's holder gets to come with its request before it is taken for dead. */
const REQUEST_WITHIN_MS = 1_000;

/** @throws {Rejection} project/name-taken */
export async function reserveName(
  dependencies: NameDependencies,
  wanted: WantedName,
  holder: Holder,
  metadata: EventMetadata,
): Promise<void> {
  const stream = projectNameStream(wanted.ownerId, wanted.name);
  const reserve = (stale?: ProjectId) =>
    handle(
      dependencies,
      projectNameDecider,
      stream,
      { kind: 'ReserveName', holder, ...(stale && { stale }) },
      metadata,
    );
  try {
    await reserve();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const stale = await abandonedHolder(dependencies, wanted, metadata);
    if (!stale) throw error;
    await reserve(stale);
  }
}

/**
 * A caller may die between the reservation and the request. Its project's stream is closed then, so that it can
 * never come after the name went to somebody else.
 * @returns undefined when the holder is a project
 */
async function abandonedHolder(
  dependencies: NameDependencies,
  wanted: WantedName,
  metadata: EventMetadata,
): Promise<ProjectId | undefined> {
  const { store, clock } = dependencies;
  const last = (await readOrEmpty(store, projectNameStream(wanted.ownerId, wanted.name))).at(-1);
  if (!last) return undefined;
  const request = requestOf(last.data as Holder);
  const age = clock.now().getTime() - last.recordedAt.getTime();
  if (age < REQUEST_WITHIN_MS && !(await requestedProject(store, request))) {
    await clock.sleep(REQUEST_WITHIN_MS - Math.max(0, age));
  }
  try {
    return (await abandon(dependencies, request, wanted, metadata)) ? request : undefined;
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/**
 * The spare that it chose goes first: given up it cannot be claimed any more, and a claim that came before shows.
 * @returns false: it is a project
 */
async function abandon(
  dependencies: NameDependencies,
  request: ProjectId,
  { ownerId, name }: WantedName,
  metadata: EventMetadata,
): Promise<boolean> {
  for (let instead: ProjectId | undefined; ;) {
    const command = { kind: 'AbandonRequest', ownerId, name, instead } as const;
    const { state } = await handle(dependencies, projectDecider, projectStream(request), command, metadata);
    if (state.kind !== 'choosing' || state.spare === instead) return true;
    instead = state.spare;
    const giveUp = { kind: 'GiveUpSpare', because: 'request' } as const;
    const spare = await handle(dependencies, projectDecider, projectStream(instead), giveUp, metadata);
    if (spare.state.kind === 'project' && spare.state.requestedAs === request) return false;
  }
}
