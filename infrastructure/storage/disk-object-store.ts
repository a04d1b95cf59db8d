/**
 * Bytes in files: `objects/<project>/<the version's first two digits>/<version>`. A file is written elsewhere and gets its
 * name when it is whole and durable, so whatever has a name is whole. Nothing that a user chooses is part of a path.
 */
import type { Dirent } from 'node:fs';
import { link, lstat, open, readdir, rm, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { inParallel } from '../../application/background/in-parallel.ts';
import {
  BytesMissing,
  isObjectVersion,
  type ByteRange,
  type ObjectStore,
  type ObjectVersion,
  type StoredBytes,
  type StoredVersion,
  type Taken,
  type WholeFile,
} from '../../application/ports/object-store.ts';
import { isProjectId, projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { digestOf } from './digest-of.ts';
import { DIGEST_THREADS, type DigestThreads } from './digest-threads.ts';
import { codeOf, onDisk } from './disk-fault.ts';
import { FileBytes } from './file-bytes.ts';
import { folderBelow, ownFolder, syncFolder } from './safe-folders.ts';
import { READ, readFrom, TemporaryFiles } from './temporary-files.ts';

const AT_ONCE = 16;
/** the file is on another disk, or this one gives a file one name only */
const NOT_LINKED: readonly unknown[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'];

export class DiskObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #temporary: TemporaryFiles;
  readonly #digests: DigestThreads;

  private constructor(root: string, temporary: TemporaryFiles, digests: DigestThreads) {
    this.#root = root;
    this.#temporary = temporary;
    this.#digests = digests;
  }

  /** @param folder of this store alone; made when it is missing */
  static async open(folder: string, digests = DIGEST_THREADS): Promise<DiskObjectStore> {
    const root = join(folder, 'objects');
    await onDisk('make the folder of files', async () => {
      await ownFolder(folder);
      await ownFolder(root);
    });
    const temporary = await TemporaryFiles.open(join(folder, 'temporary'), digests);
    return new DiskObjectStore(root, temporary, digests);
  }

  async put(
    project: ProjectId,
    version: ObjectVersion,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<StoredBytes> {
    const [parts, name] = placeOf(project, version);
    // an error that comes before anybody reads it is found when it is read
    source.on('error', () => {});
    const file = await this.#temporary.create().catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    try {
      const stored = await file.fill(source, signal);
      await onDisk('store the bytes of a file', async () => {
        const folder = await folderBelow(this.#root, parts, true);
        await file.moveTo(join(folder, name));
        await syncFolder(folder);
      });
      return stored;
    } catch (error) {
      await file.discard().catch(() => {});
      throw error;
    }
  }

  async putFile(project: ProjectId, version: ObjectVersion, { path }: WholeFile): Promise<StoredBytes> {
    const [parts, name] = placeOf(project, version);
    const handle = await onDisk('read the bytes of a file', () => open(path, READ));
    try {
      const isLinked = await onDisk('store the bytes of a file', async () => {
        await handle.datasync();
        const folder = await folderBelow(this.#root, parts, true);
        if (!(await linked(path, join(folder, name)))) return false;
        await syncFolder(folder);
        return true;
      });
      if (!isLinked) return await this.put(project, version, readFrom(handle, 0, Infinity));
      const { size } = await onDisk('look at a file', () => handle.stat());
      return { size, md5: await this.#digests.ofWhole(path, size) };
    } finally {
      await handle.close();
    }
  }

  async open(
    project: ProjectId,
    version: ObjectVersion,
    range?: ByteRange,
  ): Promise<{ readonly size: number; readonly bytes: FileBytes }> {
    const [parts, name] = placeOf(project, version);
    const handle = await missingWhenAbsent(async () =>
      open(join(await folderBelow(this.#root, parts, false), name), READ),
    );
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new BytesMissing();
      const { first, last } = range ?? { first: 0, last: found.size - 1 };
      return { size: found.size, bytes: new FileBytes(handle, first, last) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async digest(
    project: ProjectId,
    version: ObjectVersion,
    read?: (bytes: number) => Promise<void>,
  ): Promise<StoredBytes> {
    return digestOf((await this.open(project, version)).bytes, read);
  }

  async remove(project: ProjectId, versions: readonly ObjectVersion[]): Promise<Taken> {
    const places = versions.map((version) => placeOf(project, version));
    const freed = { files: 0, bytes: 0 };
    await onDisk('remove the bytes of files', () =>
      inParallel(places, AT_ONCE, ([parts, name]) =>
        unlessAbsent(async () => {
          const path = join(await folderBelow(this.#root, parts, false), name);
          const { size } = await lstat(path);
          await unlink(path);
          freed.files++;
          freed.bytes += size;
        }),
      ),
    );
    return freed;
  }

  async removeAll(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const folder = join(this.#root, projectId(project));
    await onDisk('remove the files of a project', async () => {
      // a symbolic link is removed itself, and what it names is left alone
      const isFolder = (await lstatOf(folder))?.isDirectory() === true;
      for (const { name } of isFolder ? await entriesOf(folder) : []) {
        signal?.throwIfAborted();
        await rm(join(folder, name), { recursive: true, force: true });
      }
      // again, if an upload ends meanwhile
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      await syncFolder(this.#root);
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }

  async *list(project: ProjectId, signal?: AbortSignal): AsyncGenerator<StoredVersion> {
    const folder = join(this.#root, projectId(project));
    for (const { name } of await foldersOf(folder)) {
      signal?.throwIfAborted();
      const versions = (await entriesOf(join(folder, name)))
        .map((entry) => entry.name)
        .filter((version): version is ObjectVersion => isObjectVersion(version));
      yield* await storedIn(join(folder, name), versions);
    }
  }

  async *projects(signal?: AbortSignal): AsyncGenerator<ProjectId> {
    for (const { name } of await foldersOf(this.#root)) {
      signal?.throwIfAborted();
      if (!isProjectId(name)) continue;
      if (await hasVersions(join(this.#root, name))) yield name;
    }
  }
}

function placeOf(
  project: ProjectId,
  version: ObjectVersion,
): readonly [folders: readonly string[], name: string] {
  if (!isObjectVersion(version)) throw new TypeError('not a version of an object');
  return [[projectId(project), version.slice(0, 2)], version];
}

async function linked(path: string, name: string): Promise<boolean> {
  try {
    await link(path, name);
    return true;
  } catch (error) {
    if (NOT_LINKED.includes(codeOf(error))) return false;
    throw error;
  }
}

/** Whoever asks whether there are any waits for no look at each. */
async function hasVersions(folder: string): Promise<boolean> {
  for (const { name } of await foldersOf(folder))
    if ((await entriesOf(join(folder, name))).some((one) => one.isFile() && isObjectVersion(one.name)))
      return true;
  return false;
}

async function storedIn(folder: string, versions: readonly ObjectVersion[]): Promise<StoredVersion[]> {
  const found: StoredVersion[] = [];
  await onDisk('list files', () =>
    inParallel(versions, AT_ONCE, async (version) => {
      const file = await lstatOf(join(folder, version));
      if (file?.isFile()) found.push({ version, size: file.size, storedAt: file.mtime });
    }),
  );
  return found;
}

const foldersOf = async (folder: string): Promise<Dirent[]> =>
  (await lstatOf(folder))?.isDirectory() ? (await entriesOf(folder)).filter((one) => one.isDirectory()) : [];

/** None, when the folder went away meanwhile. */
const entriesOf = (folder: string): Promise<Dirent[]> =>
  onDisk(
    'list files',
    async () => (await unlessAbsent(() => readdir(folder, { withFileTypes: true }))) ?? [],
  );

const lstatOf = (path: string) => onDisk('look at a file', () => unlessAbsent(() => lstat(path)));

async function unlessAbsent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function missingWhenAbsent(work: () => Promise<FileHandle>): Promise<FileHandle> {
  const handle = await onDisk('read the bytes of a file', () => unlessAbsent(work));
  if (!handle) throw new BytesMissing();
  return handle;
}
