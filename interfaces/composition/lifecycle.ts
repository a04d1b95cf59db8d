import type { Log } from '../../application/ports/log.ts';

export interface Part {
  readonly name: string;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  /** how long it may take to stop before the next one is stopped all the same */
  readonly stopWithinMs: number;
}

/**
 * Starts parts in order and stops them in reverse, each within its bound. The container's own unbinding runs
 * in the order of bindings and knows no bounds, so the order stands here.
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #started: Part[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws what a part threw; those before it are stopped again */
  async start(part: Part): Promise<void> {
    const startedAt = performance.now();
    try {
      await part.start();
    } catch (error) {
      // half of it may stand
      await this.#stop(part);
      await this.stop();
      throw error;
    }
    this.#started.push(part);
    this.#log.debug({ part: part.name, tookMs: Math.round(performance.now() - startedAt) }, 'started');
  }

  async stop(): Promise<void> {
    for (let part = this.#started.pop(); part; part = this.#started.pop()) await this.#stop(part);
  }

  async #stop(part: Part): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), part.stopWithinMs);
    });
    try {
      const outcome = await Promise.race([part.stop(), late]);
      if (outcome === 'late') this.#log.warn({ part: part.name }, 'did not stop in time');
    } catch (error) {
      this.#log.warn({ part: part.name, err: error }, 'did not stop cleanly');
    } finally {
      clearTimeout(timer);
    }
  }
}
