/**
 * Projects as a service has read them in the log, and keeps them until the log has news of them. A subscription
 * tells of these at once. Whether it keeps up is not taken on trust: before anything that was kept is handed out, the
 * log was asked within the last half second whether it goes further.
 */
import {
  projectBesideStream,
  projectOfStream,
  projectStream,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { Unavailable, unavailable, type Dependency } from '../errors.ts';
import { KeptByUse } from '../kept-by-use.ts';
import type { Clock } from '../ports/clock.ts';
import {
  InvalidPosition,
  type EventBatch,
  type EventStore,
  type Position,
  type Subscription,
} from '../ports/event-store.ts';
import { projectNotFound } from './load-project.ts';

export interface KnownProjectsDependencies {
  readonly store: EventStore;
  readonly clock: Clock;
}

/** What a service knows of a project. */
export interface Knowledge<T> {
  readonly service: Dependency;
  /** By the log, as it is now. @throws {Rejection} why it is not served, which is kept, too */
  readonly load: (id: ProjectId) => Promise<T>;
  /** whose news count besides the project's own */
  readonly besideStream: (id: ProjectId) => string;
  /** of what may be large in it, in characters */
  readonly sizeOf: (known: T) => number;
}

export interface KnownProjectsLimits {
  /** what was kept is good for so long after the log was found to hold no news */
  readonly trustMs: number;
  /** how long one who asks waits for a log that does not answer, before they get what was known last */
  readonly patienceMs: number;
  readonly mostProjects: number;
  /** of all of them, as their knowledge tells their sizes */
  readonly mostCharacters: number;
  /** ids that no project has */
  readonly mostAbsent: number;
  /** looks in the log for projects that nobody here has heard of, in a second */
  readonly strangersPerSecond: number;
}

const LIMITS: KnownProjectsLimits = {
  trustMs: 500,
  patienceMs: 300,
  mostProjects: 2_000,
  mostCharacters: 64 * 1024 * 1024,
  mostAbsent: 10_000,
  strangersPerSecond: 200,
};
/** ids that have been seen to be projects' */
const MOST_MET = 100_000;
/** further behind than so many events: everything is read anew instead */
const PAGE = 1_000;
const WANTED = { streamPrefix: 'project' } as const;

/** A project, or why it is not served. */
type Found<T> = T | Rejection;
interface Load<T> {
  readonly found: Promise<Found<T>>;
  /** there is news that it may not have in it */
  overtaken: boolean;
}

export class KnownProjects<T extends object> {
  readonly #dependencies: KnownProjectsDependencies;
  readonly #knowledge: Knowledge<T>;
  readonly #limits: KnownProjectsLimits;
  readonly #kept: KeptByUse<Found<T>>;
  readonly #absent: KeptByUse<true>;
  readonly #met: KeptByUse<true>;
  readonly #loads = new Map<ProjectId, Load<T>>();
  #subscription: Subscription | undefined;
  /** everything up to here is minded; undefined: the log was not asked yet */
  #seen: Position | undefined;
  /** when the log was asked last whether it goes further, and said no or did not answer */
  #askedMs = -Infinity;
  #catchingUp: { readonly done: Promise<void>; readonly sinceMs: number } | undefined;
  #strangers: { readonly left: number; readonly atMs: number };

  constructor(
    dependencies: KnownProjectsDependencies,
    knowledge: Knowledge<T>,
    limits: Partial<KnownProjectsLimits> = {},
  ) {
    this.#dependencies = dependencies;
    this.#knowledge = knowledge;
    this.#limits = { ...LIMITS, ...limits };
    this.#kept = new KeptByUse(this.#limits.mostProjects, this.#limits.mostCharacters);
    this.#absent = new KeptByUse(this.#limits.mostAbsent);
    this.#met = new KeptByUse(MOST_MET);
    this.#strangers = { left: this.#limits.strangersPerSecond, atMs: dependencies.clock.elapsedMs() };
  }

  async start(): Promise<void> {
    const head = await this.#dependencies.store.head();
    // whatever was asked for before this: nothing in between is left out
    const after = (this.#seen ??= head);
    const options = { name: `known-${this.#knowledge.service}-projects`, after, filter: WANTED };
    this.#subscription = this.#dependencies.store.subscribe(options, (batch) => {
      this.#mind(batch);
      return Promise.resolve();
    });
    // the log's adapter tells why it ended; without it the log is asked, a little later
    this.#subscription.done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
  }

  /**
   * As of now, or of a second ago; while the log is away, as it was last known.
   * @throws {Rejection} what its knowledge says of one that is not served; project/not-found
   * @throws {Unavailable} the log is away, or too many projects are asked for that nobody here has heard of
   */
  async find(id: ProjectId): Promise<T> {
    const { clock } = this.#dependencies;
    if (clock.elapsedMs() - this.#askedMs >= this.#limits.trustMs) await this.#caughtUp();
    if (this.#absent.get(id)) throw projectNotFound();
    const found = this.#kept.get(id) ?? (await this.#load(id));
    if (found instanceof Rejection) throw found;
    return found;
  }

  #load(id: ProjectId): Promise<Found<T>> {
    const underWay = this.#loads.get(id);
    if (underWay) return underWay.found;
    if (!this.#met.get(id)) this.#takeStranger();
    const load: Load<T> = {
      found: this.#read(id).then((found) => this.#keep(id, load, found)),
      overtaken: false,
    };
    this.#loads.set(id, load);
    const over = () => {
      if (this.#loads.get(id) === load) this.#loads.delete(id);
    };
    load.found.then(over, over);
    return load.found;
  }

  async #read(id: ProjectId): Promise<Found<T>> {
    try {
      return await this.#knowledge.load(id);
    } catch (error) {
      if (error instanceof Rejection) return error;
      throw error;
    }
  }

  #keep(id: ProjectId, { overtaken }: Load<T>, found: Found<T>): Found<T> {
    const isAbsent = found instanceof Rejection && found.code === 'project/not-found';
    if (!isAbsent) this.#met.put(id, true);
    if (overtaken) return found;
    if (isAbsent) this.#absent.put(id, true);
    else this.#kept.put(id, found, found instanceof Rejection ? 0 : this.#knowledge.sizeOf(found));
    return found;
  }

  /** Whoever asks for what is no project costs a look each: there are so many in a second, for all of them. */
  #takeStranger(): void {
    const { strangersPerSecond: most } = this.#limits;
    const now = this.#dependencies.clock.elapsedMs();
    const { left, atMs } = this.#strangers;
    const tokens = Math.min(most, left + ((now - atMs) / 1000) * most);
    if (tokens < 1)
      throw unavailable(this.#knowledge.service, 'look up another project that was not asked for before');
    this.#strangers = { left: tokens - 1, atMs: now };
  }

  /** Resolves when the log is known to hold no more news than were minded, or does not answer. */
  async #caughtUp(): Promise<void> {
    const { clock } = this.#dependencies;
    const underWay = (this.#catchingUp ??= { done: this.#catchUp(), sinceMs: clock.elapsedMs() });
    const patience = new AbortController();
    const leftMs = underWay.sinceMs + this.#limits.patienceMs - clock.elapsedMs();
    if (leftMs <= 0) return;
    try {
      await Promise.race([underWay.done, clock.sleep(leftMs, patience.signal)]);
    } finally {
      patience.abort();
    }
  }

  async #catchUp(): Promise<void> {
    const { store, clock } = this.#dependencies;
    const startedMs = clock.elapsedMs();
    try {
      const head = await store.head();
      if (this.#seen === undefined || head < this.#seen) this.#forgetEverything(head);
      else if (head > this.#seen) await this.#readOn(this.#seen, head);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      this.#askedMs = startedMs;
      this.#catchingUp = undefined;
    }
  }

  async #readOn(after: Position, head: Position): Promise<void> {
    try {
      const batch = await this.#dependencies.store.readAll({ after, limit: PAGE, filter: WANTED });
      this.#mind(batch);
      if (batch.position < head) this.#forgetEverything(head);
    } catch (error) {
      if (!(error instanceof InvalidPosition)) throw error;
      this.#forgetEverything(head);
    }
  }

  #mind({ events, unreadable, position }: EventBatch): void {
    for (const { stream } of [...events, ...unreadable]) {
      const id = projectOfStream(stream) ?? projectBesideStream(stream);
      if (id && (stream === projectStream(id) || stream === this.#knowledge.besideStream(id)))
        this.#forget(id);
    }
    if (this.#seen === undefined || position > this.#seen) this.#seen = position;
  }

  #forget(id: ProjectId): void {
    this.#met.put(id, true);
    this.#kept.delete(id);
    this.#absent.delete(id);
    const load = this.#loads.get(id);
    if (load) load.overtaken = true;
    this.#loads.delete(id);
  }

  #forgetEverything(head: Position): void {
    this.#kept.clear();
    this.#absent.clear();
    for (const load of this.#loads.values()) load.overtaken = true;
    this.#loads.clear();
    this.#seen = head;
  }
}
