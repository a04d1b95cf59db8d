/**
 * How long the next attempt of somebody who failed is kept waiting. It is a wait and never a refusal, so no failure
 * of one keeps out another behind the same address, and half of what is held against anybody is forgotten every
 * half a minute. What is remembered is bounded; the longest forgotten goes first.
 */
const FREE = 10;
const HALVED_EVERY_MS = 30_000;
const STEP_MS = 100;
const MOST_REMEMBERED = 10_000;

export class Penalties {
  readonly #longestMs: number;
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; at: number }>();

  /**
   * @param longestMs what nobody waits longer than
   * @param now milliseconds of a clock that nobody sets
   */
  constructor(longestMs: number, now: () => number = () => performance.now()) {
    this.#longestMs = longestMs;
    this.#now = now;
  }

  /** @param weight how much this failure counts; default 1 */
  add(whom: string, weight = 1): void {
    const count = this.#countOf(whom) + weight;
    this.#failures.delete(whom);
    if (this.#failures.size >= MOST_REMEMBERED) this.#forgetOldest();
    this.#failures.set(whom, { count, at: this.#now() });
  }

  delayMs(whom: string): number {
    return Math.min(Math.max(this.#countOf(whom) - FREE, 0) * STEP_MS, this.#longestMs);
  }

  #countOf(whom: string): number {
    const known = this.#failures.get(whom);
    return known ? known.count * 2 ** ((known.at - this.#now()) / HALVED_EVERY_MS) : 0;
  }

  #forgetOldest(): void {
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}
