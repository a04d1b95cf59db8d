/** A bound for how much of something goes on at once; what comes beyond it waits its turn. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** @param signal whoever waits for their turn when it aborts leaves the line */
  async within<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    // handed over by whoever is done
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const come = () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(come), 1);
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.#waiting.push(come);
    signal?.addEventListener('abort', leave, { once: true });
    return promise;
  }
}
