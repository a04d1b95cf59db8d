import { projectLimit, requireRoom, tooManyProjects, type Capacity } from '../../domain/platform/capacity.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { Rejection } from '../../domain/rejection.ts';
import type { Turns } from '../ports/turns.ts';

export interface AdmissionDependencies {
  readonly turns: Turns;
  /**
   * Of one server, by a read model. Where there may be less room than for `places` more, it shows everything recorded before the
   * question; where there is room for them whatever it does not show yet, it need not.
   */
  readonly capacity: (server: ServerName, places: number) => Promise<Capacity>;
  /** Projects that an owner has, and may have, in the same way. Default: as many as they like. */
  readonly owned?: (
    ownerId: string,
    more: number,
  ) => Promise<{ readonly owned: number; readonly most: number }>;
  /** default: there are none */
  readonly spares?: SparePlaces;
}

/** What spare projects hold on a server, which is for whoever needs it. */
export interface SparePlaces {
  count(server: ServerName): Promise<number>;
  /** Gives up at most so many, and waits until nothing of them is left. @returns how many places are free now */
  free(server: ServerName, places: number): Promise<number>;
}

export interface Needs {
  /** the server on which it takes a place; undefined: none, it is in service already, or this will come to nothing */
  readonly place?: ServerName | undefined;
  /** whose project it will be, if it is a new one */
  readonly newOf?: string;
}

const AT_ONCE = 64;

interface Candidate {
  needs(): Promise<Needs>;
  /** settles whatever becomes of it */
  admit(): Promise<{ readonly done: boolean }>;
  refuse(reason: unknown): void;
}

type Wanting = Needs & { readonly candidate: Candidate };

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

  /** @throws {Rejection} platform/capacity-reached, owner/too-many-projects, and what `work` throws */
  admit<T>(needs: () => Promise<Needs>, work: () => Promise<T>): Promise<T> {
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
    this.#line([{ needs, admit, refuse: reject }]);
    return promise;
  }

  /**
   * For work that records nothing: looks as {@link admit} does and refuses likewise, but takes no turn, so nobody waits
   * for it, and no place.
   */
  async look<T>(needs: () => Promise<Needs>, work: () => Promise<T>): Promise<T> {
    const { place, newOf } = await needs();
    if (newOf !== undefined) await this.#requireOwnersRoom(newOf);
    if (place !== undefined) {
      const { capacity, spares } = this.#dependencies;
      const [now, held = 0] = [await capacity(place, 1), await spares?.count(place)];
      requireRoom({ ...now, used: now.used - held });
    }
    return work();
  }

  #line(candidates: readonly Candidate[]): void {
    this.#waiting.push(...candidates);
    if (!this.#running) void this.#run();
  }

  async #requireOwnersRoom(owner: string): Promise<void> {
    const standing = await this.#dependencies.owned?.(owner, 1);
    if (standing && standing.owned >= standing.most) throw tooManyProjects(standing.most, standing.most);
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
    const needs = await Promise.all(
      batch.map(async (candidate) => ({ candidate, ...(await candidate.needs()) })),
    );
    const { within, over } = await this.#withinOwners(needs);
    const byServer = Map.groupBy(within, ({ place }) => place);
    // a full server, or one that is away, is nothing to those who go to another one
    const freed = await Promise.all(
      [...byServer].map(([server, some]) => {
        const candidates = some.map(({ candidate }) => candidate);
        return server === undefined ? this.#admitFreely(candidates) : this.#admitOn(server, candidates);
      }),
    );
    if (freed.includes(true)) this.#waiting.unshift(...over.map(({ candidate }) => candidate));
    else for (const { candidate, reason } of over) candidate.refuse(reason);
  }

  /** @returns whether any of them came to nothing */
  async #admitFreely(candidates: readonly Candidate[]): Promise<boolean> {
    const outcomes = await Promise.all(candidates.map((one) => one.admit()));
    return outcomes.some(({ done }) => !done);
  }

  /** @returns whether places came to nothing: they are given to the next ones */
  async #admitOn(server: ServerName, inNeed: readonly Candidate[]): Promise<boolean> {
    try {
      const capacity = await this.#dependencies.capacity(server, inNeed.length);
      const places = Math.max(0, projectLimit(capacity) - capacity.used);
      const [first, late] = [inNeed.slice(0, places), inNeed.slice(places)];
      const outcomes = await Promise.all(first.map((one) => one.admit()));
      const taken = outcomes.filter(({ done }) => done).length;
      if (taken < first.length) this.#waiting.unshift(...late);
      else if (late.length > 0)
        void this.#relieved(server, late, { ...capacity, used: capacity.used + taken });
      return taken < first.length;
    } catch (error) {
      for (const one of inNeed) one.refuse(error);
      return false;
    }
  }

  /** What spare projects hold is for whoever needs it. The turn is over meanwhile: nobody waits for theirs to go. */
  async #relieved(server: ServerName, late: readonly Candidate[], full: Capacity): Promise<void> {
    try {
      const freed = (await this.#dependencies.spares?.free(server, late.length)) ?? 0;
      if (freed > 0) this.#line(late);
      else for (const one of late) refuse(one, full);
    } catch (error) {
      for (const one of late) one.refuse(error);
    }
  }

  /** Those whose owner may have one more, counting those before them. */
  async #withinOwners(wanting: readonly Wanting[]) {
    const { owned: look } = this.#dependencies;
    const within = wanting.filter(({ newOf }) => newOf === undefined || !look);
    const over: { readonly candidate: Candidate; readonly reason: Rejection }[] = [];
    if (!look) return { within, over };
    for (const [owner, theirs] of Map.groupBy(wanting, ({ newOf }) => newOf)) {
      if (owner === undefined) continue;
      const { owned, most } = await look(owner, theirs.length);
      const room = Math.max(0, most - owned);
      within.push(...theirs.slice(0, room));
      const reason = tooManyProjects(Math.min(most, owned + theirs.length), most);
      over.push(...theirs.slice(room).map(({ candidate }) => ({ candidate, reason })));
    }
    return { within, over };
  }
}

function refuse(candidate: Candidate, capacity: Capacity): void {
  try {
    requireRoom(capacity);
  } catch (error) {
    candidate.refuse(error);
  }
}
