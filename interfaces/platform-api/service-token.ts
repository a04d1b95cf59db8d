import { z } from 'zod';
import type { RecentAccesses } from '../../application/project/recent-accesses.ts';
import { recordAccess } from '../../application/project/record-access.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Ids } from '../../application/ports/ids.ts';
import { SERVICE_TOKEN_SECONDS, type Secrets } from '../../application/ports/secrets.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ServiceTokenDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly recent: RecentAccesses;
}

/** With it the console speaks to a project's own services, and keeps no key of the project. */
export const serviceTokenEndpoints = (dependencies: ServiceTokenDependencies): Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/api/projects/:id/service-token',
    summary: "A token for a project's users and files, for 10 minutes",
    description:
      'The same as service_role_key, which no policy holds back, as `apikey` and in `Authorization`; but it expires. The trail tells who had one, and what for.',
    tags: ['access'],
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    body: z.strictObject({ for: z.enum(['auth', 'storage']) }),
    responses: { 200: z.object({ token: z.string(), expires_in: z.int().describe('Seconds.') }) },
    handler: async ({ owner, params, body, context }) => {
      const { store, clock, secrets, recent } = dependencies;
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      requireServed(project);
      recent.requireRoom(project.id);
      const data = { projectId: project.id, for: body.for };
      await recordAccess(dependencies, project.id, { type: 'ServiceTokenIssued', data }, context);
      const opened = secrets.open(project.id, project.secrets);
      const token = await secrets.serviceToken(project.id, opened, clock.now());
      return { status: 200, body: { token, expires_in: SERVICE_TOKEN_SECONDS } };
    },
  }),
];
