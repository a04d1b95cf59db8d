/**
 * Turns many appends into few transactions: at most one is in flight, everything that arrives meanwhile goes
 * into the next. Each caller gets an outcome of its own.
 */
import { unavailable } from '../../../application/errors.ts';
import type { Appended } from '../../../application/ports/event-store.ts';
import type { AppendRequest } from './append-request.ts';

/** One outcome per request, in order. Throwing means that nothing was written, for the reason thrown. */
export type Commit = (batch: readonly AppendRequest[]) => Promise<readonly (Appended | Error)[]>;

interface Waiting {
  readonly request: AppendRequest;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

const MAX_BATCH = 500;
/** so many are never parted */
const FEW = 16;
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
    if (this.#closed) return Promise.reject(unavailable('log', 'append to the log: it is closing'));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(unavailable('log', 'append to the log: too many appends wait'));
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
    let before: { readonly size: number; tell(): void } = { size: 0, tell() {} };
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch(before.size);
      const writing = this.#write(batch);
      // whose appends are done go on while the next are written
      before.tell();
      before = { size: batch.length, tell: await writing };
      if (this.#waiting.length === 0) {
        before.tell();
        before = { size: batch.length, tell() {} };
        await Promise.resolve();
      }
    }
    before.tell();
    this.#draining = undefined;
  }

  /**
   * About half of all who append, when they are many: then the log writes for one half while the other half
   * prepares what comes next, and neither waits for the other. Two appends of one batch never share an event id.
   */
  #nextBatch(justWritten: number): Waiting[] {
    const most = Math.min(MAX_BATCH, Math.max(FEW, Math.ceil((this.#waiting.length + justWritten) / 2)));
    const ids = new Set<string>();
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#waiting) {
      bytes += request.sizeBytes;
      // the first goes whatever its size
      if (count > 0 && (count === most || bytes > MAX_BATCH_BYTES)) break;
      if (request.events.some(({ id }) => ids.has(id))) break;
      for (const { id } of request.events) ids.add(id);
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** @returns tells everybody their outcome */
  async #write(batch: readonly Waiting[]): Promise<() => void> {
    try {
      const outcomes = await this.#commit(batch.map(({ request }) => request));
      return () => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index] ?? new Error('the log gave no outcome for an append');
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        }
      };
    } catch (error) {
      return () => {
        for (const { reject } of batch) reject(error);
      };
    }
  }
}
