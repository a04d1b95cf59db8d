export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pause after so many failures (from 1), in milliseconds: twice as long each time, up to the longest. */
export const pauseAfter = (failures: number, { firstMs, longestMs }: Pauses): number =>
  Math.min(firstMs * 2 ** (failures - 1), longestMs);

/** How long to wait before the next try. */
export class BackOff {
  readonly #pauses: Pauses;
  #failures = 0;

  constructor(pauses: Pauses) {
    this.#pauses = pauses;
  }

  /** What the next pause will be, in milliseconds; counts one more failure. */
  next(): number {
    this.#failures++;
    return pauseAfter(this.#failures, this.#pauses);
  }

  /** All is well: the next failure is the first one. */
  reset(): void {
    this.#failures = 0;
  }
}
