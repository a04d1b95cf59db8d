/**
 * Turns many appends into few transactions: at most one is in flight, everything that arrives meanwhile goes
 * into the next. Each caller gets an outcome of its own.
 */
import { Unavailable } from '../../application/errors.ts';
import type { Appended } from '../../application/ports/event-store.ts';
import type { AppendRequest } from './append-request.ts';

/** One outcome per request, in order. Throwing means that nothing was written, for the reason thrown. */
export type Commit = (batch: readonly AppendRequest[]) => Promise<readonly (Appended | Error)[]>;

interface Waiting {
  readonly request: AppendRequest;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

const MAX_BATCH = 500;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_WAITING = 10_000;

export class GroupCommit {
  readonly #commit: Commit;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  append(request: AppendRequest): Promise<Appended> {
    if (this.#closed) return Promise.reject(new Unavailable('append to the log: it is closing'));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new Unavailable('append to the log: too many appends wait'));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    this.#waiting.push({ request, resolve, reject });
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Refuses new appends and waits for those that were accepted. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // whatever is appended in the same turn goes together
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settle(this.#nextBatch());
    this.#draining = undefined;
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#waiting) {
      bytes += request.sizeBytes;
      // the first goes whatever its size
      if (count > 0 && (count === MAX_BATCH || bytes > MAX_BATCH_BYTES)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#commit(batch.map(({ request }) => request));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index] ?? new Error('the log gave no outcome for an append');
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
