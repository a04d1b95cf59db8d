import type { Turns } from '../../application/ports/turns.ts';

/** For tests of use cases: passes the same contract as the real one. */
export class InMemoryTurns implements Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(work, work);
    this.#last.set(name, mine);
    return mine;
  }
}
