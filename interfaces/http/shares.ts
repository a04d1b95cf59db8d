/** How much of something each holds, so that nobody takes all of it. */
export class Shares {
  readonly #most: number;
  readonly #each: number;
  readonly #held = new Map<string, number>();
  #all = 0;

  /** @param most of all together @param each of one holder */
  constructor(most: number, each: number) {
    this.#most = most;
    this.#each = each;
  }

  /** @returns what is full, or undefined: then it is taken, until {@link give} */
  take(holder: string, amount: number): 'all' | 'each' | undefined {
    const held = this.#held.get(holder) ?? 0;
    if (held + amount > this.#each) return 'each';
    if (this.#all + amount > this.#most) return 'all';
    this.#all += amount;
    this.#held.set(holder, held + amount);
    return undefined;
  }

  give(holder: string, amount: number): void {
    const left = (this.#held.get(holder) ?? 0) - amount;
    this.#all -= amount;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
  }
}
