import { useRoute } from 'wouter';

/** Of the project whose pages these are; undefined on those of the account. */
export function useMaybeProjectId(): string | undefined {
  const [, params] = useRoute<{ project: string }>('/projects/:project/*?');
  return params && params.project !== 'new' ? params.project : undefined;
}

/** Of the project whose pages these are. */
export function useProjectId(): string {
  const project = useMaybeProjectId();
  if (project === undefined) throw new TypeError('this is no page of a project');
  return project;
}
