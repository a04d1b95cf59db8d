/**
 * Uploads of the S3 protocol: parts come in any order, and again, until somebody says which of them are the file. Their bytes
 * and what they will be stand in the spool; rows of the project show them to policies and lists.
 */
import type { Readable } from 'node:stream';
import {
  expectedMetadata,
  type JsonObject,
  type ObjectDescription,
  type StoredObject,
} from '../../domain/storage/stored-object.ts';
import { asService, type Place, type StorageRows } from '../ports/storage-directory.ts';
import {
  isUploadId,
  UploadMissing,
  type SpooledPart,
  type UploadId,
  type UploadSpool,
} from '../ports/upload-spool.ts';
import { atMost } from './bounded-bytes.ts';
import { missingIsTold } from './missing-is-told.ts';
import { StorageError } from './storage-error.ts';
import {
  judgeUpload,
  storeObject,
  type StoreDependencies,
  type StoringProject,
  type Uploader,
} from './store-object.ts';

export interface MultipartDependencies extends StoreDependencies {
  readonly spool: UploadSpool;
}

/** What stands of it in the spool. */
interface About {
  readonly protocol: 's3';
  readonly bucketId: string;
  readonly name: string;
  readonly description: ObjectDescription;
  /** whose it is: `sub` and role of who began it */
  readonly ownerId: string | null;
  readonly role: string;
}

export interface Multipart extends About {
  readonly id: UploadId;
  readonly begunAt: Date;
}

/** In the order of their numbers. */
type Parts = readonly (SpooledPart & { readonly md5: string })[];

/** A part as somebody names it who has uploaded it. */
export interface NamedPart {
  readonly number: number;
  readonly md5: string;
}

export const MOST_PARTS = 10_000;

/** @throws {StorageError} as {@link judgeUpload}, SlowDown: the project has too many @throws {StoreFull} @throws {Unavailable} */
export async function beginMultipart(
  dependencies: MultipartDependencies,
  project: StoringProject,
  uploader: Uploader,
  { bucketId, name, description }: Place & { readonly description: ObjectDescription },
  signal?: AbortSignal,
): Promise<UploadId> {
  const { spool, ids } = dependencies;
  const { caller, ownerId } = uploader;
  await judgeUpload(
    dependencies,
    project,
    uploader,
    { bucketId, name, upsert: true, description, size: undefined },
    signal,
  );
  const id = ids.uuid() as UploadId;
  const about: About = { protocol: 's3', bucketId, name, description, ownerId, role: caller.role };
  await spool.begin(project.id, id, about as unknown as JsonObject);
  try {
    await inRows(dependencies, project, uploader, ({ uploads }) =>
      uploads.insert({
        id,
        bucketId,
        key: name,
        ownerId,
        metadata: expectedMetadata(description, undefined),
        userMetadata: description.userMetadata,
      }),
    );
  } catch (error) {
    await spool.end(project.id, id).catch(() => {});
    throw error;
  }
  return id;
}

/** @throws {StorageError} NoSuchUpload: also of one of somebody else, unless the service role asks */
export async function findMultipart(
  { spool }: Pick<MultipartDependencies, 'spool'>,
  project: Pick<StoringProject, 'id'>,
  { caller, ownerId }: Pick<Uploader, 'caller' | 'ownerId'>,
  { bucketId, name }: Place,
  id: string,
): Promise<Multipart> {
  const found = isUploadId(id) ? await spool.begun(project.id, id) : undefined;
  const about = found?.about as unknown as Partial<About> | undefined;
  const isThat = about?.protocol === 's3' && about.bucketId === bucketId && about.name === name;
  const isTheirs =
    caller.role === 'service_role' || (about?.ownerId === ownerId && about.role === caller.role);
  if (!found || !isThat || !isTheirs) throw new StorageError('NoSuchUpload');
  return { ...(about as About), id: found.id, begunAt: found.begunAt };
}

/** @throws {StorageError} NoSuchUpload */
export async function partsOf(
  { spool }: Pick<MultipartDependencies, 'spool'>,
  project: Pick<StoringProject, 'id'>,
  { id }: Pick<Multipart, 'id'>,
): Promise<Parts> {
  const found = await spool.find(project.id, id);
  if (!found) throw new StorageError('NoSuchUpload');
  return found.parts.flatMap((part) => (part.md5 === null ? [] : [{ ...part, md5: part.md5 }]));
}

/**
 * @param part its size, where somebody has said it
 * @throws {StorageError} as {@link judgeUpload}; NoSuchUpload @throws {StoreFull} @throws {Unavailable} @throws what the source failed with
 */
export async function putPart(
  dependencies: MultipartDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: Multipart,
  part: { readonly number: number; readonly size: number | undefined; readonly source: Readable },
  signal?: AbortSignal,
): Promise<NamedPart & SpooledPart> {
  const { spool } = dependencies;
  const { number, size, source } = part;
  const others = await spool.bytesBeside(project.id, upload.id, number);
  const wanted = { ...placeOf(upload), description: upload.description, upsert: true };
  const expected = size === undefined ? undefined : others + size;
  const { mostBytes } = await judgeUpload(
    dependencies,
    project,
    uploader,
    { ...wanted, size: expected },
    signal,
  );
  const bounded = atMost(Math.max(0, mostBytes - others), source);
  const stored = await missingIsTold(spool.putPart(project.id, upload.id, number, bounded, signal));
  const named = { ...stored, md5: stored.md5 ?? '' };
  await inRows(dependencies, project, uploader, ({ uploads }) => uploads.putPart(upload.id, named));
  return named;
}

/**
 * No signal ends it: all has come, and whoever asked may well be gone.
 * @param chosen what the file is made of, in its order
 * @throws {StorageError} InvalidPart: it is not there, or another one; as storing does
 */
export async function completeMultipart(
  dependencies: MultipartDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: Multipart,
  chosen: readonly NamedPart[],
  { upsert }: { readonly upsert: boolean },
): Promise<StoredObject> {
  const there = new Map((await partsOf(dependencies, project, upload)).map((part) => [part.number, part]));
  const parts = chosen.map(({ number, md5 }) => {
    const part = there.get(number);
    if (part?.md5 !== md5) throw replaced(number);
    return part;
  });
  const source = dependencies.spool.read(project.id, upload.id, parts);
  const { description } = upload;
  const wanted = { ...placeOf(upload), upsert, description, size: sizeOf(parts) };
  const object = await storeObject(dependencies, project, uploader, { ...wanted, source })
    .catch((error: unknown) => {
      throw error instanceof UploadMissing ? replaced() : error;
    })
    .finally(() => source.destroy());
  // what stays of it goes when its time is over
  await endMultipart(dependencies, project, uploader, upload).catch(() => {});
  return object;
}

/** Nothing of it stays. */
export async function endMultipart(
  dependencies: MultipartDependencies,
  project: Pick<StoringProject, 'id'>,
  uploader: Uploader,
  { id }: Pick<Multipart, 'id'>,
): Promise<void> {
  await dependencies.spool.end(project.id, id);
  await inRows(dependencies, project, uploader, ({ uploads }) => uploads.delete(id));
}

const replaced = (number?: number): StorageError =>
  new StorageError(
    'InvalidPart',
    `${number === undefined ? 'A part' : `Part ${number}`} was not uploaded, or is another one by now`,
  );

const placeOf = ({ bucketId, name }: Multipart): Place => ({ bucketId, name });

const sizeOf = (parts: readonly SpooledPart[]): number => parts.reduce((sum, { size }) => sum + size, 0);

/** They are the service's to write: whoever asks was judged by the object that it will be. */
const inRows = <T>(
  { directory }: Pick<MultipartDependencies, 'directory'>,
  project: Pick<StoringProject, 'id'>,
  { caller, operation }: Pick<Uploader, 'caller' | 'operation'>,
  work: (rows: StorageRows) => Promise<T>,
): Promise<T> => directory.as(project.id, asService(caller), operation, work);
