/** What a command would do, before it is sent. */
import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Project } from './api.ts';
import type { paths } from './openapi-types.ts';

export type CommandPlan = Extract<
  paths['/api/projects/{id}/pause']['post']['responses'][200]['content']['application/json'],
  { steps: unknown }
>;

export type PlannedCommand = 'pause' | 'resume' | 'undelete' | 'upgrade' | 'delete' | 'purge';

/** It holds for the moment: whoever opens a dialog asks again. */
const NOW = { staleTime: 0, gcTime: 0 } as const;

export const planQuery = (id: string, command: PlannedCommand) =>
  queryOptions({
    ...NOW,
    queryKey: ['plan', id, command],
    queryFn: async ({ signal }) => (await ask(id, command, signal)) as CommandPlan,
  });

/** Of a project that is not there yet. */
export const creationPlanQuery = (name: string, shown: string) =>
  queryOptions({
    ...NOW,
    queryKey: ['plan', 'new', name, shown],
    queryFn: async ({ signal }) =>
      (await dataOf(
        api.POST('/api/projects', {
          params: { query: { plan: 'true' } },
          body: { name, display_name: shown },
          signal,
        }),
      )) as CommandPlan,
  });

function ask(id: string, command: PlannedCommand, signal: AbortSignal): Promise<CommandPlan | Project> {
  const params = { path: { id }, query: { plan: 'true' } } as const;
  switch (command) {
    case 'pause':
      return dataOf(api.POST('/api/projects/{id}/pause', { params, signal }));
    case 'resume':
      return dataOf(api.POST('/api/projects/{id}/resume', { params, signal }));
    case 'undelete':
      return dataOf(api.POST('/api/projects/{id}/undelete', { params, signal }));
    case 'upgrade':
      return dataOf(api.POST('/api/projects/{id}/upgrade', { params, signal }));
    case 'delete':
    case 'purge': {
      const query = { plan: 'true', purge: command === 'purge' ? 'true' : 'false' } as const;
      return dataOf(api.DELETE('/api/projects/{id}', { params: { path: { id }, query }, signal }));
    }
  }
}
