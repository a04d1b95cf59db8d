/** The settings of the project whose page this is: each with the tag that says which state of them it is. */
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { projectQuery } from '../../api/projects.ts';
import { useProjectId } from '../../way/project-id.ts';
import type { Settings } from './settings-fields.ts';

const pathOf = (id: string) => ({ path: { id } });

/** A body, and the tag that a change of it has to follow. */
async function tagged<T>(answer: Promise<{ data?: T; response: Response }>) {
  const { data, response } = await answer;
  return { ...(data as T), etag: response.headers.get('etag') ?? '*' };
}

const queriesOf = (project: string) => ({
  project: projectQuery(project),
  auth: queryOptions({
    queryKey: ['settings', project, 'auth'],
    queryFn: ({ signal }) =>
      tagged(api.GET('/api/projects/{id}/auth/settings', { params: pathOf(project), signal })),
  }),
  storage: queryOptions({
    queryKey: ['settings', project, 'storage'],
    queryFn: ({ signal }) =>
      tagged(api.GET('/api/projects/{id}/storage/settings', { params: pathOf(project), signal })),
  }),
  s3Keys: queryOptions({
    queryKey: ['settings', project, 's3-keys'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/storage/s3-keys', { params: pathOf(project), signal })),
  }),
  signingKeys: queryOptions({
    queryKey: ['settings', project, 'signing-keys'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/auth/signing-keys', { params: pathOf(project), signal })),
  }),
  extensions: queryOptions({
    queryKey: ['settings', project, 'extensions'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/extensions', { params: pathOf(project), signal })),
  }),
  mailbox: queryOptions({
    queryKey: ['settings', project, 'mailbox'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/auth/mailbox', { params: pathOf(project), signal })),
  }),
});

type Queries = ReturnType<typeof queriesOf>;
type DataOf<K extends keyof Queries> = Awaited<
  ReturnType<Extract<NonNullable<Queries[K]['queryFn']>, (...given: never[]) => unknown>>
>;
export type AuthSettings = DataOf<'auth'>;
export type StorageSettings = DataOf<'storage'>;
export type S3Key = DataOf<'s3Keys'>['s3_keys'][number];
export type SigningKey = DataOf<'signingKeys'>['signing_keys'][number];
export type Extension = DataOf<'extensions'>['extensions'][number];
export type Mail = DataOf<'mailbox'>['mails'][number];

export function useSettings() {
  const project = useProjectId();
  const client = useQueryClient();
  return useMemo(() => {
    const queries = queriesOf(project);
    /** Whoever has changed them meanwhile is not written over: 412 then, and they are read again. */
    const change = async (which: 'auth' | 'storage', settings: Settings): Promise<void> => {
      const query = queries[which];
      const known = client.getQueryData<{ readonly etag: string }>(query.queryKey);
      const init = {
        params: { ...pathOf(project), header: { 'if-match': known?.etag ?? '*' } },
        body: { settings },
      };
      const path = `/api/projects/{id}/${which}/settings` as const;
      try {
        client.setQueryData(query.queryKey, await tagged(api.PATCH(path, init as never)));
      } catch (error) {
        await client.invalidateQueries({ queryKey: query.queryKey });
        throw error;
      }
    };
    const changeProject = async (
      body: { display_name: string } | { settings: { data_api: Settings } },
    ): Promise<void> => {
      const changed = await dataOf(
        api.PATCH('/api/projects/{id}', { params: pathOf(project), body: body as never }),
      );
      client.setQueryData(queries.project.queryKey, changed);
      await client.invalidateQueries({ queryKey: ['projects'] });
    };
    return { id: project, queries, change, changeProject };
  }, [project, client]);
}
