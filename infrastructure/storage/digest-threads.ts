/**
 * MD5 beside the loop that everybody's requests share: it would take more of that than all else that is done with a large
 * body. A thread reads a file behind whoever writes it. One that ends by itself has the uploads fail that it was at, and the
 * next one starts another.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { unavailable, type Unavailable } from '../../application/errors.ts';
import { compileCache } from '../process/compile-cache.ts';
import type { FromThread, ToThread } from './digest-thread.ts';

const ENTRY = new URL('digest-thread.ts', import.meta.url);
const HEAP_MB = 32;
/** one core is for all else */
const MOST_THREADS = Math.max(1, Math.min(4, availableParallelism() - 1));
/** of less it costs more to tell a thread */
const ALONE_BYTES = 128 * 1024;

export class DigestThreads {
  readonly #entry: URL;
  readonly #most: number;
  readonly #threads = new Set<DigestThread>();

  /** @param entry what runs in them; tests give something else */
  constructor(most = MOST_THREADS, entry = ENTRY) {
    this.#most = most;
    this.#entry = entry;
  }

  /** Of a file that is being written from its beginning on. One of `end` and `drop` has to be called. */
  of(path: string): WrittenDigest {
    return new WrittenDigest(path, () => this.#idlest());
  }

  /** Of a file that nobody writes to any more. @param size of it @returns hexadecimal digits @throws {Unavailable} */
  ofWhole(path: string, size: number): Promise<string> {
    const followed = this.#idlest().follow(path);
    followed.tell(size, true);
    return followed.digest;
  }

  #idlest(): DigestThread {
    const [idlest] = [...this.#threads].sort((one, other) => one.busyWith - other.busyWith);
    if (idlest && (idlest.busyWith === 0 || this.#threads.size >= this.#most)) return idlest;
    const started = new DigestThread(this.#entry, () => this.#threads.delete(started));
    this.#threads.add(started);
    return started;
  }
}

/** Threads take no memory before somebody needs one. */
export const DIGEST_THREADS = new DigestThreads();

/** The MD5 of a file that is being written: by a thread, but of a small one. */
export class WrittenDigest {
  readonly #path: string;
  readonly #idlest: () => DigestThread;
  readonly #alone = createHash('md5');
  #size = 0;
  #written = 0;
  #followed: Followed | undefined;

  constructor(path: string, idlest: () => DigestThread) {
    this.#path = path;
    this.#idlest = idlest;
  }

  /** Of what was told. */
  get size(): number {
    return this.#size;
  }

  /** @param chunk what is written next */
  update(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= ALONE_BYTES) this.#alone.update(chunk);
  }

  /** So much more of what was told is in the file. */
  written(bytes: number): void {
    this.#written += bytes;
    if (this.#size <= ALONE_BYTES) return;
    this.#followed ??= this.#idlest().follow(this.#path);
    this.#followed.tell(this.#written, false);
  }

  /** When all of it was written. @returns hexadecimal digits @throws {Unavailable} */
  async end(): Promise<string> {
    if (!this.#followed) return this.#alone.digest('hex');
    this.#followed.tell(this.#written, true);
    return this.#followed.digest;
  }

  /** Nobody wants to know any more. */
  drop(): void {
    this.#followed?.drop();
  }
}

interface Followed {
  readonly digest: Promise<string>;
  tell(written: number, isAll: boolean): void;
  drop(): void;
}

class DigestThread {
  readonly #worker: Worker;
  readonly #awaited = new Map<number, PromiseWithResolvers<string>>();
  #lastId = 0;

  /** @param over called when it has ended */
  constructor(entry: URL, over: () => void) {
    this.#worker = new Worker(entry, {
      name: 'digest',
      // it needs none of the secrets in ours
      env: compileCache(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.#worker.unref();
    let cause: unknown;
    this.#worker.on('error', (error) => (cause = error));
    this.#worker.on('message', (said: FromThread) => {
      const awaited = this.#settled(said.id);
      if ('md5' in said) awaited?.resolve(said.md5);
      else awaited?.reject(failed(said.fault));
    });
    this.#worker.once('exit', () => {
      over();
      for (const id of this.#awaited.keys()) this.#settled(id)?.reject(failed(cause));
    });
  }

  get busyWith(): number {
    return this.#awaited.size;
  }

  follow(path: string): Followed {
    const id = ++this.#lastId;
    const awaited = Promise.withResolvers<string>();
    // whoever waits for it hears of it
    awaited.promise.catch(() => {});
    this.#awaited.set(id, awaited);
    this.#worker.ref();
    return {
      digest: awaited.promise,
      tell: (written, isAll) => this.#tell({ id, path, written, isAll }),
      drop: () => {
        this.#tell({ id, isDropped: true });
        this.#settled(id);
      },
    };
  }

  /** Of what nobody waits for any more it knows nothing. */
  #tell(asked: ToThread): void {
    if (this.#awaited.has(asked.id)) this.#worker.postMessage(asked);
  }

  #settled(id: number): PromiseWithResolvers<string> | undefined {
    const awaited = this.#awaited.get(id);
    this.#awaited.delete(id);
    if (this.#awaited.size === 0) this.#worker.unref();
    return awaited;
  }
}

const failed = (cause: unknown): Unavailable =>
  unavailable('storage', 'work out the checksum of a file', cause);
