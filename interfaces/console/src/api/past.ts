/** A project as it was, and when it changed. */
import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';

export type ProjectState = Answer<'/api/projects/{id}/state', 'get', 200>;
export type Moments = Answer<'/api/projects/{id}/moments', 'get', 200>;

/** now moves on */
const ASK_EVERY_MS = 5_000;

/** What is past stays as it was. @param at undefined: now */
export const stateQuery = (id: string, at: string | undefined) =>
  queryOptions({
    queryKey: ['past', id, at ?? 'now'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/state', { params: { path: { id }, query: { at } }, signal })),
    ...(at === undefined ? { refetchInterval: ASK_EVERY_MS } : { staleTime: Infinity }),
  });

export const momentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['past', id, 'moments'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/moments', { params: { path: { id } }, signal })),
    refetchInterval: ASK_EVERY_MS,
  });
