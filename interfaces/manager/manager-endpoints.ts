/**
 * The manager: the only role that starts and ends REST APIs and writes the pooler's files. It is told a project's
 * id and takes everything else from the log, so that no caller can choose a database, a path or a password.
 */
import { z } from 'zod';
import type { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint } from '../http/internal-endpoints.ts';
import { dataApiEndpoints } from './data-api-endpoints.ts';
import { common, type DataPlane } from './data-plane.ts';
import { poolEndpoints } from './pool-endpoints.ts';

export interface ManagerDependencies extends DataPlane {
  readonly reconciler: ProjectReconciler;
}

export const managerEndpoints = (dependencies: ManagerDependencies): Endpoint[] => [
  ...dataApiEndpoints(dependencies),
  ...poolEndpoints(dependencies),
  reconcile(dependencies),
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
