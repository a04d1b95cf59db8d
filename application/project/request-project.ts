/**
 * `POST /api/projects`: if there is room, reserves the name, then appends `ProjectRequested`. From there the process manager
 * takes over. With an idempotency key the project's id follows from the key, so a repeated request meets the
 * project that the first one made.
 */
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import { projectNameDecider, projectNameStream } from '../../domain/project/project-name.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle, readOrEmpty } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Admissions } from './admissions.ts';
import { loadProject } from './load-project.ts';

export interface RequestProjectDependencies {
  readonly admissions: Pick<Admissions, 'admit'>;
  readonly store: CommandLog;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly secrets: Pick<Secrets, 'issue' | 'seal'>;
  readonly migrations: Pick<Migrations, 'latestVersion'>;
  /** on which server its database shall be; default: the one that there has always been */
  readonly place?: (request: ProjectRequest) => ServerName;
}

export interface ProjectRequest {
  readonly ownerId: string;
  readonly name: string;
  readonly displayName: string;
  readonly idempotencyKey?: string;
}

/** How long a name's holder gets to come with its request before it is taken for dead. */
const REQUEST_WITHIN_MS = 1_000;

/**
 * @returns `repeated`: the idempotency key had made this project before.
 * @throws {Rejection} project/name-taken, idempotency/key-reused, platform/capacity-reached, owner/too-many-projects
 */
export async function requestProject(
  dependencies: RequestProjectDependencies,
  request: ProjectRequest,
  metadata: EventMetadata,
): Promise<{ projectId: ProjectId; repeated: boolean }> {
  const { store, ids, secrets, migrations, place = () => MAIN_SERVER } = dependencies;
  const { ownerId, name, displayName, idempotencyKey } = request;
  const projectId =
    idempotencyKey === undefined ? ids.projectId() : ids.projectIdFor(ownerId, idempotencyKey);
  if (idempotencyKey !== undefined && (await wasRequested(store, projectId, request))) {
    return { projectId, repeated: true };
  }
  // before its turn, so that nothing slow lies within it
  const sealed = secrets.seal(projectId, await secrets.issue());
  const command = {
    kind: 'RequestProject',
    projectId,
    ownerId,
    name,
    displayName,
    templateVersion: migrations.latestVersion,
    server: place(request),
    secrets: sealed,
    dataApi: DEFAULT_DATA_API_SETTINGS,
  } as const;
  return dependencies.admissions.admit(
    async () =>
      idempotencyKey !== undefined && (await wasRequested(store, projectId, request))
        ? undefined
        : command.server,
    async () => {
      await reserveName(dependencies, request, projectId, metadata);
      try {
        await handle({ store, ids }, projectDecider, projectStream(projectId), command, metadata);
        return { projectId, repeated: false };
      } catch (error) {
        // the same key at the same moment: the other request has made the project
        const twin = error instanceof Rejection && error.code === 'project/already-exists';
        if (!twin || !(await wasRequested(store, projectId, request))) throw error;
        return { projectId, repeated: true };
      }
    },
    ownerId,
  );
}

async function wasRequested(
  store: CommandLog,
  projectId: ProjectId,
  request: ProjectRequest,
): Promise<boolean> {
  const first = await loadProject(store, projectId, { revision: 0 });
  if (!first) return false;
  const { name, displayName } = first.project;
  if (name !== request.name || displayName !== request.displayName) {
    throw new Rejection('idempotency/key-reused', 'This Idempotency-Key was used for another request.');
  }
  return true;
}

async function reserveName(
  dependencies: RequestProjectDependencies,
  request: ProjectRequest,
  projectId: ProjectId,
  metadata: EventMetadata,
): Promise<void> {
  const stream = projectNameStream(request.ownerId, request.name);
  const reserve = (stale?: ProjectId) =>
    handle(
      dependencies,
      projectNameDecider,
      stream,
      { kind: 'ReserveName', projectId, ...(stale && { stale }) },
      metadata,
    );
  try {
    await reserve();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const stale = await abandonedHolder(dependencies, request, metadata);
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
  dependencies: RequestProjectDependencies,
  { ownerId, name }: ProjectRequest,
  metadata: EventMetadata,
): Promise<ProjectId | undefined> {
  const { store, clock } = dependencies;
  const last = (await readOrEmpty(store, projectNameStream(ownerId, name))).at(-1);
  if (!last) return undefined;
  const { projectId } = last.data as { projectId: ProjectId };
  const age = clock.now().getTime() - last.recordedAt.getTime();
  if (age < REQUEST_WITHIN_MS && !(await loadProject(store, projectId, { revision: 0 }))) {
    await clock.sleep(REQUEST_WITHIN_MS - Math.max(0, age));
  }
  const command = { kind: 'AbandonRequest', ownerId, name } as const;
  try {
    await handle(dependencies, projectDecider, projectStream(projectId), command, metadata);
    return projectId;
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}
