import { z } from 'zod';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import {
  rangeBegins,
  USAGE_RANGES,
  usageOverTime,
  type UsageRange,
} from '../../application/project/usage-over-time.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { beginOf, type ProjectUsage } from '../../application/ports/project-usage.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectUsageDependencies {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly usage: Pick<ProjectUsage, 'samplesOf'>;
}

const RANGES = Object.keys(USAGE_RANGES) as UsageRange[];

/** How a project was used, for charts. */
export const projectUsageEndpoints = ({ store, clock, usage }: ProjectUsageDependencies): Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/api/projects/:id/usage',
    summary: 'How much a project was used, over time',
    description:
      'Figures at even distances, oldest first; the last one is of a time that is not over. Kept for 30 days, and those of the last day more closely. None of it is in the log.',
    tags: ['projects'],
    auth: 'owner',
    params: idParam,
    query: z.object({
      range: z
        .enum(RANGES)
        .default('day')
        .describe('hour: minute by minute; day: by 10 minutes; month: 30 days, by 3 hours.'),
    }),
    responses: {
      200: z.object({
        from: z.iso.datetime().describe('When the time of the first figure begins.'),
        step_seconds: z.int().describe('The time that one figure stands for.'),
        requests: z.array(z.number()).describe('That its REST API was sent in that time.'),
        connections: z
          .array(z.int())
          .describe('The most that the pooler was seen to have open to its database.'),
        database_size_bytes: z
          .array(z.number().nullable())
          .describe('As it was last measured by then; null: it was not yet.'),
      }),
    },
    handler: async ({ owner, params: { id }, query: { range } }) => {
      const { createdAt } = (await loadOwnedProject(store, owner.id, id)).project;
      const from = rangeBegins(range, clock.now());
      const { per } = USAGE_RANGES[range];
      // a spare one may have been seen before it was anybody's
      const theirs = beginOf(per, createdAt);
      const seen = await usage.samplesOf(id, per, theirs > from ? theirs : from);
      const { stepMs, requests, connections, sizeBytes } = usageOverTime(range, from, seen);
      return {
        status: 200,
        body: {
          from: from.toISOString(),
          step_seconds: stepMs / 1000,
          requests: [...requests],
          connections: [...connections],
          database_size_bytes: [...sizeBytes],
        },
      };
    },
  }),
];
