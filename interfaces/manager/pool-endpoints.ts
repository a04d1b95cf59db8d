import { z } from 'zod';
import { poolOf } from '../../application/desired/desired-project.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint, told } from '../http/internal-endpoints.ts';
import { common, projectParam, wantedProject, type DataPlane } from './data-plane.ts';

const entry = z.object({ project_id: z.string() });

export const poolEndpoints = (plane: DataPlane): Endpoint[] => [
  list(plane),
  usage(plane),
  register(plane),
  unregister(plane),
];

const list = ({ world, desired }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/pools',
    summary: 'Pool entries: what shall be served and what is',
    responses: {
      200: z.object({ enabled: z.boolean(), wanted: z.array(z.string()), served: z.array(z.string()) }),
    },
    handler: async () => {
      const wanted = (await desired()).filter(({ pool }) => pool).map(({ projectId }) => projectId);
      const served = world.pools.enabled ? await told(world.pools.list()) : [];
      return { status: 200, body: { enabled: world.pools.enabled, wanted, served: [...served] } };
    },
  });

const usage = ({ world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/pools/usage',
    summary: "What goes on in each project's pools",
    responses: {
      200: z.object({
        pools: z.array(
          z.object({
            project_id: z.string(),
            clients: z.object({ active: z.int(), waiting: z.int() }),
            servers: z.object({ active: z.int(), idle: z.int() }),
            max_wait_ms: z.number(),
            transactions: z.number(),
          }),
        ),
      }),
    },
    handler: async () => {
      const pools = await told(world.pools.usage());
      const body = pools.map(({ project, maxWaitMs, clients, servers, transactions }) => ({
        project_id: project,
        clients: { ...clients },
        servers: { ...servers },
        max_wait_ms: maxWaitMs,
        transactions,
      }));
      return { status: 200, body: { pools: body } };
    },
  });

const register = ({ store, world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'put',
    path: '/internal/pools/:projectId',
    summary: 'Pool entry of a project, served with the logins that it has now when this answers',
    params: projectParam,
    responses: { 200: entry },
    handler: async ({ params, signal }) => {
      const project = await wantedProject(store, params.projectId, 'pool');
      await told(world.pools.register(poolOf(world, project), signal));
      return { status: 200, body: { project_id: project.id } };
    },
  });

const unregister = ({ world }: DataPlane): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'delete',
    path: '/internal/pools/:projectId',
    summary: 'Takes the pool entry away and ends its connections; also when it is gone already',
    params: projectParam,
    responses: { 200: entry },
    handler: async ({ params: { projectId }, signal }) => {
      await told(world.pools.unregister(projectId, signal));
      return { status: 200, body: { project_id: projectId } };
    },
  });
