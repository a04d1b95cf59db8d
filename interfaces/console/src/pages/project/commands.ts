/** What an owner can have done to a project, and when. */
import { useMutation } from '@tanstack/react-query';
import { api, dataOf, type Project } from '../../api/api.ts';
import { planQuery, type PlannedCommand } from '../../api/command-plan.ts';
import { projectQuery, projectsQuery } from '../../api/projects.ts';
import { queryClient } from '../../api/query-client.ts';
import { toast } from '../../components/toast.ts';
import { why } from '../../texts/en/plan.ts';

export type Command = PlannedCommand;

const POSSIBLE: Readonly<Record<Command, readonly Project['status'][]>> = {
  pause: ['active', 'sleeping'],
  resume: ['paused'],
  undelete: ['deleted'],
  upgrade: ['active', 'sleeping'],
  delete: ['active', 'sleeping', 'paused', 'failed'],
  purge: ['active', 'sleeping', 'paused', 'failed', 'deleted'],
};

export const isPossible = (command: Command, { status }: Project): boolean =>
  POSSIBLE[command].includes(status);

/** The answer does not wait for the end: what goes on is watched. */
export function useCommand({ id, name }: Project, command: Command) {
  return useMutation({
    mutationFn: () => send(id, name, command),
    onSuccess: (project) => {
      queryClient.setQueryData(projectQuery(id).queryKey, project);
      void queryClient.invalidateQueries({ queryKey: projectsQuery.queryKey });
      void queryClient.invalidateQueries({ queryKey: ['project', id] });
      void queryClient.invalidateQueries({ queryKey: planQuery(id, 'upgrade').queryKey });
    },
  });
}

/** The next try of a step, now. */
export function useRetry(id: string) {
  return useMutation({
    mutationFn: () => dataOf(api.POST('/api/projects/{id}/retry', { params: { path: { id } } })),
    onSuccess: (project) => {
      queryClient.setQueryData(projectQuery(id).queryKey, project);
      void queryClient.invalidateQueries({ queryKey: ['project', id] });
    },
    onError: (error) => toast.failed(why.retryFailed, error),
  });
}

/** A plan is not asked for here, so what is answered is the project. */
const send = async (id: string, name: string, command: Command): Promise<Project> =>
  (await answerTo(id, name, command)) as Project;

function answerTo(id: string, name: string, command: Command): Promise<unknown> {
  const path = { id };
  const now = { params: { path, header: { prefer: 'wait=0' } } };
  switch (command) {
    case 'pause':
      return dataOf(api.POST('/api/projects/{id}/pause', now));
    case 'resume':
      return dataOf(api.POST('/api/projects/{id}/resume', now));
    case 'undelete':
      return dataOf(api.POST('/api/projects/{id}/undelete', now));
    case 'upgrade':
      return dataOf(api.POST('/api/projects/{id}/upgrade', now));
    case 'delete':
      return dataOf(api.DELETE('/api/projects/{id}', { params: { path } }));
    case 'purge':
      return dataOf(
        api.DELETE('/api/projects/{id}', { params: { path, query: { purge: 'true' } }, body: { name } }),
      );
  }
}
