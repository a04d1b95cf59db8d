/**
 * Uploads in parts that become objects, and those that have: their clients ask again when an answer did not reach them, and are
 * told the same. What failed is tried anew. Known to this process alone, and for a while.
 */
import type { Clock } from '../../application/ports/clock.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import { sha256 } from './signature.ts';

const KEPT_MS = 15 * 60_000;
const MOST_KEPT = 10_000;

/** What of an object its client is told. */
export type Told = Pick<StoredObject, 'id' | 'version' | 'metadata'>;

interface Completion {
  readonly work: Promise<Told>;
  /** by the clock; undefined: it is under way */
  readonly doneMs: number | undefined;
}

export class Completions {
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #known = new Map<string, Completion>();

  constructor(clock: Pick<Clock, 'elapsedMs'>) {
    this.#clock = clock;
  }

  /** @param asked all that makes a request the same as another: who asks, for which upload, with which parts */
  once(asked: unknown, begin: () => Promise<Told>): Promise<Told> {
    this.#forgetOld();
    const key = sha256(JSON.stringify(asked));
    const known = this.#known.get(key);
    if (known) return known.work;
    const completion: Completion = { work: begin(), doneMs: undefined };
    this.#known.set(key, completion);
    completion.work.then(
      ({ id, version, metadata }) => {
        // behind those that were done before
        this.#known.delete(key);
        const work = Promise.resolve({ id, version, metadata });
        this.#known.set(key, { work, doneMs: this.#clock.elapsedMs() });
      },
      () => this.#known.delete(key),
    );
    return completion.work;
  }

  #forgetOld(): void {
    const since = this.#clock.elapsedMs() - KEPT_MS;
    let left = this.#known.size;
    for (const [key, { doneMs }] of this.#known) {
      if (doneMs === undefined) continue;
      if (doneMs > since && left < MOST_KEPT) return;
      this.#known.delete(key);
      left--;
    }
  }
}
