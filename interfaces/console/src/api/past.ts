/** A project as it was, and when it changed. */
import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';

export type ProjectState = Answer<'/api/projects/{id}/state', 'get', 200>;
export type Moments = Answer<'/api/projects/{id}/moments', 'get', 200>;

/** now moves on */
const ASK_EVERY_MS = 5_000;
/** how many moments a list has at most */
export const MOST_MOMENTS = 500;

/** What is past stays as it was. @param at undefined: now */
export const stateQuery = (id: string, at: string | undefined) =>
  queryOptions({
    queryKey: ['past', id, at ?? 'now'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/state', { params: { path: { id }, query: { at } }, signal })),
    ...(at === undefined ? { refetchInterval: ASK_EVERY_MS } : { staleTime: Infinity }),
  });

/** Of time, RFC 3339; the second exclusive. */
export interface Bounds {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** @param known the newest moment that is: without an end, what comes after it makes another list */
export const momentsQuery = (id: string, { since, until }: Bounds, known: string | undefined) =>
  queryOptions({
    queryKey: ['past', id, 'moments', since, until ?? known],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/projects/{id}/moments', {
          params: { path: { id }, query: { since, until, most: MOST_MOMENTS } },
          signal,
        }),
      ),
    staleTime: Infinity,
  });

/** Whether there is anything new: a question that costs little. @param since of what is known */
export const newsQuery = (id: string, since: string | undefined) =>
  queryOptions({
    queryKey: ['past', id, 'news', since],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/projects/{id}/moments', {
          params: { path: { id }, query: { since, most: 1 } },
          signal,
        }),
      ),
    refetchInterval: ASK_EVERY_MS,
  });
