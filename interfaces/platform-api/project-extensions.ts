import { z } from 'zod';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { TenantConnections } from '../../application/ports/tenant-connections.ts';
import { listExtensions } from '../../application/project/list-extensions.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { idParam } from './project-view.ts';

export interface ProjectExtensionsDependencies {
  readonly store: EventStore;
  readonly connections: TenantConnections;
  /** what the platform's configuration lets owners install */
  readonly allowedExtensions: (server: ServerName) => Promise<readonly string[]>;
}

const extension = z.object({
  name: z.string(),
  comment: z.string().nullable(),
  version: z.string().describe('What CREATE EXTENSION would install.'),
  allowed: z.boolean().describe('false: an operator installed it.'),
  installed: z.object({ version: z.string(), schema: z.string() }).nullable(),
});

export const projectExtensionsEndpoints = (dependencies: ProjectExtensionsDependencies): Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/api/projects/:id/extensions',
    summary: 'The extensions that a project has or may have',
    description:
      'Install one by CREATE EXTENSION, as the owner, by whatever connection; it goes into the schema "extensions", which is in the search path.',
    tags: ['access'],
    auth: 'owner',
    params: idParam,
    responses: { 200: z.object({ extensions: z.array(extension) }) },
    handler: async ({ owner, params, signal }) => {
      const { store, connections, allowedExtensions } = dependencies;
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      requireServed(project);
      const allowed = await allowedExtensions(project.server);
      const extensions = await listExtensions(connections, project.id, allowed, signal);
      return { status: 200, body: { extensions: [...extensions] } };
    },
  }),
];
