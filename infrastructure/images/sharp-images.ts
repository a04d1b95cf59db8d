/** Pictures changed by sharp, in processes of their own: few at once, in turns that are fair among projects, each within limits. */
import { availableParallelism, totalmem } from 'node:os';
import { Readable } from 'node:stream';
import { FairTurns, type TurnLimits } from '../../application/background/fair-turns.ts';
import { unavailable } from '../../application/errors.ts';
import {
  ImageRefused,
  type ImageSource,
  type ImageTransformer,
  type TransformedImage,
} from '../../application/ports/image-transformer.ts';
import type { ImageTransformation } from '../../domain/storage/image-transformation.ts';
import { ImageProgram } from './image-program.ts';

export interface ImageLimits extends TurnLimits {
  /** of the picture as it is stored */
  readonly mostBytes: number;
  /** of all of it */
  readonly mostPixels: number;
  /** for one to be read, and for it to be changed */
  readonly readMs: number;
  readonly workMs: number;
  /** a program that waits for pictures for so long is ended */
  readonly idleMs: number;
}

/** what one of that many pixels takes while it is changed, at most */
const PICTURE_BYTES = 512 * 1024 * 1024;

/** Others who sign in or ask for files want a core, too, and memory. */
export function picturesAtOnce(cores: number, memoryBytes: number): number {
  return Math.max(1, Math.min(Math.floor(cores / 2), Math.floor(memoryBytes / PICTURE_BYTES) - 1));
}

const LIMITS: ImageLimits = {
  concurrency: picturesAtOnce(
    availableParallelism(),
    Math.min(totalmem(), process.constrainedMemory() || Infinity),
  ),
  queueLength: 256,
  maxWaitMs: 20_000,
  mostBytes: 25 * 1024 * 1024,
  // what telephones take
  mostPixels: 50_000_000,
  readMs: 20_000,
  workMs: 15_000,
  idleMs: 60_000,
};

export class SharpImages implements ImageTransformer {
  readonly #limits: ImageLimits;
  readonly #turns: FairTurns;
  readonly #programs = new Set<ImageProgram>();
  readonly #idle = new Map<ImageProgram, NodeJS.Timeout>();

  constructor(limits: Partial<ImageLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#turns = new FairTurns(this.#limits, () =>
      unavailable('storage', 'change the picture: too many are waiting already'),
    );
  }

  get load() {
    return this.#turns.load;
  }

  async transform(
    source: ImageSource,
    transformation: ImageTransformation,
    signal?: AbortSignal,
  ): Promise<TransformedImage> {
    return this.#turns.inTurn(source.project, '', async () => {
      signal?.throwIfAborted();
      const bytes = await this.#read(source, signal);
      const answer = await this.#change(bytes, transformation, signal);
      return {
        mediaType: answer.mediaType,
        size: answer.bytes.length,
        bytes: Readable.from([answer.bytes], { objectMode: false }),
      };
    });
  }

  /** Nothing is kept here. */
  forget(): Promise<void> {
    return Promise.resolve();
  }

  /** Those that work are ended as well. */
  stop(): void {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const program of this.#programs) program.end();
    this.#idle.clear();
  }

  async #read({ open }: ImageSource, signal: AbortSignal | undefined): Promise<Buffer> {
    const { mostBytes, readMs } = this.#limits;
    const late = AbortSignal.timeout(readMs);
    const tooLate = () => unavailable('storage', 'read the picture in time');
    const until = signal ? AbortSignal.any([signal, late]) : late;
    const { size, bytes } = await open(until).catch((error: unknown) => {
      throw late.aborted && !signal?.aborted ? tooLate() : error;
    });
    const stop = () => bytes.destroy(signal?.aborted ? (signal.reason as Error) : tooLate());
    until.addEventListener('abort', stop, { once: true });
    try {
      if (size > mostBytes) throw new ImageRefused('large');
      return await collect(bytes, mostBytes);
    } finally {
      until.removeEventListener('abort', stop);
      bytes.destroy();
    }
  }

  async #change(bytes: Buffer, transformation: ImageTransformation, signal: AbortSignal | undefined) {
    const { workMs, mostPixels } = this.#limits;
    const late = AbortSignal.timeout(workMs);
    const program = this.#take();
    try {
      const answer = await program.run(
        { bytes, transformation, mostPixels },
        signal ? AbortSignal.any([signal, late]) : late,
      );
      if ('fault' in answer) throw new ImageRefused(answer.fault);
      return answer;
    } catch (error) {
      if (late.aborted && !signal?.aborted) throw new ImageRefused('slow');
      throw error;
    } finally {
      this.#giveBack(program);
    }
  }

  #take(): ImageProgram {
    for (const [program, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(program);
      if (program.isAlive) return program;
      this.#programs.delete(program);
    }
    const program = new ImageProgram();
    this.#programs.add(program);
    return program;
  }

  #giveBack(program: ImageProgram): void {
    if (!program.isAlive) return this.#end(program);
    const timer = setTimeout(() => this.#end(program), this.#limits.idleMs);
    timer.unref();
    this.#idle.set(program, timer);
  }

  #end(program: ImageProgram): void {
    this.#idle.delete(program);
    this.#programs.delete(program);
    program.end();
  }
}

/** What its store says of its size may be wrong. */
async function collect(bytes: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += (chunk as Buffer).length;
    if (size > most) throw new ImageRefused('large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
