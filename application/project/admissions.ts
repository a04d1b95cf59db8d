import { projectLimit, requireRoom, type Capacity } from '../../domain/platform/capacity.ts';
import type { Turns } from '../ports/turns.ts';

export interface AdmissionDependencies {
  readonly turns: Turns;
  /**
   * By a read model. Where there may be less room than for `places` more, it shows everything recorded before the
   * question; where there is room for them whatever it does not show yet, it need not.
   */
  readonly capacity: (places: number) => Promise<Capacity>;
}

const AT_ONCE = 64;

interface Candidate {
  /** false: it is in service already, or this will come to nothing for another reason */
  needsRoom(): Promise<boolean>;
  /** settles whatever becomes of it */
  admit(): Promise<{ readonly done: boolean }>;
  refuse(reason: unknown): void;
}

/**
 * Brings projects into service as long as there is room. Looking and recording are one turn, so of two that come for
 * the last place one gets it; nothing is recorded before there is known to be room. Those who come while a turn is
 * under way share the next one: a turn looks once, however many wait.
 */
export class Admissions {
  readonly #dependencies: AdmissionDependencies;
  readonly #waiting: Candidate[] = [];
  #running = false;

  constructor(dependencies: AdmissionDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws {Rejection} platform/capacity-reached, and what `work` throws */
  admit<T>(needsRoom: () => Promise<boolean>, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const admit = () =>
      work().then(
        (value) => {
          resolve(value);
          return { done: true };
        },
        (error: unknown) => {
          reject(error);
          return { done: false };
        },
      );
    this.#waiting.push({ needsRoom, admit, refuse: reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, AT_ONCE);
      try {
        await this.#dependencies.turns.take('capacity', () => this.#admitAll(batch));
      } catch (error) {
        // those who have got their answer do not hear this
        for (const one of batch) one.refuse(error);
      }
    }
    this.#running = false;
  }

  async #admitAll(batch: readonly Candidate[]): Promise<void> {
    const needs = await Promise.all(batch.map((one) => one.needsRoom()));
    const [inNeed, others] = [batch.filter((_, at) => needs[at]), batch.filter((_, at) => !needs[at])];
    const capacity = inNeed.length > 0 ? await this.#dependencies.capacity(inNeed.length) : undefined;
    const places = capacity ? projectLimit(capacity) - capacity.used : 0;
    const [first, late] = [inNeed.slice(0, Math.max(0, places)), inNeed.slice(Math.max(0, places))];
    const outcomes = await Promise.all([...first, ...others].map((one) => one.admit()));
    if (!capacity || late.length === 0) return;
    const taken = outcomes.slice(0, first.length).filter(({ done }) => done).length;
    // places that came to nothing are given to the next ones
    if (taken < first.length) this.#waiting.unshift(...late);
    else for (const one of late) refuse(one, { ...capacity, used: capacity.used + taken });
  }
}

function refuse(candidate: Candidate, capacity: Capacity): void {
  try {
    requireRoom(capacity);
  } catch (error) {
    candidate.refuse(error);
  }
}
