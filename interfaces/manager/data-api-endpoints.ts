import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { dataApiOf, poolOf } from '../../application/desired/desired-project.ts';
import { isProjectId } from '../../domain/project/project-id.ts';
import { json } from '../http/body.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint, told } from '../http/internal-endpoints.ts';
import { common, projectParam, wantedProject, type DataPlane } from './data-plane.ts';
import { endpointTable } from './remote-gateways.ts';

const LOOK_EVERY_MS = 50;
/** and by then gateways are to tell again how they use projects */
const NEWS_WITHIN_MS = 1_000;
/** what gateways tell of each project is 60 bytes long */
const USE_BYTES = 1024 * 1024;

const standing = z.object({ project_id: z.string(), state: z.string() });
const address = z.object({ host: z.string(), port: z.int() });
const spawned = standing.extend({ endpoint: address.nullable() });

export const dataApiEndpoints = (plane: DataPlane): Endpoint[] => [
  list(plane),
  // before the routes of one project: it would be read as an id
  endpoints(plane),
  spawn(plane),
  restart(plane),
  probe(plane),
  retire(plane),
  wake(plane),
  use(plane),
  remove(plane),
];

const list = ({ world, desired }: DataPlane): Endpoint =>
  internalEndpoint({
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
          state: await world.dataApis.state(dataApiOf(world, { id, ...row })),
        })),
      );
      const strays = (await world.dataApis.list()).filter((id) => !known.has(id));
      const unknown = strays.map((id) => ({ project_id: id, wanted: false, state: 'running' }));
      return { status: 200, body: { data_apis: [...shown, ...unknown] } };
    },
  });

const endpoints = ({ world, gateways }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/endpoints',
    summary: 'Where REST APIs are reached, to a gateway that tells what it sends there',
    description: 'Answers as soon as the version is another one than `after`, or after a second.',
    body: json(
      z.object({
        gateway: z.uuid(),
        after: z.string().max(64),
        sent: z.record(z.string(), z.object({ requests: z.int(), under_way: z.int() })),
      }),
      { bytes: USE_BYTES },
    ),
    responses: { 200: z.object({ version: z.string(), endpoints: z.record(z.string(), address) }) },
    handler: async ({ body: { gateway, after, sent }, signal }) => {
      const deadline = performance.now() + NEWS_WITHIN_MS;
      let table = endpointTable(world.dataApis.endpoints());
      const answered = gateways.asks(gateway, after, sentByProject(sent), table);
      while (table.version === after && !signal.aborted && performance.now() < deadline) {
        await sleep(LOOK_EVERY_MS);
        table = endpointTable(world.dataApis.endpoints());
      }
      answered(signal.aborted ? undefined : table);
      return { status: 200, body: table };
    },
  });

const sentByProject = (sent: Readonly<Record<string, { requests: number; under_way: number }>>) =>
  new Map(
    Object.entries(sent).flatMap(([id, { requests, under_way: underWay }]) =>
      isProjectId(id) ? [[id, { requests, underWay }] as const] : [],
    ),
  );

const spawn = ({ store, world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/spawn',
    summary: 'Pool entry and REST API of a project, ready when this answers',
    description: '201 when it was started, 200 when it already ran as wanted.',
    params: projectParam,
    responses: { 200: spawned, 201: spawned },
    handler: async ({ params, signal }) => {
      const project = await wantedProject(store, params.projectId, 'postgrest');
      const api = dataApiOf(world, project);
      const before = await world.dataApis.state(api);
      await told(world.pools.register(poolOf(world, project), signal));
      await told(world.dataApis.ensure(api, signal));
      const at = world.dataApis.endpoint(project.id) ?? null;
      const body = { project_id: project.id, state: 'as-wanted', endpoint: at };
      return before === 'as-wanted' ? { status: 200, body } : { status: 201, body };
    },
  });

const restart = ({ store, world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/restart',
    summary: 'The REST API takes its configuration and the schema up; no request is dropped',
    params: projectParam,
    responses: { 200: standing },
    handler: async ({ params }) => {
      const project = await wantedProject(store, params.projectId, 'postgrest');
      await told(world.dataApis.ensure(dataApiOf(world, project)));
      await told(world.dataApis.reloadSchema(project.id));
      return { status: 200, body: { project_id: project.id, state: 'as-wanted' } };
    },
  });

const probe = ({ world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/postgrest/:projectId/probe',
    summary:
      'Asks the REST API for its root document, through the pooler where there is one; 503 without an answer',
    params: projectParam,
    responses: { 200: standing },
    handler: async ({ params: { projectId }, signal }) => {
      await told(world.dataApis.probe(projectId, signal));
      return { status: 200, body: { project_id: projectId, state: 'answers' } };
    },
  });

const retire = ({ world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/retire',
    summary: 'Ends the REST API without cutting a request off; `retired` is false when one takes long',
    params: projectParam,
    responses: { 200: z.object({ project_id: z.string(), retired: z.boolean() }) },
    handler: async ({ params: { projectId }, signal }) => {
      const retired = await told(world.dataApis.retire(projectId, signal));
      return { status: 200, body: { project_id: projectId, retired } };
    },
  });

const wake = (plane: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/postgrest/:projectId/wake',
    summary: 'Wakes a project that sleeps, and answers when its REST API does; at once for one that is awake',
    params: projectParam,
    responses: { 200: spawned },
    handler: async ({ params: { projectId }, signal }) => {
      await told(plane.wake(projectId, signal));
      const at = plane.world.dataApis.endpoint(projectId) ?? null;
      return { status: 200, body: { project_id: projectId, state: 'as-wanted', endpoint: at } };
    },
  });

const useView = z.object({
  count: z.number(),
  busy: z.boolean(),
  transactions: z.number(),
  connections: z.number(),
});

const use = (plane: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/use',
    summary: 'How projects are used: counts that change with use, and what is under way',
    description: 'null: without a pooler and a gateway nobody can know here.',
    responses: {
      200: z.object({
        projects: z.record(z.string(), useView).nullable(),
      }),
    },
    handler: async () => {
      const used = await told(plane.use());
      return { status: 200, body: { projects: used ? Object.fromEntries(used) : null } };
    },
  });

const remove = ({ world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'delete',
    path: '/internal/postgrest/:projectId',
    summary: 'Ends the REST API and takes the pool entry away; also when one of them is gone already',
    params: projectParam,
    query: z.object({ pool: z.enum(['keep', 'remove']).default('remove') }),
    responses: { 200: standing },
    handler: async ({ params: { projectId }, query: { pool }, signal }) => {
      await told(world.dataApis.remove(projectId, signal));
      if (pool === 'remove') await told(world.pools.unregister(projectId, signal));
      return { status: 200, body: { project_id: projectId, state: 'absent' } };
    },
  });
