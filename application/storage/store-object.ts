/**
 * The one way in for a file, by whatever protocol it comes: may it be stored, by a row that is tried as its caller; its
 * bytes; the row. No transaction is open while bytes move.
 */
import type { Readable } from 'node:stream';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { isBucketName } from '../../domain/storage/bucket-name.ts';
import { isAllowedType } from '../../domain/storage/media-type.ts';
import { EMPTY_FOLDER, fileNameOf, isObjectKey, type ObjectKey } from '../../domain/storage/object-key.ts';
import {
  expectedMetadata,
  metadataOf,
  type Bucket,
  type JsonObject,
  type ObjectDescription,
  type StoredObject,
} from '../../domain/storage/stored-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import {
  isObjectVersion,
  type ObjectStore,
  type ObjectVersion,
  type StoredBytes,
} from '../ports/object-store.ts';
import {
  asService,
  type NewObject,
  type Place,
  type StorageCaller,
  type StorageDirectory,
  type StorageOperation,
  type StorageRows,
} from '../ports/storage-directory.ts';
import { atMost } from './bounded-bytes.ts';
import { removeBytes, removeUnlessStored } from './remove-bytes.ts';
import { invalidKey, StorageError } from './storage-error.ts';

export interface StoreDependencies {
  readonly directory: StorageDirectory;
  readonly bytes: ObjectStore;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** What of a project there has to be known. */
export interface StoringProject {
  readonly id: ProjectId;
  readonly limits: { readonly fileBytes: number };
}

/** Whose file it is to be, and by what right. */
export interface Uploader {
  readonly caller: StorageCaller;
  readonly operation: StorageOperation;
  /** `sub` of a token; null: an API key's */
  readonly ownerId: string | null;
  /** `link`: whoever made a signed link was judged then */
  readonly right: 'policies' | 'link';
}

export interface Wanted {
  readonly bucketId: string;
  readonly name: string;
  readonly upsert: boolean;
  readonly description: ObjectDescription;
  /** of the bytes, where it was said; undefined: nobody knows yet */
  readonly size: number | undefined;
  /** its type is told later */
  readonly typeIsOpen?: boolean;
}

export interface Upload extends Wanted {
  /** whatever they fail with is what storing fails with */
  readonly source: Readable;
  /** what is said of the file when all of it has come: parts of a form stand behind it; default: nothing else */
  readonly describedAtEnd?: () => Promise<ObjectDescription>;
}

/** That something may be stored, as of when it was looked at. */
export interface Permission {
  readonly place: Place & { readonly name: ObjectKey };
  /** that the bytes may have */
  readonly mostBytes: number;
  /** what they would take the place of, as its row says */
  readonly inPlaceOf: ObjectVersion | undefined;
}

/** @throws {StorageError} InvalidKey, NoSuchBucket */
export function placeOf(bucketId: string, name: string): Permission['place'] {
  if (!isObjectKey(name)) throw invalidKey(name);
  if (!isBucketName(bucketId)) throw new StorageError('NoSuchBucket');
  return { bucketId, name };
}

/**
 * How many bytes an object of the bucket may have, within what the project may.
 * @throws {StorageError} EntityTooLarge, InvalidMimeType
 */
export function limitOf(
  project: StoringProject,
  bucket: Bucket,
  wanted: Pick<Wanted, 'description' | 'size' | 'typeIsOpen'>,
  key: ObjectKey,
): number {
  const { description, size } = wanted;
  const most = Math.min(bucket.fileSizeLimit ?? Infinity, project.limits.fileBytes);
  if (size !== undefined && size > most) throw new StorageError('EntityTooLarge');
  const { mediaType } = description;
  if (wanted.typeIsOpen) return most;
  if (fileNameOf(key) !== EMPTY_FOLDER && !isAllowedType(mediaType, bucket.allowedMimeTypes))
    throw new StorageError('InvalidMimeType', `mime type ${mediaType.slice(0, 100)} is not supported`);
  return most;
}

/**
 * Whether it may be stored, by policies and limits, now: nothing is kept of it.
 * @throws {StorageError} InvalidKey, NoSuchBucket, EntityTooLarge, InvalidMimeType, AccessDenied, ResourceAlreadyExists
 */
export async function judgeUpload(
  { directory, ids }: Pick<StoreDependencies, 'directory' | 'ids'>,
  project: StoringProject,
  uploader: Uploader,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<Permission> {
  const place = placeOf(wanted.bucketId, wanted.name);
  const { upsert, description, size } = wanted;
  const tried: NewObject = {
    ...place,
    ownerId: uploader.ownerId,
    version: ids.uuid(),
    metadata: expectedMetadata(description, size),
    userMetadata: description.userMetadata,
  };
  const permission = await asUploader(directory, project, uploader, signal, async ({ buckets, objects }) => {
    const rules = buckets.rules(place.bucketId);
    const there = upsert ? objects.find(place) : Promise.resolve(undefined);
    const judged =
      uploader.right === 'policies'
        ? objects.tryInsert(tried, { upsert })
        : upsert || objects.find(place).then(refuseTaken);
    // what is wrong with the bucket is told before what is wrong with the row
    const [bucket, verdict, found] = await Promise.allSettled([rules, judged, there]);
    if (bucket.status === 'rejected') throw bucket.reason;
    if (!bucket.value) throw new StorageError('NoSuchBucket');
    const mostBytes = limitOf(project, bucket.value, wanted, place.name);
    if (verdict.status === 'rejected') throw verdict.reason;
    if (found.status === 'rejected') throw found.reason;
    const version = found.value?.version ?? '';
    return { mostBytes, inPlaceOf: isObjectVersion(version) ? version : undefined };
  });
  return { place, ...permission };
}

const refuseTaken = (found: StoredObject | undefined): void => {
  if (found) throw new StorageError('KeyAlreadyExists');
};

const asUploader = <T>(
  directory: StorageDirectory,
  project: StoringProject,
  { caller, operation, right }: Uploader,
  signal: AbortSignal | undefined,
  work: (rows: StorageRows) => Promise<T>,
): Promise<T> =>
  directory.as(
    project.id,
    right === 'policies' ? caller : asService(caller),
    operation,
    work,
    signal && { signal },
  );

/**
 * @returns the row as it stands, with its bytes behind it
 * @throws {StorageError} as {@link judgeUpload}; at the end, too, since others may have been faster
 * @throws {StoreFull} @throws {Unavailable} @throws what the source failed with
 */
export async function storeObject(
  dependencies: StoreDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: Upload,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const { bytes, ids } = dependencies;
  const { source, describedAtEnd, ...wanted } = upload;
  const permission = await judgeUpload(dependencies, project, uploader, wanted, signal);
  const version = ids.uuid() as ObjectVersion;
  const bounded = atMost(permission.mostBytes, source);
  const stored = await bytes.put(project.id, version, bounded, signal, permission.inPlaceOf);
  return removeUnlessStored(bytes, project.id, version, async () => {
    const described = { ...wanted, description: (await describedAtEnd?.()) ?? wanted.description };
    if (!isSame(described.description, wanted.description))
      await judgeUpload(dependencies, project, uploader, { ...described, size: stored.size }, signal);
    return finishUpload(dependencies, project, uploader, described, { version, stored });
  });
}

/**
 * The row of bytes that are there, for those whose upload was judged: where it comes to that no signal ends it.
 * @throws {StorageError} ResourceAlreadyExists: others were faster @throws {Unavailable} whether it is stored is not known
 */
export async function finishUpload(
  { directory, bytes, clock }: Pick<StoreDependencies, 'directory' | 'bytes' | 'clock'>,
  project: StoringProject,
  { caller, operation, ownerId }: Pick<Uploader, 'caller' | 'operation' | 'ownerId'>,
  { bucketId, name, upsert, description }: Wanted,
  { version, stored }: { readonly version: ObjectVersion; readonly stored: StoredBytes },
): Promise<StoredObject> {
  const row: NewObject = {
    ...placeOf(bucketId, name),
    ownerId,
    version,
    metadata: metadataOf(description, { ...stored, storedAt: clock.now() }),
    userMetadata: description.userMetadata,
  };
  const { object, replaced } = await directory.as(project.id, asService(caller), operation, ({ objects }) =>
    objects.put(row, { upsert }),
  );
  if (replaced !== version) await removeBytes(bytes, project.id, [replaced]);
  return object;
}

function isSame(one: ObjectDescription, other: ObjectDescription): boolean {
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

const inOrder = ({ mediaType, cacheControl, contentEncoding, userMetadata }: ObjectDescription) =>
  [mediaType, cacheControl, contentEncoding, userMetadata satisfies JsonObject | null] as const;
