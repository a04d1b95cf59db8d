import type { Place } from '../../application/ports/storage-directory.ts';
import { copyObject } from '../../application/storage/copy-object.ts';
import { findObject } from '../../application/storage/find-object.ts';
import { removeObjects } from '../../application/storage/remove-objects.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { storeObject } from '../../application/storage/store-object.ts';
import { isObjectKey } from '../../domain/storage/object-key.ts';
import { servedType } from '../../domain/storage/media-type.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Headers, Reply } from '../http/endpoint.ts';
import { changedAtOf, entityTagOf, headObject, isNoNews, serveObject } from '../storage/serve-object.ts';
import { describedAnew, describedBy, metadataHeaders, overrides, storedType } from './object-headers.ts';
import {
  headersOf,
  parameter,
  readDocument,
  uploaderOf,
  type S3Call,
  type S3Dependencies,
  type S3Operation,
  type S3Reply,
  type XmlRoot,
} from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { decoded } from './s3-request.ts';
import { childrenOf, textIn } from './read-xml.ts';
import type { XmlElement } from './xml.ts';

const MOST_DELETED = 1_000;

export const placeOf = ({ bucket, key }: S3Call): Place => ({ bucketId: bucket, name: key });

/** There is nothing of a name that cannot be. */
export async function found(
  deps: S3Dependencies,
  { project, caller, signal }: S3Call,
  operation: S3Operation,
  place: Place,
): Promise<StoredObject> {
  if (!isObjectKey(place.name)) throw new StorageError('NoSuchKey');
  return findObject(deps, project, { by: 'policies', caller }, operation, place, signal);
}

export const getObject = (deps: S3Dependencies, call: S3Call): Promise<S3Reply> =>
  served(deps, call, 'storage.s3.object.get', (asking, serving) =>
    serveObject(deps.bytes, call.project, asking, serving),
  );

export const headObjectCall = (deps: S3Dependencies, call: S3Call): Promise<S3Reply> =>
  served(deps, call, 'storage.s3.object.info', headObject);

async function served(
  deps: S3Dependencies,
  call: S3Call,
  operation: S3Operation,
  serve: (...asked: Parameters<typeof headObject>) => Promise<Reply>,
): Promise<S3Reply> {
  if (parameter(call, 'partNumber') !== undefined)
    throw new S3Error('NotImplemented', 'Objects are read as a whole, or by ranges');
  const wanted = overrides(call);
  let object: StoredObject | undefined;
  const find = async () => (object = await found(deps, call, operation, placeOf(call)));
  const asking = { headers: Object.fromEntries(call.request.headers), query: {}, signal: call.signal };
  const { headers = {}, ...reply } = await serve(asking, { find });
  return { ...reply, headers: { ...headers, ...(object && told(call, object, headers, wanted)) } };
}

/** A link may be opened in a browser, where no page of anybody's runs. */
function told({ by }: S3Call, object: StoredObject, served: Headers, wanted: Headers): Headers {
  if (!('content-type' in served)) return {};
  const type = wanted['content-type'];
  return {
    ...metadataHeaders(object),
    ...(by === 'header' && storedType(object)),
    ...wanted,
    ...(by === 'query' && type !== undefined && { 'content-type': servedType(type) }),
  };
}

/** In place of what is there, unless its client says that nothing is. @throws {S3Error} NotImplemented */
export function isUpsert(call: S3Call): boolean {
  const [match, noneMatch] = ['if-match', 'if-none-match'].map((name) => call.request.headers.get(name));
  if (match !== undefined || (noneMatch !== undefined && noneMatch.trim() !== '*'))
    throw new S3Error('NotImplemented', 'The only condition of an upload is If-None-Match: *');
  return noneMatch === undefined;
}

export async function putObject(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, promised, signal } = call;
  const upload = {
    ...placeOf(call),
    upsert: isUpsert(call),
    description: describedBy(call),
    size: promised.size,
    source: await call.body(),
  };
  const uploader = uploaderOf(call, 'storage.s3.upload');
  const object = await storeObject(deps, project, uploader, upload, signal);
  return { status: 200, headers: { etag: entityTagOf(object), ...checksumsTold(call) } };
}

/** Those that came before the body, and were found to be right. */
export const checksumsTold = ({ promised }: S3Call): Headers =>
  Object.fromEntries(
    [...promised.checksums].flatMap(([name, value]) =>
      value === undefined || name === 'content-md5' ? [] : [[name, value]],
    ),
  );

/** @throws {S3Error} InvalidArgument, NotImplemented */
export function copySourceOf(call: S3Call): Place {
  const [path = '', query = ''] = (headersOf(call).get('x-amz-copy-source') ?? '').split('?', 2);
  const version = new URLSearchParams(query).get('versionId');
  if (version !== null && version !== 'null')
    throw new S3Error('NotImplemented', 'There are no versions of objects');
  const source = decoded(path).replace(/^\//, '');
  const cut = source.indexOf('/');
  if (cut < 1 || cut === source.length - 1)
    throw new S3Error('InvalidArgument', 'x-amz-copy-source has to be bucket/key');
  return { bucketId: source.slice(0, cut), name: source.slice(cut + 1) };
}

const SOURCE = 'x-amz-copy-source-';
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** @throws {S3Error} PreconditionFailed @throws {ProblemError} the same */
export function judgeSource(call: S3Call, object: StoredObject): void {
  const headers = headersOf(call);
  const conditions = CONDITIONS.map((name) => [name, headers.get(`${SOURCE}${name}`)] as const);
  if (isNoNews(Object.fromEntries(conditions), object)) throw new S3Error('PreconditionFailed');
}

export async function copyObjectCall(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, caller, ownerId } = call;
  const operation = 'storage.s3.object.copy';
  const [from, to] = [copySourceOf(call), placeOf(call)];
  const directive = headersOf(call).get('x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw new S3Error('InvalidArgument', 'x-amz-metadata-directive is COPY or REPLACE');
  const isSame = from.bucketId === to.bucketId && from.name === to.name;
  if (isSame && directive === 'COPY')
    throw new S3Error('InvalidRequest', 'An object is copied onto itself only to say something else of it');
  const upsert = isUpsert(call);
  const described = directive === 'COPY' ? {} : describedAnew(call);
  judgeSource(call, await found(deps, call, operation, from));
  const copy = { from, to, upsert, operation, described } as const;
  const copying = copyObject(deps, project, caller, ownerId, copy);
  return {
    lengthy: copying.then((object): XmlRoot => [
      'CopyObjectResult',
      [
        ['LastModified', changedAtOf(object).toISOString()],
        ['ETag', entityTagOf(object)],
      ],
    ]),
  };
}

export async function deleteObject(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const kept = await removed(deps, call, 'storage.s3.object.delete', [call.key]);
  if (kept.size > 0) throw new StorageError('AccessDenied', 'The object may not be deleted');
  return { status: 204 };
}

export async function deleteObjects(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const document = await readDocument(deps, call, 'Delete');
  const objects = childrenOf(document, 'Object').map((object) => ({
    key: textIn(object, 'Key'),
    version: textIn(object, 'VersionId'),
  }));
  const keys = objects.flatMap(({ key }) => (key ? [key] : []));
  if (keys.length !== objects.length || keys.length === 0 || keys.length > MOST_DELETED)
    throw new S3Error('MalformedXML');
  if (objects.some(({ version }) => version && version !== 'null'))
    throw new S3Error('NotImplemented', 'There are no versions of objects');
  const isQuiet = textIn(document, 'Quiet')?.trim() === 'true';
  const kept = await removed(deps, call, 'storage.s3.object.delete_many', keys);
  const results = keys.flatMap((key): XmlElement[] => {
    if (kept.has(key))
      return [
        [
          'Error',
          [
            ['Key', key],
            ['Code', 'AccessDenied'],
            ['Message', 'Access Denied'],
          ],
        ],
      ];
    return isQuiet ? [] : [['Deleted', [['Key', key]]]];
  });
  return { status: 200, xml: ['DeleteResult', results] };
}

/**
 * What is not there is gone, too, and so is what the caller does not see.
 * @returns what they see, and may not delete @throws {StorageError} NoSuchBucket
 */
async function removed(
  deps: S3Dependencies,
  { project, caller, bucket: bucketId }: S3Call,
  operation: S3Operation,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const names = [...new Set(keys)].filter(isObjectKey);
  const gone = await removeObjects(deps, project, caller, operation, { bucketId, names });
  const left = new Set<string>(names);
  for (const { name } of gone) left.delete(name);
  if (left.size === 0 && names.length > 0) return left;
  const kept = await deps.directory.as(project.id, caller, operation, async ({ buckets, objects }) => {
    const [bucket, seen] = await Promise.all([buckets.rules(bucketId), objects.findAll(bucketId, [...left])]);
    if (!bucket) throw new StorageError('NoSuchBucket');
    return seen;
  });
  return new Set(kept.map(({ name }) => name));
}

/** There are none. */
export async function objectTagging(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  await found(deps, call, 'storage.s3.object.get_tagging', placeOf(call));
  return { status: 200, xml: ['Tagging', [['TagSet', []]]] };
}
