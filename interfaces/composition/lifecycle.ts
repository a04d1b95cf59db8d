import type { Log } from '../../application/ports/log.ts';
import { unlessAborted, within } from '../../application/background/deadline.ts';

export interface Part {
  readonly name: string;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  /** how long it may take to stop before the next one is stopped all the same */
  readonly stopWithinMs: number;
}

/** Somebody asked for a stop before everything had started. */
export class StartInterrupted extends Error {
  constructor() {
    super('stopped while it started');
  }
}

/**
 * Starts parts in order and stops them in reverse, each within its bound. The container's own unbinding runs
 * in the order of bindings and knows no bounds, so the order stands here.
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #interrupted: AbortSignal | undefined;
  readonly #started: Part[] = [];

  /** @param interrupted ends a start that is under way, whatever it waits for */
  constructor(log: Log, interrupted?: AbortSignal) {
    this.#log = log;
    this.#interrupted = interrupted;
  }

  /** @throws what a part threw, or {@link StartInterrupted}; those before it are stopped again */
  async start(part: Part): Promise<void> {
    if (this.#interrupted?.aborted) {
      await this.stop();
      throw new StartInterrupted();
    }
    const startedAt = performance.now();
    const starting = part.start();
    try {
      await orInterrupted(starting, this.#interrupted);
    } catch (error) {
      // half of it may stand
      await this.#stop(part);
      // and the other half a moment later
      if (error instanceof StartInterrupted) {
        const { stopWithinMs } = part;
        await this.#stop({
          name: part.name,
          stopWithinMs,
          stop: () =>
            starting.then(
              () => part.stop(),
              () => {},
            ),
        });
      }
      await this.stop();
      throw error;
    }
    this.#started.push(part);
    this.#log.debug({ part: part.name, tookMs: Math.round(performance.now() - startedAt) }, 'started');
  }

  async stop(): Promise<void> {
    for (let part = this.#started.pop(); part; part = this.#started.pop()) await this.#stop(part);
  }

  async #stop(part: Omit<Part, 'start'>): Promise<void> {
    try {
      const late = () => this.#log.warn({ part: part.name }, 'did not stop in time');
      await within(part.stopWithinMs, part.stop(), late);
    } catch (error) {
      this.#log.warn({ part: part.name, err: error }, 'did not stop cleanly');
    }
  }
}

/** @throws {StartInterrupted} */
export async function orInterrupted<T>(
  starting: Promise<T>,
  interrupted: AbortSignal | undefined,
): Promise<T> {
  return unlessAborted(starting, interrupted, () => {
    throw new StartInterrupted();
  });
}
