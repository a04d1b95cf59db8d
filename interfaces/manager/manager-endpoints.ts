/**
 * The manager: the only role that starts and ends REST APIs and writes the pooler's files. It is told a project's
 * id and takes everything else from the log, so that no caller can choose a database, a path or a password.
 */
import { z } from 'zod';
import type { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { Room } from '../../application/operator/room-for-projects.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint } from '../http/internal-endpoints.ts';
import { dataApiEndpoints } from './data-api-endpoints.ts';
import { common, type DataPlane } from './data-plane.ts';
import { poolEndpoints } from './pool-endpoints.ts';

export interface ManagerDependencies extends DataPlane {
  readonly reconciler: ProjectReconciler;
  /** how many projects are in service, and what there is room for */
  readonly room: () => Promise<Room>;
}

export const managerEndpoints = (dependencies: ManagerDependencies): Endpoint[] => [
  ...dataApiEndpoints(dependencies),
  ...poolEndpoints(dependencies),
  reconcile(dependencies),
  capacity(dependencies),
];

const reconcile = ({ reconciler }: ManagerDependencies): Endpoint =>
  internalEndpoint({
    ...common,
    timeMs: 300_000,
    method: 'post',
    path: '/internal/reconcile',
    summary: 'Compares everything with the log now and repairs what differs',
    responses: { 200: z.object({ checked: z.array(z.string()) }) },
    handler: async () => ({ status: 200, body: { checked: [...(await reconciler.look())] } }),
  });

const capacity = ({ room }: ManagerDependencies): Endpoint =>
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/capacity',
    summary: 'How many projects are in service on each server, and what there is room for',
    responses: {
      200: z.object({
        servers: z.array(
          z.object({
            server: z.string(),
            used: z.int(),
            limit: z.int(),
            max: z.int(),
            reserved: z.int(),
            perProject: z.int(),
          }),
        ),
        away: z.array(z.string()),
      }),
    },
    handler: async () => {
      const { servers, away } = await room();
      return { status: 200, body: { servers: servers.map((one) => ({ ...one })), away: [...away] } };
    },
  });
