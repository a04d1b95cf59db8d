/** Lists of objects, and what is done with those that are there. */
import { z } from 'zod';
import type { PagePosition } from '../../application/ports/storage-directory.ts';
import { copyObject } from '../../application/storage/copy-object.ts';
import { moveObject } from '../../application/storage/move-object.ts';
import { removeObjects } from '../../application/storage/remove-objects.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { invalidRequest, StorageError } from '../../application/storage/storage-error.ts';
import { placeOf } from '../../application/storage/store-object.ts';
import { folderJson, objectJson, pageJson } from './object-json.ts';
import {
  givenContentEncoding,
  givenMediaType,
  isUpsert,
  metadataHeader,
  UPLOAD_HEADERS,
} from './read-upload.ts';
import { storageEndpoint, type StorageEndpoint } from './storage-endpoint.ts';

const MOST_LISTED = 10_000;
const MOST_PAGE = 1_000;
const MOST_REMOVED = 1_000;

const order = z.enum(['asc', 'desc']).nullish();
const listBody = z.looseObject({
  prefix: z.string().nullish(),
  limit: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullish(),
  offset: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
  search: z.string().nullish(),
  sortBy: z
    .looseObject({
      column: z.enum(['name', 'created_at', 'updated_at', 'last_accessed_at']).nullish(),
      order,
    })
    .nullish(),
});

const pageBody = z.looseObject({
  prefix: z.string().nullish(),
  cursor: z.string().nullish(),
  limit: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullish(),
  with_delimiter: z.boolean().nullish(),
  sortBy: z.looseObject({ column: z.enum(['name', 'created_at', 'updated_at']).nullish(), order }).nullish(),
});

const fromTo = z.looseObject({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().nullish(),
});
type FromTo = z.output<typeof fromTo>;

const placesOf = ({ bucketId, sourceKey, destinationKey, destinationBucket }: FromTo) => ({
  from: placeOf(bucketId, sourceKey),
  to: placeOf(destinationBucket ?? bucketId, destinationKey),
});

/** A folder is named with or without the slash at its end. */
function folderOf(prefix: string): string {
  const name = prefix.replace(/^\/+/, '');
  return name === '' || name.endsWith('/') ? name : `${name}/`;
}

export const objectEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  listEndpoint(deps),
  pageEndpoint(deps),
  moveEndpoint(deps),
  copyEndpoint(deps),
];

/** Their paths are any, so they come last. */
export const objectRemovalEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'delete',
    path: '/object/:bucket',
    summary: 'Deletes objects',
    auth: 'needed',
    body: z.looseObject({
      prefixes: z.array(z.union([z.string(), z.looseObject({ path: z.string() })])).max(MOST_REMOVED),
    }),
    handler: async ({ project, caller, bucket, body }) => {
      const names = body.prefixes.map((one) => (typeof one === 'string' ? one : one.path));
      const gone = await removeObjects(deps, project, caller, 'storage.object.delete_many', {
        bucketId: bucket,
        names,
      });
      return { status: 200, body: gone.map(objectJson) };
    },
  }),
  storageEndpoint({
    method: 'delete',
    path: '/object/:bucket/*key',
    summary: 'Deletes an object',
    auth: 'needed',
    handler: async ({ project, caller, bucket, key }) => {
      const { bucketId, name } = placeOf(bucket, key);
      const gone = await removeObjects(deps, project, caller, 'storage.object.delete', {
        bucketId,
        names: [name],
      });
      if (gone.length === 0) throw new StorageError('NoSuchKey');
      return { status: 200, body: { message: 'Successfully deleted' } };
    },
  }),
];

const listEndpoint = ({ directory }: StorageDependencies) =>
  storageEndpoint({
    method: 'post',
    path: '/object/list/:bucket',
    summary: 'What is in a folder',
    auth: 'needed',
    body: listBody,
    handler: async ({ project, caller, bucket, body, signal }) => {
      const folder = folderOf(body.prefix ?? '');
      const entries = await directory.as(
        project.id,
        caller,
        'storage.object.list',
        ({ objects }) =>
          objects.folder({
            bucketId: bucket,
            folder,
            search: body.search ?? '',
            limit: Math.min(body.limit ?? 100, MOST_LISTED),
            offset: body.offset ?? 0,
            column: body.sortBy?.column ?? 'name',
            order: body.sortBy?.order ?? 'asc',
          }),
        { signal },
      );
      return { status: 200, body: folderJson(entries, folder) };
    },
  });

const pageEndpoint = ({ directory }: StorageDependencies) =>
  storageEndpoint({
    method: 'post',
    path: '/object/list-v2/:bucket',
    summary: 'What begins with a prefix, page by page',
    auth: 'needed',
    body: pageBody,
    handler: async ({ project, caller, bucket, body, signal }) => {
      const after = body.cursor ? positionOf(body.cursor) : undefined;
      const page = await directory.as(
        project.id,
        caller,
        'storage.object.list_v2',
        ({ objects }) =>
          objects.page({
            bucketId: bucket,
            prefix: body.prefix ?? '',
            byFolder: body.with_delimiter === true,
            limit: Math.min(body.limit ?? MOST_PAGE, MOST_PAGE),
            column: body.sortBy?.column ?? 'name',
            order: body.sortBy?.order ?? 'asc',
            after,
          }),
        { signal },
      );
      const { next } = page;
      return {
        status: 200,
        body: {
          hasNext: next !== undefined,
          ...(next && { nextCursor: cursorOf(next) }),
          ...pageJson(page.entries),
        },
      };
    },
  });

const cursorOf = ({ name, value }: PagePosition): string =>
  Buffer.from(JSON.stringify([name, value])).toString('base64url');

const TIME = /^-?(?:infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d){0,2}(?: BC)?)$/;

/** @throws {StorageError} it is none of ours */
function positionOf(cursor: string): PagePosition {
  try {
    const [name, value] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (typeof name === 'string' && name.isWellFormed() && !name.includes('\0')) {
      if (value === null || (typeof value === 'string' && TIME.test(value))) return { name, value };
    }
  } catch {
    // as any other text that is none
  }
  throw invalidRequest('The cursor is not one of this list.');
}

const moveEndpoint = (deps: StorageDependencies) =>
  storageEndpoint({
    method: 'post',
    path: '/object/move',
    summary: 'Gives an object another name',
    auth: 'needed',
    body: fromTo,
    handler: async ({ project, caller, body }) => {
      const { from, to } = placesOf(body);
      const { id, bucketId, name } = await moveObject(deps, project, caller, from, to);
      return { status: 200, body: { message: 'Successfully moved', Id: id, Key: `${bucketId}/${name}` } };
    },
  });

const orUndefined = <T>(given: string | null | undefined, read: (given: string) => T): T | undefined =>
  given === null || given === undefined ? undefined : read(given);

const copyEndpoint = (deps: StorageDependencies) =>
  storageEndpoint({
    method: 'post',
    path: '/object/copy',
    summary: 'Copies an object',
    auth: 'needed',
    headers: UPLOAD_HEADERS,
    timeMs: 3_600_000,
    body: fromTo.extend({
      copyMetadata: z.boolean().nullish(),
      metadata: z
        .looseObject({
          cacheControl: z.string().nullish(),
          mimetype: z.string().nullish(),
          contentEncoding: z.string().nullish(),
        })
        .nullish(),
    }),
    handler: async ({ project, caller, ownerId, headers, body, signal }) => {
      const keeps = body.copyMetadata !== false;
      const given = metadataHeader(headers['x-metadata']);
      const described = {
        mediaType: orUndefined(body.metadata?.mimetype, givenMediaType),
        cacheControl: body.metadata?.cacheControl ?? undefined,
        contentEncoding: orUndefined(
          body.metadata?.contentEncoding,
          (coding) => givenContentEncoding(coding) ?? '',
        ),
        ...((given || !keeps) && { userMetadata: given }),
      };
      const copy = { ...placesOf(body), upsert: isUpsert(headers), described };
      const object = await copyObject(deps, project, caller, ownerId, copy, signal);
      const key = `${object.bucketId}/${object.name}`;
      return { status: 200, body: { Id: object.id, Key: key, ...objectJson(object) } };
    },
  });
