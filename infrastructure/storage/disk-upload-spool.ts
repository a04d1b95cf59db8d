/**
 * Uploads that come in parts, in folders `uploads/<project>/<upload>`. The newest file of a number is the part; an older one was
 * left by a crash.
 */
import { constants } from 'node:fs';
import { copyFile, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { WholeFile } from '../../application/ports/object-store.ts';
import {
  isUploadId,
  type BegunUpload,
  type SpooledPart,
  type SpooledUpload,
  type UploadId,
  type UploadSpool,
} from '../../application/ports/upload-spool.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { isProjectId, projectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { JsonObject } from '../../domain/storage/stored-object.ts';
import { onDisk } from './disk-fault.ts';
import { FILE_MODE, folderBelow, ownFolder, syncFolder } from './safe-folders.ts';
import {
  ABOUT,
  aboutOf,
  APPENDED,
  begunIn,
  begunUpload,
  entriesOf,
  filesOf,
  foldersIn,
  inUpload,
  laterThan,
  missing,
  partName,
  partsOf,
  unlessMissing,
  uploadIn,
  type About,
} from './spooled-files.ts';
import { READ, TemporaryFiles } from './temporary-files.ts';

const MOST_PARTS = 10_000;
const READ_BYTES = 256 * 1024;
/** of a project, at a time */
const MOST_UPLOADS = 1_000;
const APPEND =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type NamedPart = Pick<SpooledPart, 'number' | 'md5'>;

export class DiskUploadSpool implements UploadSpool {
  readonly #root: string;
  readonly #temporary: TemporaryFiles;
  readonly #mostUploads: number;

  private constructor(root: string, temporary: TemporaryFiles, mostUploads: number) {
    this.#root = root;
    this.#temporary = temporary;
    this.#mostUploads = mostUploads;
  }

  /** @param folder may be that of a store on the disk */
  static async open(folder: string, mostUploads = MOST_UPLOADS): Promise<DiskUploadSpool> {
    const root = join(folder, 'uploads');
    await onDisk('make the folder of uploads', async () => {
      await ownFolder(folder);
      await ownFolder(root);
    });
    return new DiskUploadSpool(root, await TemporaryFiles.open(join(folder, 'temporary')), mostUploads);
  }

  async begin(project: ProjectId, id: UploadId, about: JsonObject): Promise<void> {
    const parts = placeOf(project, id);
    const others = await entriesOf(join(this.#root, project));
    if (others.length >= this.#mostUploads)
      throw new StorageError('SlowDown', `The project has ${this.#mostUploads} uploads under way already`);
    const folder = await onDisk('begin an upload', () => folderBelow(this.#root, parts, true));
    try {
      await this.#writeAbout(folder, { about, begunAt: new Date().toISOString() });
    } catch (error) {
      // nobody knows of it, and it would count as one under way
      await rm(folder, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  }

  async describe(project: ProjectId, id: UploadId, about: JsonObject): Promise<void> {
    const folder = await this.#folderOf(project, id);
    const { begunAt } = (await aboutOf(folder)) ?? missing();
    await this.#writeAbout(folder, { about, begunAt });
  }

  async find(project: ProjectId, id: UploadId): Promise<SpooledUpload | undefined> {
    const folder = await unlessMissing(this.#folderOf(project, id));
    return folder === undefined ? undefined : uploadIn(folder, id);
  }

  begun(project: ProjectId, id: UploadId): Promise<BegunUpload | undefined> {
    return unlessMissing(this.#folderOf(project, id).then((folder) => begunUpload(folder, id)));
  }

  async bytesBeside(project: ProjectId, id: UploadId, number: number): Promise<number> {
    const folder = await unlessMissing(this.#folderOf(project, id));
    const parts = partsOf(folder === undefined ? [] : await filesOf(folder));
    return [...parts.values()].reduce((sum, part) => sum + (part.number === number ? 0 : part.size), 0);
  }

  async *list(project: ProjectId): AsyncGenerator<SpooledUpload> {
    const folder = join(this.#root, projectId(project));
    for (const { name } of await foldersIn(folder)) {
      const upload = isUploadId(name) ? await uploadIn(join(folder, name), name) : undefined;
      if (upload) yield upload;
    }
  }

  async putPart(
    project: ProjectId,
    id: UploadId,
    number: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<SpooledPart> {
    // an error that comes before anybody reads it is found when it is read
    source.on('error', () => {});
    const begun = async () => {
      requirePartNumber(number);
      return { folder: await this.#folderOf(project, id), file: await this.#temporary.create() };
    };
    const { folder, file } = await begun().catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    try {
      const { size, md5 } = await file.fill(source, signal);
      const before = await filesOf(folder, number);
      const when = laterThan(before);
      await inUpload('store a part of an upload', async () => {
        await file.moveTo(join(folder, partName(number, when, md5)));
        await syncFolder(folder);
        for (const { path } of before) await rm(path, { force: true });
      });
      return { number, size, md5, storedAt: new Date() };
    } catch (error) {
      await file.discard().catch(() => {});
      throw error;
    }
  }

  async append(
    project: ProjectId,
    id: UploadId,
    number: number,
    at: number,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<number> {
    source.on('error', () => {});
    const handle = await this.#openToAppend(project, id, number, at).catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    try {
      let size = at;
      try {
        await this.#temporary.append(handle, source, signal, (bytes) => (size += bytes));
      } finally {
        // also when it breaks off: what has come is there
        await onDisk('write a part of an upload', () => handle.datasync());
      }
      return size;
    } finally {
      await handle.close();
    }
  }

  async fileOf(project: ProjectId, id: UploadId, number: number): Promise<WholeFile> {
    const files = await filesOf(await this.#folderOf(project, id), number);
    const { path, size } = partsOf(files).get(number) ?? missing();
    return { path, size };
  }

  read(project: ProjectId, id: UploadId, parts: readonly NamedPart[]): Readable {
    const place = placeOf(project, id);
    return Readable.from(this.#chunks(place, parts), { objectMode: false, highWaterMark: READ_BYTES });
  }

  async end(project: ProjectId, id: UploadId): Promise<void> {
    placeOf(project, id);
    const uploads = await unlessMissing(this.#folderAt([project]));
    if (uploads === undefined) return;
    const folder = join(uploads, id);
    await onDisk('end an upload', () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  }

  async removeAll(project: ProjectId): Promise<void> {
    const folder = join(this.#root, projectId(project));
    await onDisk('end the uploads of a project', async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      await syncFolder(this.#root);
    });
  }

  async removeOlder(than: Date, signal?: AbortSignal): Promise<number> {
    let removed = 0;
    for (const { name: project } of await foldersIn(this.#root))
      for (const { name: id } of isProjectId(project) ? await foldersIn(join(this.#root, project)) : []) {
        signal?.throwIfAborted();
        if (!isProjectId(project) || !isUploadId(id)) continue;
        if ((await begunIn(join(this.#root, project, id))) >= than) continue;
        await this.end(project, id);
        removed++;
      }
    await onDisk('remove temporary files that were left', () => this.#temporary.removeLeft());
    return removed;
  }

  async *#chunks(place: readonly string[], named: readonly NamedPart[]): AsyncGenerator<Buffer> {
    const parts = partsOf(await filesOf(await this.#folderAt(place)));
    for (const { number, md5 } of named) {
      const part = parts.get(number) ?? missing();
      if (part.md5 !== md5) missing();
      const handle = await inUpload('read an upload', () => open(part.path, READ));
      // closes it, also when whoever reads goes away
      for await (const chunk of handle.createReadStream({ highWaterMark: READ_BYTES })) yield chunk as Buffer;
    }
  }

  /** At `at`, with nothing behind it. */
  async #openToAppend(project: ProjectId, id: UploadId, number: number, at: number): Promise<FileHandle> {
    requirePartNumber(number);
    const folder = await this.#folderOf(project, id);
    const part = partsOf(await filesOf(folder, number)).get(number);
    if (at > (part?.size ?? 0)) throw new RangeError('behind the end of a part');
    return inUpload('write a part of an upload', async () => {
      const path = join(folder, partName(number, part?.when ?? laterThan([]), APPENDED));
      if (part && part.path !== path) await rename(part.path, path);
      if (part?.isShared) await this.#copyOf(path);
      const handle = await open(path, APPEND, FILE_MODE);
      try {
        await handle.truncate(at);
        if (!part) await syncFolder(folder);
        return handle;
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** In the place of a file that a store has, too. */
  async #copyOf(path: string): Promise<void> {
    const file = await this.#temporary.create();
    try {
      await copyFile(path, file.path);
      await file.moveTo(path);
    } catch (error) {
      await file.discard().catch(() => {});
      throw error;
    }
  }

  #folderOf(project: ProjectId, id: UploadId): Promise<string> {
    return this.#folderAt(placeOf(project, id));
  }

  #folderAt(place: readonly string[]): Promise<string> {
    return inUpload('look at an upload', () => folderBelow(this.#root, place, false));
  }

  async #writeAbout(folder: string, about: About): Promise<void> {
    const file = await this.#temporary.create();
    try {
      await file.fill(Readable.from([Buffer.from(JSON.stringify(about))]));
      await inUpload('note an upload', async () => {
        await file.moveTo(join(folder, ABOUT));
        await syncFolder(folder);
      });
    } catch (error) {
      await file.discard().catch(() => {});
      throw error;
    }
  }
}

function placeOf(project: ProjectId, id: UploadId): readonly string[] {
  if (!isUploadId(id)) throw new TypeError('not an id of an upload');
  return [projectId(project), id];
}

function requirePartNumber(number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS)
    throw new RangeError('not a number of a part');
}
