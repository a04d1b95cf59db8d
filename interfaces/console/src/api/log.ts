/** The audit trail, of a project or of all that an owner has. */
import { infiniteQueryOptions, queryOptions, type InfiniteData } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';

export type AuditPage = Answer<'/api/audit', 'get', 200>;
export type AuditEntry = AuditPage['entries'][number];
export type OpenedEntry = Answer<'/api/audit/entries/{position}', 'get', 200>;
export type LogVerdict = Answer<'/api/audit/verify', 'get', 200>;

export interface AuditQuery {
  readonly type?: string;
  readonly actor?: string;
  readonly correlation_id?: string;
  readonly since?: string;
  readonly until?: string;
}

const PER_PAGE = 100;

/** Newest first. @param project undefined: the account and all of its projects */
export function readLog(
  project: string | undefined,
  query: AuditQuery & {
    readonly limit?: number;
    readonly cursor?: string | undefined;
    readonly after?: string;
  },
  signal?: AbortSignal,
): Promise<AuditPage> {
  const more = signal ? { signal } : {};
  if (project === undefined) return dataOf(api.GET('/api/audit', { params: { query }, ...more }));
  const params = { path: { id: project }, query };
  return dataOf(api.GET('/api/projects/{id}/audit', { params, ...more }));
}

/** What is new is put in by whoever follows it, so nothing is read twice. */
export const logQuery = (project: string | undefined, query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ['log', project ?? 'account', query],
    queryFn: ({ pageParam: cursor, signal }) =>
      readLog(project, { ...query, limit: PER_PAGE, cursor }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }: AuditPage) => next ?? undefined,
    staleTime: Infinity,
  });

export type LogPages = InfiniteData<AuditPage, string | undefined>;

export const openedEntryQuery = (position: string) =>
  queryOptions({
    queryKey: ['log-entry', position],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/audit/entries/{position}', { params: { path: { position } }, signal })),
  });

/** Reads every event of the platform: it may take minutes. */
export const verifyLog = (signal?: AbortSignal): Promise<LogVerdict> =>
  dataOf(api.GET('/api/audit/verify', signal ? { signal } : {}));

/** Where the filtered log is to be had as a file: the browser's cookie speaks for who asks. */
export function exportPath(project: string | undefined, query: AuditQuery, format: 'csv' | 'ndjson'): string {
  const path = project === undefined ? '/api/audit' : `/api/projects/${project}/audit`;
  return `${path}?${new URLSearchParams({ ...query, format }).toString()}`;
}
