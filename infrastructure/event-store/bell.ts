/**
 * Says that there may be something new. Read `rings` before looking, and wait beyond it afterwards: a ring in
 * between is not missed.
 */
export class Bell {
  #rings = 0;
  readonly #waiting = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of this.#waiting) wake();
  }

  /**
   * Resolves after the next ring beyond `rings`, after `ms`, or when the signal aborts. Never rejects.
   * @returns whether it rang
   */
  beyond(rings: number, ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#rings > rings || signal.aborted) return Promise.resolve(this.#rings > rings);
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve(this.#rings > rings);
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
