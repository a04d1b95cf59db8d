import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

export interface RoundsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
  /** what stands in the log when a round fails; the next one comes all the same */
  readonly failed: string;
}

/** One round at once and one every so often, each after the one before it. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #round: () => Promise<void>;
  #stopping = new AbortController();
  #going: Promise<void> = Promise.resolve();

  constructor(options: RoundsOptions, round: () => Promise<void>) {
    this.#options = options;
    this.#round = round;
  }

  /** May be called again after `stop`. */
  start(): void {
    this.#stopping = new AbortController();
    this.#going = this.#go(this.#stopping.signal);
  }

  /** Lets the round under way finish. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#going;
  }

  async #go(signal: AbortSignal): Promise<void> {
    const { clock, log, everyMs, failed } = this.#options;
    while (!signal.aborted) {
      await this.#round().catch((error: unknown) => log.warn({ err: error }, failed));
      await clock.sleep(everyMs, signal);
    }
  }
}
