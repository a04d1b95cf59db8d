/** The storage service of all projects. */
import { findObject } from '../../application/storage/find-object.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { bucketEndpoints } from './bucket-endpoints.ts';
import { downloadEndpoints, objectDownloadEndpoints } from './download-endpoints.ts';
import { objectEndpoints, objectRemovalEndpoints } from './object-endpoints.ts';
import { renderEndpoints } from './render-endpoints.ts';
import { signEndpoints } from './sign-endpoints.ts';
import { storageEndpoint, type StorageEndpoint } from './storage-endpoint.ts';
import { tusEndpoints } from './tus-endpoints.ts';
import { objectUploadEndpoints, uploadEndpoints } from './upload-endpoints.ts';

const aboutEndpoints = (version: string): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'get',
    path: '/status',
    summary: 'The service is there',
    auth: 'open',
    handler: async () => ({ status: 200 }),
  }),
  storageEndpoint({
    method: 'get',
    path: '/version',
    summary: 'Which it is',
    auth: 'open',
    handler: async () => ({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      stream: async (res) => void res.write(version),
    }),
  }),
];

/** Nothing of ours is cached outside but by what answers say themselves, so there is nothing to purge. */
const purgeEndpoint = (deps: StorageDependencies): StorageEndpoint =>
  storageEndpoint({
    method: 'delete',
    path: '/cdn/:bucket{/*key}',
    summary: 'Forgets what is kept of a bucket or an object outside',
    auth: 'needed',
    handler: async ({ project, caller, bucket, key, signal }) => {
      if (caller.role !== 'service_role')
        throw new StorageError('AccessDenied', 'Purging takes the service role');
      if (key !== '') {
        const place = { bucketId: bucket, name: key };
        await findObject(deps, project, { by: 'policies', caller }, 'storage.object.info', place, signal);
      }
      return { status: 200, body: { message: 'success' } };
    },
  });

/** The first that matches answers: those whose paths are any stand last. */
export const storageEndpoints = ({
  version,
  storage,
}: {
  readonly version: string;
  readonly storage: StorageDependencies;
}): readonly StorageEndpoint[] => [
  ...aboutEndpoints(version),
  purgeEndpoint(storage),
  ...[
    bucketEndpoints,
    uploadEndpoints,
    signEndpoints,
    objectEndpoints,
    downloadEndpoints,
    tusEndpoints,
    renderEndpoints,
    objectUploadEndpoints,
    objectDownloadEndpoints,
    objectRemovalEndpoints,
  ].flatMap((endpoints) => endpoints(storage)),
];
