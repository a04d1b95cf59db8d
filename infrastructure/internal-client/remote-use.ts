import { z } from 'zod';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { InternalClient } from './internal-client.ts';

const use = z.object({
  count: z.number(),
  busy: z.boolean(),
  transactions: z.number(),
  connections: z.number(),
});
const answer = z.object({ projects: z.record(z.string(), use).nullable() });

/** How projects are used, as the manager sees it. @returns undefined: it cannot see it */
export async function remoteUse(
  manager: InternalClient,
): Promise<ReadonlyMap<ProjectId, z.output<typeof use>> | undefined> {
  const { projects } = await manager.ask('GET', '/use', answer);
  if (!projects) return undefined;
  return new Map(Object.entries(projects).flatMap(([id, used]) => (isProjectId(id) ? [[id, used]] : [])));
}
