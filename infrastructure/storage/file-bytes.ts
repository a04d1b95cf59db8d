/** The bytes of a file, or of a part of it, on their way out. */
import type { FileHandle } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { BytesMissing, type OpenedBytes } from '../../application/ports/object-store.ts';

/** at a time: few ways to the disk, and 32 downloads hold a few MiB */
const PIECE_BYTES = 256 * 1024;
/** of downloads that are over, for those that begin */
const MOST_KEPT = 32;
const kept: Buffer[] = [];

export class FileBytes extends Readable implements OpenedBytes {
  readonly #handle: FileHandle;
  readonly #end: number;
  #at: number;

  /** @param handle is closed with the stream @param last included; what the file does not have any more is an error */
  constructor(handle: FileHandle, first: number, last: number) {
    super({ highWaterMark: PIECE_BYTES });
    this.#handle = handle;
    this.#at = first;
    this.#end = last + 1;
  }

  override _read(): void {
    const next = this.#left() === 0 ? Promise.resolve(null) : this.#fill(Buffer.allocUnsafe(PIECE_BYTES));
    next.then(
      (piece) => this.push(piece),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // waits for what is being read
    callbackify(() => this.#handle.close())((fault) => done(error ?? fault));
  }

  /** Two buffers in turn: one is filled while the other is sent. A new one for each piece costs three times as much. */
  async pourInto(sink: Writable): Promise<void> {
    const buffers = [bufferOf(), bufferOf()] as const;
    let sent: Promise<void> = Promise.resolve();
    try {
      for (let turn = 0; this.#left() > 0; turn++) {
        const piece = await this.#fill(buffers[turn % 2 === 0 ? 0 : 1]);
        await sent;
        sent = this.#send(sink, piece);
        // it may fail while the next piece is read
        sent.catch(() => {});
      }
      await sent;
    } finally {
      this.destroy();
    }
    // only now nobody looks at them any more
    if (kept.length < MOST_KEPT) kept.push(...buffers);
  }

  #left(): number {
    return this.#end - this.#at;
  }

  /** @throws {BytesMissing} */
  async #fill(buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, this.#left()), this.#at);
    if (bytesRead === 0) throw new BytesMissing();
    this.#at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  /** Resolves when the system has the piece; who leaves, or destroys this, ends it. */
  async #send(sink: Writable, piece: Buffer): Promise<void> {
    if (this.destroyed || sink.destroyed) throw new Error('it was broken off');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const left = () => reject(new Error('it was broken off'));
    for (const end of [this, sink]) end.once('close', left);
    sink.write(piece, (error) => (error ? reject(error) : resolve()));
    await promise.finally(() => {
      for (const end of [this, sink]) end.off('close', left);
    });
  }
}

const bufferOf = (): Buffer => kept.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
