/** The uploads of one project as `@tus/server` sees them, for one request: its caller is known here, and judged. */
import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import { isUploadId, type UploadId } from '../../application/ports/upload-spool.ts';
import {
  beginResumable,
  continueResumable,
  endResumable,
  findResumable,
  RESUMABLE_MS,
  sizeResumable,
  type ResumableDependencies,
  type ResumableUpload,
} from '../../application/storage/resumable-uploads.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import type { StoringProject, Uploader } from '../../application/storage/store-object.ts';
import type { Place } from '../../application/ports/storage-directory.ts';
import { cacheControlOfField, NOT_KEPT } from '../../domain/storage/cache-control.ts';
import { givenMediaType, givenMetadata } from './read-upload.ts';

export interface TusRequest {
  readonly project: StoringProject;
  /** By what right somebody uploads to that place. @throws {StorageError} by none */
  readonly uploaderTo: (place: Place) => {
    readonly uploader: Uploader;
    readonly upsert: boolean | undefined;
  };
  /** of the request that begins it, where no link says */
  readonly upsert: boolean;
  readonly signal: AbortSignal;
}

export class TusStore extends DataStore {
  readonly #uploads: ResumableDependencies;
  readonly #request: TusRequest;
  /** that this request is about: the lock of its upload is held while it is */
  #upload: ResumableUpload | undefined;
  #isStored = false;

  constructor(uploads: ResumableDependencies, request: TusRequest) {
    super();
    this.#uploads = uploads;
    this.#request = request;
    this.extensions = [
      'creation',
      'creation-with-upload',
      'creation-defer-length',
      'expiration',
      'termination',
    ];
  }

  override getExpiration(): number {
    return RESUMABLE_MS;
  }

  override async create(file: Upload): Promise<Upload> {
    const { project, uploaderTo, signal } = this.#request;
    const metadata: Readonly<Record<string, string | null>> = file.metadata ?? {};
    const place = { bucketId: metadata['bucketName'] ?? '', name: metadata['objectName'] ?? '' };
    const { uploader, upsert = this.#request.upsert } = uploaderTo(place);
    const about = { ...place, upsert, description: describedBy(metadata), size: file.size ?? null, metadata };
    this.#upload = await beginResumable(this.#uploads, project, uploader, idOf(file.id), about, signal);
    this.#isStored = file.size === 0;
    file.creation_date = this.#upload.begunAt.toISOString();
    return file;
  }

  override async getUpload(id: string): Promise<Upload> {
    // what this very request has made an object of is no upload any more, and asked for once again
    const upload = this.#isStored && this.#upload ? this.#upload : await this.#find(id);
    const { offset, size, metadata, begunAt } = upload;
    return new Upload({
      id,
      offset,
      ...(size !== null && { size }),
      metadata: { ...metadata },
      creation_date: begunAt.toISOString(),
    });
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    const { project, signal } = this.#request;
    const { uploader, upload } = this.#rightTo(this.#upload ?? (await this.#find(id)));
    this.#upload = await sizeResumable(this.#uploads, project, uploader, upload, size, signal);
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const { project, signal } = this.#request;
    const found = this.#upload ?? (await this.#find(id));
    const { uploader, upload } = this.#rightTo({ ...found, offset });
    const reached = await continueResumable(this.#uploads, project, uploader, upload, stream, signal);
    this.#upload = { ...upload, offset: reached };
    this.#isStored = reached === upload.size;
    return reached;
  }

  override async remove(id: string): Promise<void> {
    const { project, signal } = this.#request;
    const { uploader, upload } = this.#rightTo(await this.#find(id));
    await endResumable(this.#uploads, project, uploader, upload, signal);
  }

  async #find(id: string): Promise<ResumableUpload> {
    this.#upload = await findResumable(this.#uploads, this.#request.project, idOf(id));
    return this.#upload;
  }

  #rightTo(upload: ResumableUpload): { readonly uploader: Uploader; readonly upload: ResumableUpload } {
    const { uploader, upsert = upload.upsert } = this.#request.uploaderTo(upload);
    return { uploader, upload: { ...upload, upsert } };
  }
}

function idOf(text: string): UploadId {
  if (!isUploadId(text)) throw new StorageError('NoSuchUpload');
  return text;
}

function describedBy(metadata: Readonly<Record<string, string | null>>) {
  const cacheControl = metadata['cacheControl'] ?? '';
  return {
    mediaType: givenMediaType(metadata['contentType'] ?? undefined),
    cacheControl: cacheControl === '' ? NOT_KEPT : cacheControlOfField(cacheControl),
    contentEncoding: null,
    userMetadata: givenMetadata(metadata['metadata'] ?? undefined),
  };
}
