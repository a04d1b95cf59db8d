/** What several pages ask of projects. */
import { queryOptions } from '@tanstack/react-query';
import { PROJECTS_PER_PAGE } from './ahead.ts';
import { api, dataOf, type Project } from './api.ts';

/** far more than one owner has; the list says so when there are more */
const MOST_PAGES = 10;

/** Every project of the owner, newest first. */
export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: async ({ signal }) => {
    const projects: Project[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = { limit: PROJECTS_PER_PAGE, ...(cursor !== undefined && { cursor }) };
      const { projects: more, next_cursor: next } = await dataOf(
        api.GET('/api/projects', { params: { query }, signal }),
      );
      projects.push(...more);
      if (next === null) break;
      cursor = next;
    }
    return projects;
  },
});

/** One project, as it is now. */
export const projectQuery = (id: string) =>
  queryOptions({
    queryKey: ['project', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/projects/{id}', { params: { path: { id } }, signal })),
  });
