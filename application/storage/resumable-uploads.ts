/**
 * Uploads that go on where they broke off: their bytes collect in the spool, and become a file as any other's when all of
 * them have come. Who goes on with one is judged anew.
 */
import { Readable } from 'node:stream';
import type { JsonObject, ObjectDescription } from '../../domain/storage/stored-object.ts';
import type { ObjectVersion } from '../ports/object-store.ts';
import type { UploadId, UploadSpool } from '../ports/upload-spool.ts';
import { atMost } from './bounded-bytes.ts';
import { removeUnlessStored } from './remove-bytes.ts';
import { missingIsTold } from './missing-is-told.ts';
import { StorageError, type StorageErrorCode } from './storage-error.ts';
import {
  finishUpload,
  judgeUpload,
  type StoreDependencies,
  type StoringProject,
  type Uploader,
  type Wanted,
} from './store-object.ts';

export interface ResumableDependencies extends StoreDependencies {
  readonly spool: UploadSpool;
}

/** What stands of it in the spool. */
interface About {
  readonly bucketId: string;
  readonly name: string;
  readonly upsert: boolean;
  readonly description: ObjectDescription;
  /** null: nobody has said yet */
  readonly size: number | null;
  /** as its client gave it, and is told again */
  readonly metadata: Readonly<Record<string, string | null>>;
}

export interface ResumableUpload extends About {
  readonly id: UploadId;
  /** what comes next */
  readonly offset: number;
  readonly begunAt: Date;
}

/** for which one may go on with an upload */
export const RESUMABLE_MS = 24 * 60 * 60 * 1000;
/** all bytes of one are one part */
const PART = 1;
/** whatever comes of it later, this upload does not become that object */
const FINAL: ReadonlySet<StorageErrorCode> = new Set([
  'KeyAlreadyExists',
  'ResourceAlreadyExists',
  'NoSuchBucket',
]);

const wantedOf = ({ bucketId, name, upsert, description, size }: About): Wanted => ({
  bucketId,
  name,
  upsert,
  description,
  size: size ?? undefined,
});

/** One of no bytes is whole at once. @throws {StorageError} as {@link judgeUpload} @throws {StoreFull} @throws {Unavailable} */
export async function beginResumable(
  dependencies: ResumableDependencies,
  project: StoringProject,
  uploader: Uploader,
  id: UploadId,
  about: About,
  signal?: AbortSignal,
): Promise<ResumableUpload> {
  const { inPlaceOf } = await judgeUpload(dependencies, project, uploader, wantedOf(about), signal);
  await dependencies.spool.begin(project.id, id, about as unknown as JsonObject);
  const upload = { ...about, id, offset: 0, begunAt: dependencies.clock.now() };
  if (about.size === 0) {
    // nobody knows of it yet who could go on
    await finish(dependencies, project, uploader, upload, inPlaceOf).catch(async (error: unknown) => {
      await dependencies.spool.end(project.id, id).catch(() => {});
      throw error;
    });
  }
  return upload;
}

/** @throws {StorageError} NoSuchUpload: also of one that is finished, or over */
export async function findResumable(
  { spool, clock }: Pick<ResumableDependencies, 'spool' | 'clock'>,
  project: Pick<StoringProject, 'id'>,
  id: UploadId,
): Promise<ResumableUpload> {
  const found = await spool.find(project.id, id);
  // those of other protocols say which
  const isOurs = found !== undefined && found.about['protocol'] === undefined;
  if (!isOurs || clock.now().getTime() - found.begunAt.getTime() > RESUMABLE_MS)
    throw new StorageError('NoSuchUpload');
  const about = found.about as unknown as About;
  const spooled = found.parts.find(({ number }) => number === PART)?.size ?? 0;
  // a client takes one of which nothing is missing for stored, so of one that is not the last byte has to come again
  const most = about.size === null ? Infinity : Math.max(0, about.size - 1);
  return { ...about, id, offset: Math.min(spooled, most), begunAt: found.begunAt };
}

/**
 * Who did not know how much it would be says so now.
 * @returns the upload as it is from here on
 * @throws {StorageError} as {@link judgeUpload}: nobody who may not upload it says how much it is
 */
export async function sizeResumable(
  dependencies: ResumableDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: ResumableUpload,
  size: number,
  signal?: AbortSignal,
): Promise<ResumableUpload> {
  const { bucketId, name, upsert, description, metadata } = upload;
  const about: About = { bucketId, name, upsert, description, metadata, size };
  await judgeUpload(dependencies, project, uploader, wantedOf(about), signal);
  await missingIsTold(dependencies.spool.describe(project.id, upload.id, about as unknown as JsonObject));
  return { ...upload, size };
}

/**
 * What comes is kept, also when the source or whoever sends it fails. The last byte makes an object of it.
 * @param upload with the right of whoever goes on with it, as it was found by whom nobody else goes on with it beside
 * @returns what comes next
 * @throws {StorageError} as {@link judgeUpload}: then nothing was read, and what had come is kept
 */
export async function continueResumable(
  dependencies: ResumableDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: ResumableUpload,
  source: Readable,
  signal?: AbortSignal,
): Promise<number> {
  const { mostBytes, inPlaceOf } = await judgeUpload(
    dependencies,
    project,
    uploader,
    wantedOf(upload),
    signal,
  );
  const { id, offset, size } = upload;
  const bounded = atMost(mostBytes - offset, source);
  const reached = await missingIsTold(
    dependencies.spool.append(project.id, id, PART, offset, bounded, signal),
  );
  if (reached === size) await finish(dependencies, project, uploader, upload, inPlaceOf);
  return reached;
}

/** @throws {StorageError} as {@link judgeUpload}, but for what would only keep it from becoming an object */
export async function endResumable(
  dependencies: ResumableDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: ResumableUpload,
  signal?: AbortSignal,
): Promise<void> {
  await judgeUpload(dependencies, project, uploader, wantedOf(upload), signal).catch((error: unknown) => {
    if (!(error instanceof StorageError) || error.code === 'AccessDenied') throw error;
  });
  await dependencies.spool.end(project.id, upload.id);
}

/** No signal ends it: all has come, and its client may well be gone. */
async function finish(
  dependencies: ResumableDependencies,
  project: StoringProject,
  uploader: Uploader,
  upload: ResumableUpload,
  inPlaceOf: ObjectVersion | undefined,
): Promise<void> {
  const { bytes, spool, ids } = dependencies;
  const version = ids.uuid() as ObjectVersion;
  try {
    // of nothing there is no part
    const stored =
      upload.size === 0
        ? await bytes.put(project.id, version, Readable.from([]), undefined, inPlaceOf)
        : await bytes.putFile(
            project.id,
            version,
            await missingIsTold(spool.fileOf(project.id, upload.id, PART)),
            inPlaceOf,
          );
    await removeUnlessStored(bytes, project.id, version, () =>
      finishUpload(dependencies, project, uploader, wantedOf(upload), { version, stored }),
    );
  } catch (error) {
    // whatever else it was may be over when its client comes again
    if (error instanceof StorageError && FINAL.has(error.code)) await end();
    throw error;
  }
  await end();

  async function end(): Promise<void> {
    // what stays goes when its time is over
    await spool.end(project.id, upload.id).catch(() => {});
  }
}
