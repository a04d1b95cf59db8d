/**
 * Turns many appends into few transactions: one that the log writes and one that waits for it there, everything that
 * arrives meanwhile goes into the next. Each caller gets an outcome of its own.
 */
import { unavailable } from '../../../application/errors.ts';
import type { Appended } from '../../../application/ports/event-store.ts';
import type { AppendRequest } from './append-request.ts';

/** One outcome per request, in order. Throwing means that nothing was written, for the reason thrown. */
export type Commit = (batch: readonly AppendRequest[]) => Promise<readonly (Appended | Error)[]>;

interface Waiting {
  readonly request: AppendRequest;
  readonly promise: Promise<Appended>;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

const MAX_BATCH = 500;
/** so many are not parted: to begin and end a transaction costs as much as several appends in it */
const FEW = 16;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_WAITING = 10_000;
/** one that the log writes, and one that it finds when it has done so */
const MAX_UNDER_WAY = 2;

export class GroupCommit {
  readonly #commit: Commit;
  #waiting: Waiting[] = [];
  readonly #underWay = new Set<readonly Waiting[]>();
  #gathering = false;
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
    this.#waiting.push({ request, promise, resolve, reject });
    this.#gather();
    return promise;
  }

  /** Refuses new appends and waits for those that were accepted. */
  async close(): Promise<void> {
    this.#closed = true;
    const accepted = [...[...this.#underWay].flat(), ...this.#waiting];
    await Promise.allSettled(accepted.map(({ promise }) => promise));
  }

  /** Whatever is appended in the same turn goes together. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    queueMicrotask(() => {
      this.#gathering = false;
      this.#send();
    });
  }

  /**
   * About half of all who append go at a time, when they are many: then the log writes for one half while the other half
   * prepares what comes next, and neither waits for the other. Few do not go behind many: they would make a transaction of
   * their own, and when those are done there will be more of them.
   */
  #send(): void {
    while (this.#waiting.length > 0 && this.#underWay.size < MAX_UNDER_WAY) {
      const ahead = [...this.#underWay].reduce((sum, { length }) => sum + length, 0);
      if (this.#waiting.length < ahead / 2) return;
      const batch = this.#nextBatch(Math.ceil((this.#waiting.length + ahead) / 2));
      this.#underWay.add(batch);
      void this.#write(batch);
    }
  }

  /** Two appends of one batch never share an event id. */
  #nextBatch(share: number): Waiting[] {
    const most = Math.min(MAX_BATCH, Math.max(FEW, share));
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

  async #write(batch: readonly Waiting[]): Promise<void> {
    let outcomes: readonly (Appended | Error)[] = [];
    let failure: unknown;
    try {
      outcomes = await this.#commit(batch.map(({ request }) => request));
    } catch (error) {
      failure = error;
    }
    this.#underWay.delete(batch);
    // the log shall not wait until everybody was told
    this.#send();
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) reject(failure ?? new Error('the log gave no outcome for an append'));
      else if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
  }
}
