/**
 * The manager: the only role that starts and ends REST APIs and writes the pooler's files. It is told a project's
 * id and takes everything else from the log, so that no caller can choose a database, a path or a password.
 */
import { z } from 'zod';
import { loadProject } from '../../application/project/load-project.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { dataApiOf, poolOf, type World } from '../../application/process-managers/world.ts';
import type { ProjectReconciler, Standing } from '../../application/reconcilers/keep-projects-reachable.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';

export interface ManagerDependencies {
  readonly store: EventStore;
  readonly world: Pick<World, 'pools' | 'dataApis' | 'secrets'>;
  /** projects of which something shall stand */
  readonly desired: () => Promise<readonly Standing[]>;
  readonly reconciler: ProjectReconciler;
}

const WITHIN_MS = 30_000;
const common = { auth: 'internal', tags: ['manager'], limits: { timeMs: WITHIN_MS } } as const;
const projectParam = z.object({
  projectId: z
    .string()
    .refine(isProjectId, 'not a project id')
    .transform((text) => text as ProjectId),
});
const standing = z.object({ project_id: z.string(), state: z.string() });

export const managerEndpoints = (dependencies: ManagerDependencies): Endpoint[] => [
  spawn(dependencies),
  restart(dependencies),
  remove(dependencies),
  list(dependencies),
  pools(dependencies),
  reconcile(dependencies),
];

const spawn = ({ store, world }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/spawn',
    summary: 'Pool entry and REST API of a project, ready when this answers',
    description: '201 when it was started, 200 when it already ran as wanted.',
    params: projectParam,
    responses: { 200: standing, 201: standing },
    handler: async ({ params }) => {
      const project = await wanted(store, params.projectId);
      const api = dataApiOf(world.secrets, project);
      const before = await world.dataApis.state(api);
      await world.pools.register(poolOf(world.secrets, project));
      await world.dataApis.ensure(api);
      const body = { project_id: project.id, state: 'as-wanted' };
      return before === 'as-wanted' ? { status: 200, body } : { status: 201, body };
    },
  });

const restart = ({ store, world }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/restart',
    summary: 'The REST API takes its configuration and the schema up; no request is dropped',
    params: projectParam,
    responses: { 200: standing },
    handler: async ({ params }) => {
      const project = await wanted(store, params.projectId);
      await world.dataApis.ensure(dataApiOf(world.secrets, project));
      await world.dataApis.reloadSchema(project.id);
      return { status: 200, body: { project_id: project.id, state: 'as-wanted' } };
    },
  });

const remove = ({ world }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    method: 'delete',
    path: '/internal/postgrest/:projectId',
    summary: 'Ends the REST API and takes the pool entry away; also when one of them is gone already',
    params: projectParam,
    responses: { 200: standing },
    handler: async ({ params: { projectId } }) => {
      await world.dataApis.remove(projectId);
      await world.pools.unregister(projectId);
      return { status: 200, body: { project_id: projectId, state: 'absent' } };
    },
  });

const list = ({ world, desired }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    method: 'get',
    path: '/internal/postgrest',
    summary: 'REST APIs: what shall run and what runs',
    responses: { 200: z.object({ data_apis: z.array(standing.extend({ wanted: z.boolean() })) }) },
    handler: async () => {
      const rows = await desired();
      const known = new Set(rows.map(({ projectId }) => projectId));
      const shown = await Promise.all(
        rows.map(async ({ projectId: id, postgrest, ...row }) => ({
          project_id: id,
          wanted: postgrest,
          state: await world.dataApis.state(dataApiOf(world.secrets, { id, ...row })),
        })),
      );
      const strays = (await world.dataApis.list()).filter((id) => !known.has(id));
      const unknown = strays.map((id) => ({ project_id: id, wanted: false, state: 'running' }));
      return { status: 200, body: { data_apis: [...shown, ...unknown] } };
    },
  });

const pools = ({ world, desired }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    method: 'get',
    path: '/internal/pools',
    summary: 'Pool entries: what shall be served and what is',
    responses: {
      200: z.object({ enabled: z.boolean(), wanted: z.array(z.string()), served: z.array(z.string()) }),
    },
    handler: async () => {
      const rows = (await desired()).filter(({ pool }) => pool).map(({ projectId }) => projectId);
      const served = world.pools.enabled ? await world.pools.list() : [];
      return { status: 200, body: { enabled: world.pools.enabled, wanted: rows, served: [...served] } };
    },
  });

const reconcile = ({ reconciler }: ManagerDependencies): Endpoint =>
  endpoint({
    ...common,
    limits: { timeMs: 300_000 },
    method: 'post',
    path: '/internal/reconcile',
    summary: 'Compares everything with the log now and repairs what differs',
    responses: { 200: z.object({ checked: z.array(z.string()) }) },
    handler: async () => ({ status: 200, body: { checked: [...(await reconciler.look())] } }),
  });

/** @throws {Rejection} nothing of the project shall run now */
async function wanted(store: EventStore, id: ProjectId): Promise<ExistingProject> {
  const project = (await loadProject(store, id))?.project;
  if (!project || project.status === 'purged')
    throw new Rejection('project/not-found', 'There is no such project.');
  const comesUp = ['provisioning', 'resuming'].includes(project.status);
  if (!comesUp && !project.resources.postgrest) {
    throw new Rejection(
      'project/not-active',
      `The project is ${project.status}: its REST API shall not run.`,
    );
  }
  return project;
}
