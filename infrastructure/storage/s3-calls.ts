/** How calls of S3 end: in bounded time, and with errors that the port knows. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { within } from '../../application/background/deadline.ts';
import { pause } from '../../application/background/pause.ts';
import { Unavailable, unavailable } from '../../application/errors.ts';
import { BytesMissing, StoreFull, type ByteRange } from '../../application/ports/object-store.ts';

export interface S3Patience {
  /** for an answer, with all tries of it */
  readonly answerMs: number;
  /** for an object to be made of its parts: servers may take minutes */
  readonly joinMs: number;
  /** while nothing moves */
  readonly idleMs: number;
  /** between two tries to send bytes */
  readonly pauseMs: number;
}

const PATIENCE: S3Patience = { answerMs: 15_000, joinMs: 300_000, idleMs: 15_000, pauseMs: 500 };
const TRIES = 3;
const CHUNK_BYTES = 256 * 1024;
const FULL = [
  'QuotaExceeded',
  'StorageFull',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'InsufficientCapacity',
];

/** It can be read again and again. */
export interface ReadableFile {
  /** both ends included */
  read(first: number, last: number): Readable;
}

export class S3Calls {
  readonly #patience: S3Patience;

  constructor(patience: Partial<S3Patience>) {
    this.#patience = { ...PATIENCE, ...patience };
  }

  /** The answer's head. @throws {BytesMissing} @throws {StoreFull} @throws {Unavailable} @throws the signal's reason */
  ask<T>(attempted: string, call: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#watch(attempted, this.#patience.answerMs, signal, (watch) => call(watch.signal));
  }

  /** The same, of what takes longer. */
  join<T>(attempted: string, call: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#watch(attempted, this.#patience.joinMs, signal, (watch) => call(watch.signal));
  }

  /** Bytes of a file, again from their beginning when a try failed. */
  async send<T>(
    attempted: string,
    file: ReadableFile,
    range: ByteRange,
    signal: AbortSignal | undefined,
    call: (body: Readable | Buffer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#watch(attempted, this.#patience.idleMs, signal, async (watch) => {
          if (range.last < range.first) return call(Buffer.alloc(0), watch.signal);
          const body = Readable.from(told(file.read(range.first, range.last), watch), {
            objectMode: false,
            highWaterMark: CHUNK_BYTES,
          });
          // told by the call, too
          body.on('error', () => {});
          try {
            return await call(body, watch.signal);
          } finally {
            body.destroy();
          }
        });
      } catch (error) {
        if (attempt === TRIES || signal?.aborted || error instanceof StoreFull) throw error;
        await pause(this.#patience.pauseMs * attempt, signal);
      }
    }
  }

  /** Fails when whoever reads waits for bytes that do not come; who does not read may take as long as they like. */
  watched(body: Readable): Readable {
    const bytes = Readable.from(inTime(body, this.#patience.idleMs), {
      objectMode: false,
      highWaterMark: CHUNK_BYTES,
    });
    // what nobody begins to read ends nothing by itself, and would keep its connection
    bytes.once('close', () => body.destroy());
    return bytes;
  }

  async #watch<T>(
    attempted: string,
    ms: number,
    signal: AbortSignal | undefined,
    work: (watch: Watch) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const watch = new Watch(ms);
    const stop = () => watch.stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await work(watch);
    } catch (error) {
      signal?.throwIfAborted();
      throw faultOf(attempted, error);
    } finally {
      watch.end();
      signal?.removeEventListener('abort', stop);
    }
  }
}

/** Aborts when nothing was seen for so long. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.stop(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  seen(): void {
    this.#timer.refresh();
  }

  stop(): void {
    this.#controller.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function* told(bytes: Readable, watch: Watch): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    watch.seen();
    yield chunk as Buffer;
  }
}

async function* inTime(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
  const late = () => {
    throw unavailable('storage', 'read on in the bytes of a file');
  };
  try {
    for (;;) {
      const next = await within(idleMs, chunks.next(), late);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw faultOf('read on in the bytes of a file', error);
  } finally {
    body.destroy();
  }
}

function faultOf(attempted: string, error: unknown): Error {
  if (error instanceof Unavailable) return error;
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode;
    if (error.name === 'NoSuchKey' || error.name === 'NotFound') return new BytesMissing();
    if (status === 507 || FULL.includes(error.name)) return new StoreFull();
  }
  return unavailable('storage', attempted, error);
}
