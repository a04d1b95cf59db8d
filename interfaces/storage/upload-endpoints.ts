import { z } from 'zod';
import { openLink, signUpload } from '../../application/storage/sign-links.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { storeObject, type Uploader } from '../../application/storage/store-object.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import { stream } from '../http/body.ts';
import { isUpsert, readUpload, UPLOAD_HEADERS } from './read-upload.ts';
import { storageEndpoint, type StorageEndpoint } from './storage-endpoint.ts';
import { MOST_UPLOAD_BYTES, MOST_UPLOAD_MS } from './upload-bounds.ts';

const BODY = stream(MOST_UPLOAD_BYTES);

const stored = ({ id, bucketId, name }: StoredObject) => ({
  status: 200,
  body: { Id: id, Key: `${bucketId}/${name}` },
});

export const uploadEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'post',
    path: '/object/upload/sign/:bucket{/*key}',
    summary: 'A link by which somebody may upload',
    auth: 'needed',
    headers: UPLOAD_HEADERS,
    body: z.looseObject({}),
    handler: async ({ project, caller, ownerId, bucket, key, headers, signal }) => {
      const upsert = isUpsert(headers);
      const place = { bucketId: bucket, name: key };
      const token = await signUpload(deps, project, { caller, ownerId }, { ...place, upsert }, signal);
      return { status: 200, body: { url: `/object/upload/sign/${bucket}/${key}?token=${token}`, token } };
    },
  }),
  storageEndpoint({
    method: 'put',
    path: '/object/upload/sign/:bucket{/*key}',
    summary: 'Uploads by a link',
    auth: 'open',
    headers: UPLOAD_HEADERS,
    query: z.looseObject({ token: z.string() }),
    body: BODY,
    timeMs: MOST_UPLOAD_MS,
    handler: async ({ project, caller, bucket, key, headers, query, body, signal }) => {
      const place = { bucketId: bucket, name: key };
      const { owner, upsert } = openLink(deps, project, query.token, 'upload', place);
      const uploader: Uploader = {
        caller,
        operation: 'storage.object.upload_signed',
        ownerId: owner ?? null,
        right: 'link',
      };
      const upload = { ...place, upsert, ...(await readUpload(headers, body)) };
      return stored(await storeObject(deps, project, uploader, upload, signal));
    },
  }),
];

/** Their paths are any, so they come last. */
export const objectUploadEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] =>
  (['post', 'put'] as const).map((method) =>
    storageEndpoint({
      method,
      path: '/object/:bucket{/*key}',
      summary: method === 'post' ? 'Uploads an object' : 'Uploads an object in place of what is there',
      auth: 'needed',
      headers: UPLOAD_HEADERS,
      body: BODY,
      timeMs: MOST_UPLOAD_MS,
      handler: async ({ project, caller, ownerId, bucket, key, headers, body, signal }) => {
        const upsert = method === 'put' || isUpsert(headers);
        const operation = method === 'put' ? 'storage.object.upload_update' : 'storage.object.upload';
        const upload = { bucketId: bucket, name: key, upsert, ...(await readUpload(headers, body)) };
        return stored(
          await storeObject(deps, project, { caller, ownerId, operation, right: 'policies' }, upload, signal),
        );
      },
    }),
  );
