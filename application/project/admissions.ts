import { projectLimit, requireRoom, tooManyProjects, type Capacity } from '../../domain/platform/capacity.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
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
}

const AT_ONCE = 64;

interface Candidate {
  /** of a project that is new; undefined: its owner has it already */
  readonly newOf: string | undefined;
  /** where it takes a place; undefined: nowhere, it is in service already, or this will come to nothing for another reason */
  server(): Promise<ServerName | undefined>;
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

  /**
   * @param server where a place is needed; undefined: none is
   * @param newOf whose project it will be, if it is a new one
   * @throws {Rejection} platform/capacity-reached, owner/too-many-projects, and what `work` throws
   */
  admit<T>(
    server: () => Promise<ServerName | undefined>,
    work: () => Promise<T>,
    newOf?: string,
  ): Promise<T> {
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
    this.#waiting.push({ newOf, server, admit, refuse: reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  /**
   * For work that records nothing: looks as {@link admit} does and refuses likewise, but takes no turn, so nobody waits
   * for it, and no place.
   */
  async look<T>(
    server: () => Promise<ServerName | undefined>,
    work: () => Promise<T>,
    newOf?: string,
  ): Promise<T> {
    const where = await server();
    if (where !== undefined) {
      if (newOf !== undefined) await this.#requireOwnersRoom(newOf);
      requireRoom(await this.#dependencies.capacity(where, 1));
    }
    return work();
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
    const servers = await Promise.all(batch.map((one) => one.server()));
    const serverOf = new Map(batch.map((one, at) => [one, servers[at]]));
    const { inNeed, over } = await this.#withinOwners(batch.filter((one) => serverOf.get(one) !== undefined));
    const others = batch.filter((one) => serverOf.get(one) === undefined).map((one) => one.admit());
    const byServer = Map.groupBy(inNeed, (one) => serverOf.get(one) ?? MAIN_SERVER);
    // a full server, or one that is away, is nothing to those who go to another one
    const freed = await Promise.all([...byServer].map(([server, some]) => this.#admitOn(server, some)));
    await Promise.all(others);
    if (freed.includes(true)) this.#waiting.unshift(...over.map(({ candidate }) => candidate));
    else for (const { candidate, reason } of over) candidate.refuse(reason);
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
      else for (const one of late) refuse(one, { ...capacity, used: capacity.used + taken });
      return taken < first.length;
    } catch (error) {
      for (const one of inNeed) one.refuse(error);
      return false;
    }
  }

  /** Those whose owner may have one more, counting those before them. */
  async #withinOwners(wanting: readonly Candidate[]) {
    const { owned: look } = this.#dependencies;
    const inNeed = wanting.filter(({ newOf }) => newOf === undefined || !look);
    const over: { readonly candidate: Candidate; readonly reason: Rejection }[] = [];
    if (!look) return { inNeed, over };
    for (const [owner, theirs] of Map.groupBy(wanting, ({ newOf }) => newOf)) {
      if (owner === undefined) continue;
      const { owned, most } = await look(owner, theirs.length);
      const room = Math.max(0, most - owned);
      inNeed.push(...theirs.slice(0, room));
      const reason = tooManyProjects(Math.min(most, owned + theirs.length), most);
      over.push(...theirs.slice(room).map((candidate) => ({ candidate, reason })));
    }
    return { inNeed, over };
  }
}

function refuse(candidate: Candidate, capacity: Capacity): void {
  try {
    requireRoom(capacity);
  } catch (error) {
    candidate.refuse(error);
  }
}
