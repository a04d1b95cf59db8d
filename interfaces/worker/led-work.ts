/**
 * Work that one of several processes does: the one whose session holds the lock. The others stand by and take
 * over within a second or two of its end. That two believe to lead for a moment is harmless: every step is
 * recorded at the revision that it was decided on.
 */
import type { Log } from '../../application/ports/log.ts';
import { Leadership, type OpenSession } from '../../projections/leadership.ts';
import { within } from '../../application/background/deadline.ts';
import { keepAtIt } from '../../application/background/keep-at-it.ts';

export interface LedWorkOptions {
  readonly name: string;
  /** direct, not through a pooler that shares sessions */
  readonly openSession: OpenSession;
  readonly log: Log;
  /** may be called again after `stop` */
  readonly work: { start(): Promise<void>; stop(): Promise<void> };
}

const STANDING_BY_AFTER_MS = 1_500;
const PAUSE_MS = 500;

export class LedWork {
  readonly #options: LedWorkOptions;
  readonly #stopping = new AbortController();
  readonly #begun = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #leading = false;

  constructor(options: LedWorkOptions) {
    this.#options = options;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Resolves when the work has begun, or when somebody else seems to do it. */
  async start(): Promise<void> {
    this.#running = this.#run();
    await within(STANDING_BY_AFTER_MS, this.#begun.promise, () => {});
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  #run(): Promise<void> {
    const { name, log } = this.#options;
    return keepAtIt((signal) => this.#lead(signal), {
      signal: this.#stopping.signal,
      backOff: { next: () => PAUSE_MS },
      failed: (error) => log.warn({ work: name, err: error }, 'nobody here leads; trying again'),
    });
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { name, openSession, work } = this.#options;
    const leadership = await Leadership.win(openSession, name, signal);
    if (!leadership) return;
    try {
      await work.start();
      this.#leading = true;
      this.#begun.resolve();
      await aborted(AbortSignal.any([signal, leadership.lost]));
    } finally {
      this.#leading = false;
      await work.stop();
      await leadership.end();
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
