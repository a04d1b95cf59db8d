import type { Readable } from 'node:stream';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { JsonObject } from '../../domain/storage/stored-object.ts';
import type { WholeFile } from '../ports/object-store.ts';
import type {
  BegunUpload,
  SpooledPart,
  SpooledUpload,
  UploadId,
  UploadSpool,
} from '../ports/upload-spool.ts';
import type { FileUsage } from './file-usage.ts';
import { meteredBytes, type Pace } from './metered-bytes.ts';

/** How large each part of an upload is, and all of them together. */
interface Sizes {
  readonly parts: Map<number, number>;
  bytes: number;
}
interface Uploads {
  readonly sizes: Map<UploadId, Sizes>;
  /** others look anew */
  isLetGo: boolean;
}

/**
 * A spool that takes no more of a project than there is room for beside its files, and from nobody who is too slow. What is in it
 * does not count when its upload becomes a file: then it would be counted twice.
 * @throws {StorageError} of `putPart` and `append`: QuotaExceeded, RequestTimeout
 */
export class CountedUploadSpool implements UploadSpool {
  readonly #spool: UploadSpool;
  readonly #usage: FileUsage;
  readonly #pace: Pace | undefined;
  readonly #projects = new Map<ProjectId, Promise<Uploads>>();

  constructor(spool: UploadSpool, usage: FileUsage, pace?: Pace) {
    this.#spool = spool;
    this.#usage = usage;
    this.#pace = pace;
  }

  begin(project: ProjectId, id: UploadId, about: JsonObject): Promise<void> {
    return this.#spool.begin(project, id, about);
  }

  describe(project: ProjectId, id: UploadId, about: JsonObject): Promise<void> {
    return this.#spool.describe(project, id, about);
  }

  find(project: ProjectId, id: UploadId): Promise<SpooledUpload | undefined> {
    return this.#spool.find(project, id);
  }

  begun(project: ProjectId, id: UploadId): Promise<BegunUpload | undefined> {
    return this.#spool.begun(project, id);
  }

  async bytesBeside(project: ProjectId, id: UploadId, number: number): Promise<number> {
    const sizes = (await this.#uploadsOf(project)).sizes.get(id);
    return sizes ? sizes.bytes - (sizes.parts.get(number) ?? 0) : 0;
  }

  list(project: ProjectId): AsyncIterable<SpooledUpload> {
    return this.#spool.list(project);
  }

  putPart(
    project: ProjectId,
    id: UploadId,
    number: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<SpooledPart> {
    return this.#metered(project, source, async (uploads, metered) => {
      const part = await this.#spool.putPart(project, id, number, metered, signal);
      this.#note(project, uploads, id, [[number, part.size]]);
      return part;
    });
  }

  append(
    project: ProjectId,
    id: UploadId,
    number: number,
    at: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<number> {
    return this.#metered(project, source, async (uploads, metered) => {
      // what stands behind it goes
      this.#note(project, uploads, id, [[number, at]]);
      try {
        const size = await this.#spool.append(project, id, number, at, metered, signal);
        this.#note(project, uploads, id, [[number, size]]);
        return size;
      } catch (error) {
        // how much has come is known to the spool alone
        const found = await this.#spool.find(project, id).catch(() => undefined);
        this.#drop(project, uploads, id);
        if (found) this.#note(project, uploads, id, sizesOf(found).parts);
        throw error;
      }
    });
  }

  fileOf(project: ProjectId, id: UploadId, number: number): Promise<WholeFile> {
    return this.#spool.fileOf(project, id, number);
  }

  read(project: ProjectId, id: UploadId, parts: readonly Pick<SpooledPart, 'number' | 'md5'>[]): Readable {
    return this.#spool.read(project, id, parts);
  }

  async end(project: ProjectId, id: UploadId): Promise<void> {
    await this.#spool.end(project, id);
    const uploads = await this.#projects.get(project);
    if (!uploads) return;
    this.#drop(project, uploads, id);
    if (uploads.sizes.size > 0 || this.#projects.get(project) === undefined) return;
    uploads.isLetGo = true;
    this.#projects.delete(project);
  }

  async removeAll(project: ProjectId): Promise<void> {
    await this.#spool.removeAll(project);
    await this.#forget(project);
  }

  async removeOlder(than: Date, signal?: AbortSignal): Promise<number> {
    const removed = await this.#spool.removeOlder(than, signal);
    if (removed > 0) for (const project of Array.from(this.#projects.keys())) await this.#forget(project);
    return removed;
  }

  async #metered<T>(
    project: ProjectId,
    source: Readable,
    work: (uploads: Uploads, metered: Readable) => Promise<T>,
  ): Promise<T> {
    // an error that comes before anybody reads it is found when it is read
    source.on('error', () => {});
    const ready = async () => {
      const uploads = await this.#uploadsOf(project);
      return { uploads, room: await this.#usage.roomForPart(project) };
    };
    const { uploads, room } = await ready().catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    try {
      return await work(
        uploads,
        meteredBytes(source, (bytes) => room.take(bytes), this.#pace),
      );
    } finally {
      room.given();
    }
  }

  #uploadsOf(project: ProjectId): Promise<Uploads> {
    const known = this.#projects.get(project);
    if (known) return known;
    const counted = this.#count(project);
    this.#projects.set(project, counted);
    counted.catch(() => this.#projects.delete(project));
    return counted;
  }

  async #count(project: ProjectId): Promise<Uploads> {
    const sizes = new Map<UploadId, Sizes>();
    for await (const upload of this.#spool.list(project)) sizes.set(upload.id, sizesOf(upload));
    for (const one of sizes.values()) this.#usage.spooled(project, one.bytes);
    return { sizes, isLetGo: false };
  }

  #note(
    project: ProjectId,
    uploads: Uploads,
    id: UploadId,
    parts: Iterable<readonly [number: number, size: number]>,
  ): void {
    if (uploads.isLetGo) return;
    const sizes: Sizes = uploads.sizes.get(id) ?? { parts: new Map(), bytes: 0 };
    const before = sizes.bytes;
    for (const [number, size] of parts) {
      sizes.bytes += size - (sizes.parts.get(number) ?? 0);
      sizes.parts.set(number, size);
    }
    uploads.sizes.set(id, sizes);
    this.#usage.spooled(project, sizes.bytes - before);
  }

  #drop(project: ProjectId, uploads: Uploads, id: UploadId): void {
    if (uploads.isLetGo) return;
    this.#usage.spooled(project, -(uploads.sizes.get(id)?.bytes ?? 0));
    uploads.sizes.delete(id);
  }

  /** Whoever comes next looks what is there. */
  async #forget(project: ProjectId): Promise<void> {
    const uploads = await this.#projects.get(project)?.catch(() => undefined);
    if (!uploads || uploads.isLetGo) return;
    uploads.isLetGo = true;
    this.#projects.delete(project);
    for (const sizes of uploads.sizes.values()) this.#usage.spooled(project, -sizes.bytes);
  }
}

const sizesOf = ({ parts }: SpooledUpload): Sizes => ({
  parts: new Map(parts.map(({ number, size }) => [number, size])),
  bytes: parts.reduce((sum, { size }) => sum + size, 0),
});
