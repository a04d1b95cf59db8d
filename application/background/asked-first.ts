/**
 * Work that is done once for each of many keys, so many at a time, in their order; but whoever asks for one has it done next.
 * A failure stops no other: the work sees to it.
 */
export class AskedFirst<Key> {
  readonly #width: number;
  readonly #work: (key: Key) => Promise<void>;
  readonly #waiting = new Map<Key, PromiseWithResolvers<void>>();
  readonly #running = new Map<Key, Promise<void>>();
  /** the one who asked last comes last */
  readonly #asked = new Set<Key>();

  constructor(width: number, work: (key: Key) => Promise<void>) {
    this.#width = width;
    this.#work = work;
  }

  /** @returns for each of them, resolves when its work is done, or nothing more is begun */
  add(keys: readonly Key[]): readonly Promise<void>[] {
    const done = keys.map((key) => {
      const settled = Promise.withResolvers<void>();
      this.#waiting.set(key, settled);
      return settled.promise;
    });
    this.#fill();
    return done;
  }

  /** Resolves when its work is done; at once for one that is not waited for. */
  async ask(key: Key): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting) this.#asked.add(key);
    await (this.#running.get(key) ?? waiting?.promise);
  }

  /** Resolves when nothing is left. */
  async allDone(): Promise<void> {
    const left = [...this.#waiting.values()].map(({ promise }) => promise);
    await Promise.all([...this.#running.values(), ...left]);
  }

  /** Begins nothing more. Resolves when what runs has ended. */
  async stop(): Promise<void> {
    for (const { resolve } of this.#waiting.values()) resolve();
    this.#waiting.clear();
    this.#asked.clear();
    await this.allDone();
  }

  #fill(): void {
    while (this.#running.size < this.#width) {
      const [key] = this.#asked.size > 0 ? this.#asked : this.#waiting.keys();
      const waiting = key === undefined ? undefined : this.#waiting.get(key);
      if (key === undefined || !waiting) return;
      this.#waiting.delete(key);
      this.#asked.delete(key);
      const running = this.#work(key).finally(() => {
        this.#running.delete(key);
        waiting.resolve();
        this.#fill();
      });
      this.#running.set(key, running);
    }
  }
}
