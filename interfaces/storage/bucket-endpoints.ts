import { z } from 'zod';
import type { BucketListing, NewBucket } from '../../application/ports/storage-directory.ts';
import { emptyBucket } from '../../application/storage/empty-bucket.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { invalidRequest, StorageError } from '../../application/storage/storage-error.ts';
import { isBucketName } from '../../domain/storage/bucket-name.ts';
import { byteSize } from '../../domain/storage/byte-size.ts';
import { isMediaRange } from '../../domain/storage/media-type.ts';
import { bucketJson } from './object-json.ts';
import { storageEndpoint, type StorageEndpoint } from './storage-endpoint.ts';

const rules = z.looseObject({
  public: z.boolean().nullish(),
  file_size_limit: z.union([z.number(), z.string()]).nullish(),
  allowed_mime_types: z.array(z.string()).max(1_000).nullish(),
  type: z.string().nullish(),
  versioning_status: z.string().nullish(),
});
type Rules = z.output<typeof rules>;

const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const listQuery = z.looseObject({
  limit: count,
  offset: count,
  sortColumn: z.enum(['id', 'name', 'created_at', 'updated_at']).optional(),
  sortOrder: z.enum(['asc', 'desc']).optional(),
  search: z.string().optional(),
});

export const bucketEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  createEndpoint(deps),
  ...readEndpoints(deps),
  ...changeEndpoints(deps),
];

const createEndpoint = ({ directory }: StorageDependencies) =>
  storageEndpoint({
    method: 'post',
    path: '/bucket',
    summary: 'Makes a bucket',
    auth: 'needed',
    body: rules.extend({ id: z.string().nullish(), name: z.string() }),
    handler: async ({ project, caller, ownerId, body }) => {
      const { name } = body;
      const id = body.id ?? name;
      if (!isBucketName(id) || !isBucketName(name)) throw new StorageError('InvalidBucketName');
      const {
        fileSizeLimit = null,
        allowedMimeTypes = null,
        public: isPublic = false,
      } = rulesOf(body, project.limits);
      const bucket: NewBucket = { id, name, ownerId, public: isPublic, fileSizeLimit, allowedMimeTypes };
      await directory.as(project.id, caller, 'storage.bucket.create', ({ buckets }) =>
        buckets.insert(bucket),
      );
      return { status: 200, body: { name: id } };
    },
  });

const readEndpoints = ({ directory }: StorageDependencies): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'get',
    path: '/bucket',
    summary: 'Buckets',
    auth: 'needed',
    query: listQuery,
    handler: async ({ project, caller, query, signal }) => {
      const listing: BucketListing = {
        limit: query.limit,
        offset: query.offset ?? 0,
        column: query.sortColumn ?? 'name',
        order: query.sortOrder ?? 'asc',
        search: query.search ?? '',
      };
      const list = await directory.as(
        project.id,
        caller,
        'storage.bucket.list',
        ({ buckets }) => buckets.list(listing),
        {
          signal,
        },
      );
      return { status: 200, body: list.map(bucketJson) };
    },
  }),
  storageEndpoint({
    method: 'get',
    path: '/bucket/:bucket',
    summary: 'A bucket',
    auth: 'needed',
    handler: async ({ project, caller, bucket, signal }) => {
      const found = await directory.as(
        project.id,
        caller,
        'storage.bucket.get',
        ({ buckets }) => buckets.find(bucket),
        {
          signal,
        },
      );
      if (!found) throw new StorageError('NoSuchBucket');
      return { status: 200, body: bucketJson(found) };
    },
  }),
];

const changeEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'put',
    path: '/bucket/:bucket',
    summary: 'Changes a bucket',
    auth: 'needed',
    body: rules,
    handler: async ({ project, caller, bucket, body }) => {
      const change = rulesOf(body, project.limits);
      if (Object.keys(change).length === 0) throw invalidRequest('There is nothing to change.');
      const isChanged = await deps.directory.as(project.id, caller, 'storage.bucket.update', ({ buckets }) =>
        buckets.update(bucket, change),
      );
      if (!isChanged) throw new StorageError('NoSuchBucket');
      return { status: 200, body: { message: 'Successfully updated' } };
    },
  }),
  storageEndpoint({
    method: 'post',
    path: '/bucket/:bucket/empty',
    summary: 'Deletes whatever is in a bucket',
    auth: 'needed',
    body: z.looseObject({}),
    handler: async ({ project, caller, bucket }) => {
      await emptyBucket(deps, project, caller, bucket);
      const message = 'Empty bucket has been queued. Completion may take up to an hour.';
      return { status: 200, body: { message } };
    },
  }),
  storageEndpoint({
    method: 'delete',
    path: '/bucket/:bucket',
    summary: 'Deletes a bucket, which has to be empty',
    auth: 'needed',
    body: z.looseObject({}),
    handler: async ({ project, caller, bucket }) => {
      const isGone = await deps.directory.as(project.id, caller, 'storage.bucket.delete', ({ buckets }) =>
        buckets.delete(bucket),
      );
      if (!isGone) throw new StorageError('NoSuchBucket');
      return { status: 200, body: { message: 'Successfully deleted' } };
    },
  }),
];

/** What is absent stays as it is; null is no rule. @throws {StorageError} */
function rulesOf(
  body: Rules,
  limits: { readonly fileBytes: number },
): Partial<Omit<NewBucket, 'id' | 'name' | 'ownerId'>> {
  const { file_size_limit: size, allowed_mime_types: types } = body;
  if (body.type && body.type !== 'STANDARD')
    throw invalidRequest(`Buckets of the type ${body.type.slice(0, 20)} are not available.`);
  if (body.versioning_status && body.versioning_status !== 'DISABLED')
    throw invalidRequest('Versioning is not available.');
  return {
    ...(typeof body.public === 'boolean' && { public: body.public }),
    ...(size !== undefined && { fileSizeLimit: size === null ? null : sizeOf(size, limits.fileBytes) }),
    ...(types !== undefined && { allowedMimeTypes: types === null ? null : typesOf(types) }),
  };
}

function sizeOf(given: number | string, most: number): number {
  const bytes = byteSize(given);
  if (bytes === undefined)
    throw invalidRequest('file_size_limit is no size: a number of bytes, or a text such as "20MB".');
  if (bytes > most)
    throw new StorageError('EntityTooLarge', 'The limit of the bucket is over that of the project');
  return bytes;
}

function typesOf(types: readonly string[]): readonly string[] {
  const wrong = types.find((type) => !isMediaRange(type));
  if (wrong !== undefined)
    throw new StorageError('InvalidMimeType', `mime type ${wrong.slice(0, 100)} is not supported`);
  return types;
}
