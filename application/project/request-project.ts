/**
 * `POST /api/projects`: reserves the name, and claims a spare project that stands ready; if there is none, and there is
 * room, appends `ProjectRequested`, and the process manager takes over. With an idempotency key the request's id follows
 * from the key: a repeated one meets the project that the first one made, or the spare that it chose.
 */
import { DEFAULT_DATA_API_SETTINGS, type SealedSecrets } from '../../domain/project/events.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Admissions } from './admissions.ts';
import { requestedProject } from './requested-project.ts';
import { reserveName, type NameDependencies } from './reserve-name.ts';
import { claimFound, claimSpare, type Claim, type FoundSpare, type Spares } from './spares.ts';

export interface RequestProjectDependencies extends NameDependencies {
  readonly admissions: Pick<Admissions, 'admit'>;
  readonly secrets: Pick<Secrets, 'issue' | 'seal'>;
  readonly migrations: Pick<Migrations, 'latestVersion'>;
  /** on which server its database shall be; default: the one that there has always been */
  readonly place?: (request: ProjectRequest) => ServerName;
  /** default: there are none */
  readonly spares?: Pick<Spares, 'take' | 'giveBack'> | undefined;
}

export interface ProjectRequest {
  readonly ownerId: string;
  readonly name: string;
  readonly displayName: string;
  readonly idempotencyKey?: string;
}

export interface RequestOutcome {
  readonly projectId: ProjectId;
  /** the idempotency key had made this project before */
  readonly repeated: boolean;
}

/** @throws {Rejection} project/name-taken, idempotency/key-reused, platform/capacity-reached, owner/too-many-projects */
export async function requestProject(
  dependencies: RequestProjectDependencies,
  request: ProjectRequest,
  metadata: EventMetadata,
): Promise<RequestOutcome> {
  const { store, ids, migrations, spares, place = () => MAIN_SERVER } = dependencies;
  const { ownerId, name, displayName, idempotencyKey } = request;
  const id = idempotencyKey === undefined ? ids.projectId() : ids.projectIdFor(ownerId, idempotencyKey);
  const former = idempotencyKey === undefined ? undefined : await formerRequest(store, id, request);
  if (former) return former;
  const { latestVersion: templateVersion } = migrations;
  const asked = { ownerId, name, displayName, templateVersion, server: place(request) };
  const claim: Claim = {
    kind: 'ClaimSpare',
    requestedAs: id,
    ...asked,
    dataApi: DEFAULT_DATA_API_SETTINGS,
  };
  // one that is lost to somebody else means another look: for the next one, or for room
  for (;;) {
    const spare = await spares?.take(store, claim);
    try {
      const outcome = await admitted(dependencies, request, claim, spare, metadata);
      if (outcome) return outcome;
    } finally {
      spares?.giveBack(spare?.id);
    }
  }
}

/** @returns undefined: the spare went to somebody else */
async function admitted(
  dependencies: RequestProjectDependencies,
  request: ProjectRequest,
  claim: Claim,
  spare: FoundSpare | undefined,
  metadata: EventMetadata,
): Promise<RequestOutcome | undefined> {
  const { store, secrets } = dependencies;
  const { requestedAs: id, ownerId, server } = claim;
  // before its turn, so that nothing slow lies within it
  const way = spare ? { spare } : { sealed: secrets.seal(id, await secrets.issue()) };
  const former = () => formerRequest(store, id, request);
  const needs = async () => {
    if (request.idempotencyKey !== undefined && (await former())) return {};
    // the place of a spare is taken already
    return { newOf: ownerId, place: spare ? undefined : server };
  };
  return dependencies.admissions.admit(needs, async () => {
    const holder = spare ? { projectId: spare.id, requestedAs: id } : { projectId: id };
    const reserved = reserveName(dependencies, request, holder, metadata);
    try {
      // a spare may be chosen before the name is there, but not claimed
      if (!spare) await reserved;
      const made = await make(dependencies, claim, way, reserved, metadata);
      return made === 'ours' ? await former() : made && { projectId: made, repeated: false };
    } catch (error) {
      // the same key at the same moment: the other request has made the project
      const twin = error instanceof Rejection && error.code === 'project/already-exists';
      const found = twin ? await former() : undefined;
      if (!found) throw error;
      return found;
    }
  });
}

/**
 * Whatever it chose in an earlier try goes first, unless that is lost.
 * @returns `ours`: an earlier try came through; undefined: the spare went to somebody else
 */
async function make(
  dependencies: RequestProjectDependencies,
  claim: Claim,
  way:
    | { readonly spare: FoundSpare; readonly sealed?: never }
    | { readonly sealed: SealedSecrets; readonly spare?: never },
  reserved: Promise<void>,
  metadata: EventMetadata,
): Promise<ProjectId | 'ours' | undefined> {
  const { kind: _, requestedAs: id, ...asked } = claim;
  const command =
    way.spare === undefined
      ? ({ kind: 'RequestProject', projectId: id, ...asked, secrets: way.sealed } as const)
      : ({ kind: 'ChooseSpare', spare: way.spare.id } as const);
  for (let instead: ProjectId | undefined; ;) {
    const stream = projectStream(id);
    const decided = handle(dependencies, projectDecider, stream, { ...command, instead }, metadata);
    const [{ state, position }] = await Promise.all([decided, reserved]);
    const chosen = position === null && state.kind === 'choosing' ? state.spare : way.spare?.id;
    if (chosen === undefined) return id;
    const isFound = chosen === way.spare?.id;
    const got = isFound
      ? await claimFound(dependencies, way.spare, claim, metadata)
      : await claimSpare(dependencies, chosen, claim, metadata);
    if (got !== 'lost') return got === 'ours' ? got : chosen;
    if (isFound) return undefined;
    instead = chosen;
  }
}

/** @throws {Rejection} idempotency/key-reused */
async function formerRequest(
  store: CommandLog,
  id: ProjectId,
  { name, displayName }: ProjectRequest,
): Promise<RequestOutcome | undefined> {
  const former = await requestedProject(store, id);
  if (!former) return undefined;
  if (name !== former.name || displayName !== former.displayName) {
    throw new Rejection('idempotency/key-reused', 'This Idempotency-Key was used for another request.');
  }
  return { projectId: former.projectId, repeated: true };
}
