/** A project as it was, and when it changed. */
import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';

export type ProjectState = Answer<'/api/projects/{id}/state', 'get', 200>;
export type Moments = Answer<'/api/projects/{id}/moments', 'get', 200>;

/** What is past stays as it was. @param at undefined: now */
export const stateQuery = (id: string, at: string | undefined) =>
  queryOptions({
    queryKey: ['project', id, 'state', at ?? 'now'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/state', { params: { path: { id }, query: { at } }, signal })),
    ...(at !== undefined && { staleTime: Infinity }),
  });

export const momentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['project', id, 'moments'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/moments', { params: { path: { id } }, signal })),
  });
