import type pg from 'pg';
import { z } from 'zod';
import { changeProject, type ProjectChange } from '../../application/project/change-project.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { PlanDependencies } from '../../application/project/plan-command.ts';
import {
  requestProject,
  type RequestProjectDependencies,
} from '../../application/project/request-project.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { isProjectName } from '../../domain/project/project-id.ts';
import { PROJECT_STATUSES } from '../../domain/project/project-status.ts';
import { listProjects } from '../../projections/project-list/queries.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { etagOf, includesRevision, parseIfNoneMatch, revisionWanted } from '../http/etag.ts';
import { parsePrefer } from '../http/prefer.ts';
import { invalidRequest } from '../http/problems.ts';
import { planQuery, planReply, planView } from './command-plan-view.ts';
import { dataApiChange, requireRoute, requireSchemas, settings } from './project-settings.ts';
import { headersOf, idParam, projectView, settledProject, type ProjectBodies } from './project-view.ts';

export interface ProjectDependencies extends RequestProjectDependencies {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly watch: StreamWatch;
  readonly bodies: ProjectBodies;
  readonly schemas: Pick<SchemaChanges, 'existing'>;
  /** whether REST APIs can reach PostgreSQL other than through the pooler */
  readonly hasDirectRoute: boolean;
  /** of the read models */
  readonly pool: pg.Pool;
  /** what a plan looks at */
  readonly plans: PlanDependencies;
  /** waits, bounded, until the list shows everything up to a position */
  readonly waitForList: (position: bigint) => Promise<void>;
  /** waits a moment until the list shows everything that there is; never rejects */
  readonly untilListIsNew: () => Promise<void>;
}

export const DEFAULT_WAIT_MS = 10_000;
export const CAPACITY =
  '409 platform/capacity-reached, with the numbers (used, limit, max_connections ...), when PostgreSQL has no connections left for one more project in service; 409 owner/too-many-projects when the owner has as many as one may have.';
const tags = ['projects'];
const displayName = z.string().trim().min(1).max(100);
const ifMatch = z.object({ 'if-match': z.string().max(200).optional() });
const created = z.object({
  prefer: z.string().max(200).optional(),
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters')
    .optional(),
});
/** `/api/projects`: create, list, read, change. */
export function projectEndpoints(dependencies: ProjectDependencies): Endpoint[] {
  return [createProject(dependencies), list(dependencies), read(dependencies), patch(dependencies)];
}

const createProject = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects',
    summary: 'Create a project',
    description: `Waits until its REST API answers, up to 10 s; see Prefer. 202 when it takes longer, or when it failed: \`status\` says which. A failed one keeps its name, so do not repeat the request: its progress says why, and deleting it frees the name. ${CAPACITY}`,
    tags,
    auth: 'owner',
    query: planQuery,
    headers: created,
    body: z.object({
      name: z
        .string()
        .refine(isProjectName, '3 to 64 of a-z, 0-9, "-" and "_", beginning with a letter or digit'),
      display_name: displayName.optional(),
    }),
    responses: { 200: planView, 201: projectView, 202: projectView },
    handler: async ({ owner, query, headers, body, context, signal }) => {
      const key = headers['idempotency-key'];
      const request = {
        ownerId: owner.id,
        name: body.name,
        displayName: body.display_name ?? body.name,
        ...(key !== undefined && { idempotencyKey: key }),
      };
      if (query.plan === 'true')
        return planReply(dependencies.plans, (on) =>
          requestProject({ ...dependencies, ...on }, request, context),
        );
      const { projectId } = await requestProject(dependencies, request, context);
      const { waitMs } = parsePrefer(headers.prefer, DEFAULT_WAIT_MS);
      const { project, settled } = await settledProject(dependencies, owner.id, projectId, waitMs, signal);
      const reply = { headers: headersOf(project), body: await dependencies.bodies.of(project) };
      const isServed = settled && project.status !== 'failed';
      return isServed ? { status: 201, ...reply } : { status: 202, ...reply };
    },
  });

const list = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects',
    summary: 'List your projects, newest first',
    description:
      'From a read model, which follows the log: it shows what was there when it was asked, or, when it is more than a quarter of a second behind, what it has; with min_position everything up to that event.',
    tags,
    auth: 'owner',
    query: z.object({
      status: z.enum(PROJECT_STATUSES).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z.string().max(500).optional(),
      min_position: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional(),
    }),
    responses: { 200: z.object({ projects: z.array(projectView), next_cursor: z.string().nullable() }) },
    handler: async ({ owner, query }) => {
      const { store, pool, waitForList, untilListIsNew } = dependencies;
      if (query.min_position === undefined) await untilListIsNew();
      else await waitForList(await wantedPosition(store, query.min_position));
      const page = await listProjects(pool, { ...query, ownerId: owner.id });
      return {
        status: 200,
        body: { projects: await dependencies.bodies.ofAll(page.projects), next_cursor: page.nextCursor },
      };
    },
  });

const read = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id',
    summary: 'Read a project, as it is or as it was',
    tags,
    auth: 'owner',
    params: idParam,
    query: z.object({
      at: z.iso.datetime({ offset: true }).optional(),
      revision: z.coerce.number().int().min(0).max(2_147_483_647).optional(),
      min_position: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .describe('The log is read: always fresh.'),
    }),
    headers: z.object({ 'if-none-match': z.string().max(500).optional() }),
    responses: { 200: projectView, 304: 'Not changed' },
    handler: async ({ owner, params, query, headers }) => {
      if (query.at !== undefined && query.revision !== undefined) {
        throw invalidRequest([{ pointer: '/query/at', detail: 'Give either at or revision.' }]);
      }
      const point = {
        ...(query.at !== undefined && { at: new Date(query.at) }),
        ...(query.revision !== undefined && { revision: query.revision }),
      };
      if (query.min_position !== undefined) await wantedPosition(dependencies.store, query.min_position);
      // who may see a past state is decided by what the project is now
      if (Object.keys(point).length > 0) await loadOwnedProject(dependencies.store, owner.id, params.id);
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id, point);
      const known = parseIfNoneMatch(headers['if-none-match']);
      const etag = { etag: etagOf(project.revision) };
      if (known && includesRevision(known, project.revision)) return { status: 304, headers: etag };
      const { bodies } = dependencies;
      const isPast = Object.keys(point).length > 0;
      return { status: 200, headers: etag, body: isPast ? bodies.ofPast(project) : await bodies.of(project) };
    },
  });

const patch = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'patch',
    path: '/api/projects/:id',
    summary: 'Change the display name or the settings',
    description: 'Settings are merged: what is absent stays, and null is the default again.',
    tags,
    auth: 'owner',
    params: idParam,
    headers: ifMatch,
    body: z
      .strictObject({ display_name: displayName.optional(), settings: settings.optional() })
      .refine(
        (body) => (body.display_name === undefined) !== (body.settings === undefined),
        'one of display_name, settings',
      ),
    responses: { 200: projectView },
    handler: async ({ owner, params, headers, body, context, signal }) => {
      const change: ProjectChange = body.settings
        ? { kind: 'settings', dataApi: dataApiChange(body.settings.data_api) }
        : { kind: 'rename', displayName: body.display_name ?? '' };
      const who = { ownerId: owner.id, projectId: params.id };
      const settle = () => settledProject(dependencies, owner.id, params.id, DEFAULT_WAIT_MS, signal);
      if (change.kind === 'settings') {
        requireRoute(dependencies.hasDirectRoute, change.dataApi.route);
        // a process that the owner has not asked for, such as one that falls asleep, is waited for
        const { project: before } = await settle();
        await requireSchemas(dependencies.schemas, before, change.dataApi.schemas);
      }
      await changeProject(dependencies, who, change, context, revisionWanted(headers['if-match']));
      const { project } = await settle();
      return { status: 200, headers: headersOf(project), body: await dependencies.bodies.of(project) };
    },
  });

/** @throws {RequestProblem} nothing can be waited for that this log has not come to */
async function wantedPosition(store: EventStore, given: string): Promise<bigint> {
  const wanted = BigInt(given);
  if (wanted <= (await store.head())) return wanted;
  const detail = 'The log has not come that far: a position of another installation, or a wrong one.';
  throw invalidRequest([{ pointer: '/query/min_position', detail }]);
}
