/**
 * A run may go through all its sections more than once, each time with a part of their rounds: so the spread of a figure
 * has in it what an hour does to the machine, and not only what a minute does.
 */
import type { Round } from './statistics.ts';

export class Passes {
  readonly #count: number;
  #pass = 0;
  /** by section and group */
  readonly #gone = new Map<string, readonly Round[]>();
  readonly #onceOnly = new Set<string>();

  constructor(count: number) {
    this.#count = count;
  }

  /** @returns false: there is no other */
  next(): boolean {
    return ++this.#pass <= this.#count;
  }

  /** Of several passes: which one this is. */
  get inWords(): string | undefined {
    return this.#count === 1 ? undefined : `Pass ${this.#pass} of ${this.#count}`;
  }

  /** With this pass the group has all its rounds. */
  isLast(group: string): boolean {
    return this.#pass === this.#count || this.#onceOnly.has(group);
  }

  /** What can be done once only has been done: it is not even prepared again. */
  isDone(group: string): boolean {
    return this.#onceOnly.has(group) && this.#gone.has(group);
  }

  /** How many rounds this pass has. Each has as many, so all together may be a few more than wanted. */
  share(group: string, wanted: number): number {
    if (wanted === 1) this.#onceOnly.add(group);
    return Math.ceil(wanted / this.#count);
  }

  /** @returns those of this pass and of all before */
  add(group: string, rounds: readonly Round[]): readonly Round[] {
    const all = [...(this.#gone.get(group) ?? []), ...rounds];
    this.#gone.set(group, all);
    return all;
  }
}
