/** How a project was used, over time. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';

export type UsageOverTime = Answer<'/api/projects/{id}/usage', 'get', 200>;

export const RANGES = ['hour', 'day', 'month'] as const;
export type UsageRange = (typeof RANGES)[number];

/** about as often as there is something new */
const NEWS_MS = 30_000;

export const usageQuery = (id: string, range: UsageRange) =>
  queryOptions({
    queryKey: ['project', id, 'usage', range],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/usage', { params: { path: { id }, query: { range } }, signal })),
    refetchInterval: NEWS_MS,
    // what is shown stays until the other range is there
    placeholderData: keepPreviousData,
  });
