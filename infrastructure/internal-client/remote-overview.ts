/** What the manager knows of room, pools and REST APIs, for whoever looks from another process or beside it. */
import { z } from 'zod';
import { projectId } from '../../domain/project/project-id.ts';
import type { InternalClient } from './internal-client.ts';

const entries = z.object({ enabled: z.boolean(), wanted: z.array(z.string()), served: z.array(z.string()) });
const usage = z.object({
  pools: z.array(
    z.object({
      project_id: z.string(),
      clients: z.object({ active: z.int(), waiting: z.int() }),
      servers: z.object({ active: z.int(), idle: z.int() }),
      max_wait_ms: z.number(),
      transactions: z.number(),
    }),
  ),
});
const dataApis = z.object({
  data_apis: z.array(z.object({ project_id: z.string(), wanted: z.boolean(), state: z.string() })),
});

const room = z.object({
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
});

/** Each throws {@link Unavailable} when the manager does not answer. */
export const remoteOverview = (manager: Pick<InternalClient, 'ask'>) => ({
  room: () => manager.ask('GET', '/capacity', room),
  async pools() {
    const { enabled, wanted, served } = await manager.ask('GET', '/pools', entries);
    const { pools } = enabled ? await manager.ask('GET', '/pools/usage', usage) : { pools: [] };
    const isServed = new Set(served);
    return {
      enabled,
      missing: enabled ? wanted.filter((id) => !isServed.has(id)) : [],
      usage: pools.map(({ project_id, max_wait_ms: maxWaitMs, ...pool }) => ({
        project: projectId(project_id),
        maxWaitMs,
        ...pool,
      })),
    };
  },
  async dataApis() {
    const { data_apis: all } = await manager.ask('GET', '/postgrest', dataApis);
    return all.map(({ project_id, ...api }) => ({ projectId: project_id, ...api }));
  },
});
