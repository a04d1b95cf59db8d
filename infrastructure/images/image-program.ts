import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { unavailable } from '../../application/errors.ts';
import { ImageRefused } from '../../application/ports/image-transformer.ts';
import type { ImageAnswer, ImageJob } from './image-job.ts';

const MAIN = join(import.meta.dirname, 'image-program-main.ts');

/** One process that changes pictures, one at a time. */
export class ImageProgram {
  readonly #child: ChildProcess;
  readonly #ended: Promise<undefined>;
  /** false: it ended before it was */
  readonly #isReady: Promise<boolean>;

  constructor() {
    this.#child = fork(MAIN, {
      // nothing of ours is for it, and what libraries have to say of strangers' pictures is no line of our log
      env: {},
      cwd: '/',
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#ended = promise;
    this.#child.once('exit', () => resolve(undefined));
    // it does not begin, or a picture is sent to one that has just ended
    this.#child.on('error', () => {
      resolve(undefined);
      this.end();
    });
    const ready = once(this.#child, 'message').then(
      () => true,
      () => false,
    );
    this.#isReady = Promise.race([ready, promise.then(() => false)]);
    this.#rest();
  }

  get isAlive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * It is ended when the signal aborts, and is no good after that.
   * @throws {ImageRefused} `broken`: the picture, or what it had the program do, ended it
   * @throws {Unavailable} it does not begin @throws the signal's reason
   */
  async run(job: ImageJob, signal: AbortSignal): Promise<ImageAnswer> {
    const settled = new AbortController();
    const stop = () => this.end();
    signal.addEventListener('abort', stop, { once: true });
    this.#child.ref();
    this.#child.channel?.ref();
    try {
      signal.throwIfAborted();
      const isReady = await this.#isReady;
      signal.throwIfAborted();
      if (!isReady) throw unavailable('storage', 'start the program that changes pictures');
      const answer = once(this.#child, 'message', { signal: settled.signal }).catch(() => undefined);
      this.#child.send(job);
      const first = await Promise.race([answer, this.#ended]);
      signal.throwIfAborted();
      if (!first) throw new ImageRefused('broken');
      return first[0] as ImageAnswer;
    } finally {
      signal.removeEventListener('abort', stop);
      settled.abort();
      this.#rest();
    }
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  /** Nobody's process stays because it waits for pictures. */
  #rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
  }
}
