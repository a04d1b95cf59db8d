/**
 * Files that are being written. Each process has a folder of its own for them, named after it: what one leaves that was killed
 * is removed by the next to start, and nobody removes what another is writing.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { callbackify } from 'node:util';
import type { StoredBytes } from '../../application/ports/object-store.ts';
import { processIdentity } from '../process/process-table.ts';
import { DIGEST_THREADS, type DigestThreads, type WrittenDigest } from './digest-threads.ts';
import { diskFault, onDisk } from './disk-fault.ts';
import { DiskReserve, roomOn } from './disk-reserve.ts';
import { FILE_MODE, folderBelow, ownFolder } from './safe-folders.ts';

/** of a process on a host that we cannot look at: it takes nobody so long to write a file */
const LEFT_AFTER_MS = 24 * 60 * 60 * 1000;
/** what has come in while the disk is busy is written together; an upload holds this much at most */
const GATHERED_BYTES = 512 * 1024;
/** not waiting for whatever may be at the other end of a pipe that somebody put there */
export const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW_FILE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export class TemporaryFiles {
  readonly #root: string;
  readonly #own: string;
  readonly #reserve: DiskReserve;
  readonly #digests: DigestThreads;

  private constructor(root: string, own: string, digests: DigestThreads, reserve: DiskReserve) {
    this.#root = root;
    this.#own = own;
    this.#digests = digests;
    this.#reserve = reserve;
  }

  /** Removes what others left. */
  static async open(
    root: string,
    digests = DIGEST_THREADS,
    reserve = new DiskReserve(() => roomOn(root)),
  ): Promise<TemporaryFiles> {
    const identity = (await processIdentity(process.pid)) ?? String(process.pid);
    const files = new TemporaryFiles(root, folderName(identity), digests, reserve);
    await onDisk('make the folder of temporary files', () => ownFolder(root));
    await onDisk('remove temporary files that were left', () => files.removeLeft());
    return files;
  }

  create(): Promise<TemporaryFile> {
    return onDisk('make a temporary file', async () => {
      await this.#reserve.require();
      const path = join(await folderBelow(this.#root, [this.#own], true), randomUUID());
      return new TemporaryFile(
        path,
        await open(path, NEW_FILE, FILE_MODE),
        this.#reserve,
        this.#digests.of(path),
      );
    });
  }

  /**
   * To a file of the same disk that is open for appending.
   * @param written is told how much more is there, each time that it is
   * @throws what the source fails with @throws the signal's reason @throws {StoreFull} @throws {Unavailable}
   */
  append(
    handle: FileHandle,
    source: Readable,
    signal: AbortSignal | undefined,
    written: (bytes: number) => void,
  ): Promise<void> {
    return pour(source, signal, async (chunks) => {
      await this.#reserve.require();
      await writeAll(handle, chunks, written);
    });
  }

  /** Those of processes that are no more. */
  async removeLeft(): Promise<void> {
    for (const name of await readdir(this.#root))
      if (name !== this.#own && (await isLeft(join(this.#root, name), name)))
        await rm(join(this.#root, name), { recursive: true, force: true });
  }
}

const folderName = (identity: string): string =>
  `${encodeURIComponent(hostname())} ${encodeURIComponent(identity)}`;

async function isLeft(path: string, name: string): Promise<boolean> {
  const [host, pid] = name.split(' ');
  if (host === encodeURIComponent(hostname())) {
    const running = await processIdentity(Number.parseInt(pid ?? '', 10) || 0);
    return running === undefined || folderName(running) !== name;
  }
  const files = await readdir(path).catch(() => []);
  const all = [path, ...files.map((file) => join(path, file))].map((one) =>
    lstat(one).catch(() => undefined),
  );
  const touchedAt = Math.max(...(await Promise.all(all)).map((found) => found?.mtimeMs ?? 0));
  return new Date().getTime() - touchedAt > LEFT_AFTER_MS;
}

/** Open until it is moved to where it belongs, or discarded: one of the two has to be done. */
export class TemporaryFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #reserve: DiskReserve;
  readonly #digest: WrittenDigest;

  constructor(path: string, handle: FileHandle, reserve: DiskReserve, digest: WrittenDigest) {
    this.path = path;
    this.#handle = handle;
    this.#reserve = reserve;
    this.#digest = digest;
  }

  /**
   * @param seen is told of every chunk before it is written
   * @throws what the source fails with @throws the signal's reason @throws {StoreFull} @throws {Unavailable}
   */
  async fill(
    source: Readable,
    signal?: AbortSignal,
    seen: (chunk: Buffer) => void = () => {},
  ): Promise<StoredBytes> {
    const digest = this.#digest;
    await pour(source, signal, async (chunks) => {
      for (const chunk of chunks) {
        digest.update(chunk);
        seen(chunk);
      }
      await this.#reserve.require();
      await writeAll(this.#handle, chunks, (bytes) => digest.written(bytes));
    });
    return { size: digest.size, md5: await digest.end() };
  }

  /** Durable, under a name that is for good once its folder is synced, too. */
  async moveTo(path: string): Promise<void> {
    await this.#handle.datasync();
    await rename(this.path, path);
    await this.#handle.close();
  }

  /** Both ends included. It can be read again and again. */
  read(first: number, last: number): Readable {
    return readFrom(this.#handle, first, last);
  }

  async discard(): Promise<void> {
    this.#digest.drop();
    // closing waits for what is being written
    await this.#handle.close().catch(() => {});
    await rm(this.path, { force: true });
  }
}

/** Both ends included. The file stays open: a stream of the library's own would close it when who reads breaks off. */
export const readFrom = (handle: FileHandle, first: number, last: number): Readable =>
  Readable.from(chunksOf(handle, first, last), { objectMode: false, highWaterMark: GATHERED_BYTES });

async function* chunksOf(handle: FileHandle, first: number, last: number): AsyncGenerator<Buffer> {
  for (let at = first; at <= last;) {
    const most = Math.min(GATHERED_BYTES, last - at + 1);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(most), 0, most, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** What comes while the disk is busy is written together. */
async function pour(
  source: Readable,
  signal: AbortSignal | undefined,
  write: (chunks: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  const begin = (chunks: readonly Buffer[], done: (error?: Error | null) => void) => {
    writing = write(chunks).then(() => {
      for (const chunk of chunks) letGo(chunk);
    });
    settle(writing, done);
  };
  const sink = new Writable({
    highWaterMark: GATHERED_BYTES,
    write: (chunk: Buffer, _encoding, done) => begin([chunk], done),
    writev: (chunks, done) =>
      begin(
        chunks.map(({ chunk }) => chunk as Buffer),
        done,
      ),
  });
  try {
    await pipeline(source, sink, signal ? { signal } : {});
  } catch (error) {
    // a pipeline that fails waits for nothing
    await writing.catch(() => {});
    if (signal?.aborted) throw signal.reason;
    throw error;
  }
}

/** As garbage, pieces of requests' bodies would cost more than all else that is done with them. */
function letGo(chunk: Buffer): void {
  if (chunk.length === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer)
    chunk.buffer.transfer(0);
}

function settle(work: Promise<void>, done: (error?: Error | null) => void): void {
  callbackify(async () => {
    await work.catch((error: unknown) => {
      throw diskFault('write a file', error);
    });
  })(done);
}

/** A disk that is nearly full takes less than it was given, and says so only the next time. */
async function writeAll(
  handle: FileHandle,
  chunks: readonly Buffer[],
  written: (bytes: number) => void = () => {},
): Promise<void> {
  let left = chunks.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left);
    written(bytesWritten);
    while (bytesWritten > 0) {
      const [first, ...rest] = left as [Buffer, ...Buffer[]];
      left = bytesWritten < first.length ? [first.subarray(bytesWritten), ...rest] : rest;
      bytesWritten -= Math.min(bytesWritten, first.length);
    }
  }
}
