/**
 * Appending to EventStoreDB with the rules of the port.
 *
 * EventStoreDB decides a write by the stream's revision and the events' ids, and only a write at an exact revision
 * reliably: for `any` it looks for the ids in a cache of recent ones. So every append becomes one at an exact
 * revision. Which one, and whether an id was used in the stream before, this process knows from what it has read and
 * written: who appends has normally just read the stream. If that is out of date the server says so, and the missing
 * end of the stream is read. A normal append therefore is one round trip, and yet nothing is decided by memory
 * alone: a yes is the server's, and a no comes only after reading the stream's end.
 *
 * That an answer "written" is one for these very events, now or before, follows from the ids that we give them
 * (see esdb-record.ts). An append that the server has dropped or not finished in its time is sent again at the same
 * revision, and at no other before the stream's end was read: at the revision that it ended at it would be written
 * twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable, unavailable } from '../../../application/errors.ts';
import {
  OutcomeUnknown,
  StreamNotFound,
  type Appended,
  type Position,
} from '../../../application/ports/event-store.ts';
import type { AppendRequest } from '../postgres/append-request.ts';
import type { AppendAnswer, PlacedAppend } from './esdb-append-messages.ts';
import type { EsdbConnection } from './esdb-connection.ts';
import { appendFailure, isServerTimeout } from './esdb-errors.ts';
import { fingerprint, placedAppend, type EsdbRecord } from './esdb-record.ts';
import type { EncodedEvent } from '../codec/event-codec.ts';
import type { KnownStream, KnownStreams } from './known-streams.ts';
import { SharedCallEnded } from './shared-appends.ts';
import { fits, repeatedAppend, type Namesake } from '../repeated-append.ts';
import { within } from '../../../application/background/deadline.ts';
import { KeyedQueue } from '../../../application/background/keyed-queue.ts';

export interface EsdbAppendsOptions {
  readonly connection: EsdbConnection;
  readonly known: KnownStreams;
  /** events of a stream from a revision on. @throws {StreamNotFound} */
  readonly readFrom: (stream: string, revision: number, count?: number) => AsyncIterable<EsdbRecord>;
  readonly head: () => Promise<Position>;
  readonly now: () => Date;
  /** for a whole append */
  readonly timeoutMs: number;
}

/** Where the stream is, by the server that refused an append. */
interface RefusedAt {
  readonly after: number;
  readonly current: number;
}

/** How often others may be quicker: each time somebody's append was written. */
const TRIES = 100;
const LONGEST_PAUSE_MS = 20;
/** before what the server has given up is sent again */
const TIMED_OUT_PAUSE_MS = 50;

export class EsdbAppends {
  readonly #options: EsdbAppendsOptions;
  /** appends to a stream at whatever revision go one after the other: at once they would only be in each other's way */
  readonly #queues = new KeyedQueue<string>();
  readonly #underWay = new Map<
    string | symbol,
    { readonly request: AppendRequest; readonly appending: Promise<Appended> }
  >();
  #closed = false;

  constructor(options: EsdbAppendsOptions) {
    this.#options = options;
  }

  /** The server drops the second of two that are the same; so they are one here. */
  append(request: AppendRequest): Promise<Appended> {
    if (this.#closed) return Promise.reject(unavailable('log', 'append to the log: it is closing'));
    const { stream, expected, events } = request;
    const ids = [stream, expected, ...events.map(({ id }) => id)].join('\n');
    const same = this.#underWay.get(ids);
    if (same && holdsTheSame(same.request, request)) return same.appending;
    const key = same ? Symbol(ids) : ids;
    const appending =
      expected === 'any' || expected === 'exists'
        ? this.#queues.run(stream, () => this.#append(request))
        : this.#append(request);
    this.#underWay.set(key, { request, appending });
    const over = () => void this.#underWay.delete(key);
    appending.then(over, over);
    return appending;
  }

  /** Refuses new appends and waits for those under way, but not for longer than that. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    const appends = [...this.#underWay.values()].map(({ appending }) => appending);
    await within(withinMs, Promise.allSettled(appends), () => undefined);
  }

  async #append(request: AppendRequest): Promise<Appended> {
    const { stream } = request;
    const until = performance.now() + this.#options.timeoutMs;
    let known = this.#options.known.of(stream);
    let after = placeFor(request, known);
    let refused: RefusedAt | undefined;
    for (let tries = 1; tries <= TRIES && performance.now() < until; tries++) {
      if (after === undefined) {
        const seen = await this.#caughtUp(stream, known, refused);
        if (seen) {
          known = seen;
          const repeated = repeatedAppend(request, seen.last, (event) => namesakeOf(stream, event, seen));
          if (repeated !== undefined) return this.#resultAt(stream, repeated);
        }
        // at `none` nothing is written to a stream that is there, and the refusal tells where it ends
        after = seen?.last ?? -1;
      }
      const outcome = await this.#write(request, { after, until }, known);
      if ('revision' in outcome) return outcome;
      refused = outcome;
      after = undefined;
      await sleep(Math.random() * Math.min(tries - 1, LONGEST_PAUSE_MS));
    }
    throw unavailable('log', `append to ${stream}: others were quicker again and again`);
  }

  async #write(
    request: AppendRequest,
    place: { readonly after: number; readonly until: number },
    known: KnownStream,
  ): Promise<Appended | RefusedAt> {
    const { stream, events } = request;
    const { after, until } = place;
    const append = placedAppend(request, after, this.#options.now());
    const answer = await this.#send(append, until);
    if (!answer.written) return { after, current: answer.current };
    // not after + events: a stream that was deleted, and is not there for `none`, goes on where it was
    const { revision, position } = answer;
    const first = revision - events.length + 1;
    known.beginAt(first);
    for (const [index, proposed] of append.events.entries()) {
      known.add(first + index, proposed.of, proposed.id);
    }
    this.#options.known.grown(stream);
    return position === undefined ? this.#resultAt(stream, revision) : { revision, position };
  }

  async #send(append: PlacedAppend, until: number): Promise<AppendAnswer> {
    const { connection } = this.#options;
    let alone: true | undefined;
    /** it was sent, and may be written whatever is heard of the next time */
    let unsure = false;
    for (;;) {
      try {
        return await connection.append(append, {
          withinMs: until - performance.now(),
          ...(alone && { alone }),
        });
      } catch (error) {
        const leftMs = until - performance.now();
        const again = error instanceof SharedCallEnded || isServerTimeout(error);
        if (!again || leftMs <= TIMED_OUT_PAUSE_MS) {
          const failure = appendFailure(append.stream, error);
          throw unsure && failure instanceof Unavailable ? new OutcomeUnknown(append.stream, error) : failure;
        }
        unsure = true;
        if (error instanceof SharedCallEnded) alone = true;
        if (isServerTimeout(error)) await sleep(TIMED_OUT_PAUSE_MS);
      }
    }
  }

  /**
   * What is known after reading the stream's end, and all of it when that brought nothing.
   * @returns undefined: it is there, shows no event, and nobody has said where it ends
   */
  async #caughtUp(
    stream: string,
    known: KnownStream,
    refused: RefusedAt | undefined,
  ): Promise<KnownStream | undefined> {
    const current = await this.#catchUp(stream, known, refused);
    if (!refused || current?.last !== refused.after) return current;
    // nothing new: the stream is not as it was, by a log that was restored from a backup for one
    return this.#catchUp(stream, this.#options.known.afresh(stream), refused);
  }

  async #catchUp(
    stream: string,
    known: KnownStream,
    refused: RefusedAt | undefined,
  ): Promise<KnownStream | undefined> {
    try {
      for await (const { revision, id, esdbId } of this.#options.readFrom(stream, known.last + 1)) {
        known.beginAt(revision);
        known.add(revision, id, esdbId);
      }
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
      return known.last < 0 ? known : this.#options.known.afresh(stream);
    }
    this.#options.known.grown(stream);
    if (known.last < 0) {
      if (!refused) return undefined;
      known.beginAt(refused.current + 1);
    }
    return known;
  }

  /** An event that is gone from the log has no position any more: any that is not before it will do. */
  async #resultAt(stream: string, revision: number): Promise<Appended> {
    try {
      for await (const record of this.#options.readFrom(stream, revision, 1)) {
        if (record.revision === revision) return { revision, position: record.position };
      }
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return { revision, position: await this.#options.head() };
  }
}

/** The revision to append after, if what is known allows the append; undefined: look closer. */
function placeFor({ expected, events }: AppendRequest, known: KnownStream): number | undefined {
  const fresh = fits(expected, known.last) && events.every(({ id }) => !known.find(id));
  return fresh ? known.last : undefined;
}

function namesakeOf(stream: string, event: EncodedEvent, known: KnownStream): Namesake | undefined {
  const found = known.find(event.id);
  return found && { revision: found.revision, same: found.fingerprint === fingerprint(stream, event) };
}

/** Metadata is about the attempt, that of the first one stays. */
function holdsTheSame(one: AppendRequest, other: AppendRequest): boolean {
  return one.events.every((event, index) => {
    const { type, version, data } = other.events[index] ?? {};
    return event.type === type && event.version === version && event.data === data;
  });
}
