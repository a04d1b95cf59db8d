/** The files of the project whose page this is, as they are kept and asked for. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { queryClient } from '../../api/query-client.ts';
import { asService } from '../../api/service-token.ts';
import { useProjectId } from '../../way/project-id.ts';
import { PLACEHOLDER, storageClient, type StorageClient, type StoredFile } from './storage-client.ts';
import { nameOf } from './object-paths.ts';
import { tusSender } from './tus-sender.ts';
import { UnfinishedUploads } from './unfinished-uploads.ts';
import { UploadQueue } from './upload-queue.ts';

export function useFiles() {
  const project = useProjectId();
  return useMemo(() => {
    const client = storageClient((path, init) => asService(project, 'storage', `/storage/v1${path}`, init));
    return { project, client, ...queriesOf(project, client) };
  }, [project]);
}

const THUMBNAIL_PIXELS = 64;

const queriesOf = (project: string, client: StorageClient) => ({
  buckets: queryOptions({ queryKey: ['files', project, 'buckets'], queryFn: () => client.buckets() }),
  folder: (bucket: string, folder: string) =>
    infiniteQueryOptions({
      queryKey: ['files', project, 'folder', bucket, folder],
      queryFn: ({ pageParam }) => client.folder(bucket, folder, pageParam),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next }) => next,
    }),
  thumbnail: (bucket: string, { path, changedAt }: StoredFile) =>
    queryOptions({
      queryKey: ['thumbnail', project, bucket, path, changedAt],
      queryFn: () => client.thumbnail(bucket, path, THUMBNAIL_PIXELS),
      staleTime: Infinity,
      retry: false,
    }),
  bytes: (bucket: string, { path, changedAt }: StoredFile) =>
    queryOptions({
      queryKey: ['bytes', project, bucket, path, changedAt],
      queryFn: () => client.bytes(bucket, path),
      // it may be large
      gcTime: 0,
    }),
  /** with the address that others reach the storage at */
  settings: queryOptions({
    queryKey: ['settings', project, 'storage'],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/storage/settings', { params: { path: { id: project } }, signal })),
  }),
});

/** What stands for an empty folder is no file of anybody's. */
export const isShown = ({ path }: StoredFile): boolean => nameOf(path) !== PLACEHOLDER;

interface ProjectUploads {
  readonly queue: UploadQueue;
  readonly unfinished: UnfinishedUploads;
}
const known = new Map<string, ProjectUploads>();

/** Those of each project: they go on while other pages of the console are looked at. */
export function uploadsOf(project: string): ProjectUploads {
  const found = known.get(project);
  if (found) return found;
  const unfinished = new UnfinishedUploads(localStorage, project);
  const queue = new UploadQueue(
    tusSender(project, unfinished),
    () => void queryClient.invalidateQueries({ queryKey: ['files', project] }),
  );
  const made = { queue, unfinished };
  known.set(project, made);
  return made;
}
