import type { Turns } from '../../application/ports/turns.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

/** For tests of use cases: passes the same contract as the real one. */
export class InMemoryTurns implements Turns {
  readonly #turns = new KeyedQueue<string>();

  take<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(name, work);
  }
}
