/** The platform's API, typed by its document: `dataOf(api.GET('/api/projects'))`. */
import createClient from 'openapi-fetch';
import type { paths } from './openapi-types.ts';
import { send } from './send.ts';

export const api = createClient<paths>({ fetch: send });

/** The body of a success. Everything else has been thrown: see {@link send}. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** The body of an answer, by the document. */
export type Answer<P extends keyof paths, M extends keyof paths[P], S extends number> = paths[P][M] extends {
  responses: Record<S, { content?: { 'application/json': infer Body } }>;
}
  ? Body
  : never;

export type Project = Answer<'/api/projects/{id}', 'get', 200>;
export type ProcessTable = Answer<'/api/processes', 'get', 200>['processes'][number];
export type Connection = Answer<'/api/projects/{id}/connection', 'get', 200>;
export type PersonalToken = Answer<'/api/tokens', 'get', 200>['tokens'][number];
