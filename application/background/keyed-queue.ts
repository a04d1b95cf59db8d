interface Line {
  last: Promise<unknown>;
  length: number;
}

/** One piece of work at a time for each key, in the order in which it was asked for; a failed one stops no other. */
export class KeyedQueue<Key> {
  readonly #lines = new Map<Key, Line>();

  /** How many pieces of work for the key are not done yet, the one under way included. */
  length(key: Key): number {
    return this.#lines.get(key)?.length ?? 0;
  }

  run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), length: 0 };
    this.#lines.set(key, line);
    line.length++;
    const mine = line.last.then(work);
    line.last = mine
      .catch(() => {})
      .then(() => {
        if (--line.length === 0) this.#lines.delete(key);
      });
    return mine;
  }

  /** Resolves when all that was asked for so far is done. */
  async done(key: Key): Promise<void> {
    await this.#lines.get(key)?.last;
  }

  /** The same for every key. */
  async allDone(): Promise<void> {
    await Promise.all([...this.#lines.values()].map(({ last }) => last));
  }
}
