/** What an owner can have done to a project, and when. */
import { useMutation } from '@tanstack/react-query';
import { api, type Project } from '../../api/api.ts';
import { projectOf, projectQuery, projectsQuery } from '../../api/projects.ts';
import { queryClient } from '../../api/query-client.ts';

export type Command = 'pause' | 'resume' | 'undelete' | 'delete' | 'purge';

const POSSIBLE: Readonly<Record<Command, readonly Project['status'][]>> = {
  pause: ['active', 'sleeping'],
  resume: ['paused'],
  undelete: ['deleted'],
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
    },
  });
}

async function send(id: string, name: string, command: Command): Promise<Project> {
  const path = { id };
  const now = { params: { path, header: { prefer: 'wait=0' } } };
  switch (command) {
    case 'pause':
      return projectOf(api.POST('/api/projects/{id}/pause', now));
    case 'resume':
      return projectOf(api.POST('/api/projects/{id}/resume', now));
    case 'undelete':
      return projectOf(api.POST('/api/projects/{id}/undelete', now));
    case 'delete':
      return projectOf(api.DELETE('/api/projects/{id}', { params: { path } }));
    case 'purge':
      return projectOf(
        api.DELETE('/api/projects/{id}', { params: { path, query: { purge: 'true' } }, body: { name } }),
      );
  }
}
