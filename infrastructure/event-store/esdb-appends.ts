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
 * (see esdb-record.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { Unavailable } from '../../application/errors.ts';
import { StreamNotFound, type Appended, type Position } from '../../application/ports/event-store.ts';
import type { AppendRequest } from './append-request.ts';
import type { EsdbConnection } from './esdb-connection.ts';
import { appendFailure } from './esdb-errors.ts';
import { appendMessages, fingerprint, type EsdbRecord } from './esdb-record.ts';
import type { EncodedEvent } from './event-codec.ts';
import type { KnownStream, KnownStreams } from './known-streams.ts';
import { fits, repeatedAppend, type Namesake } from './repeated-append.ts';

export interface EsdbAppendsOptions {
  readonly connection: EsdbConnection;
  readonly known: KnownStreams;
  /** events of a stream from a revision on; an empty one for a stream that does not exist */
  readonly readFrom: (stream: string, revision: number, count?: number) => AsyncIterable<EsdbRecord>;
  readonly now: () => Date;
}

/** How often others may be quicker: each time somebody's append was written. */
const TRIES = 100;
const LONGEST_PAUSE_MS = 20;

export class EsdbAppends {
  readonly #options: EsdbAppendsOptions;
  /** appends to a stream at whatever revision go one after the other: at once they would only be in each other's way */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(options: EsdbAppendsOptions) {
    this.#options = options;
  }

  append(request: AppendRequest): Promise<Appended> {
    if (this.#closed) return Promise.reject(new Unavailable('append to the log: it is closing'));
    const { expected } = request;
    const appending =
      expected === 'any' || expected === 'exists' ? this.#inTurn(request) : this.#append(request);
    const settled = appending
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return appending;
  }

  /** Refuses new appends and waits for those under way, but not for longer than that. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    const over = new AbortController();
    const late = sleep(withinMs, undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#underWay), late]);
    over.abort();
  }

  #inTurn(request: AppendRequest): Promise<Appended> {
    const { stream } = request;
    const turn = (this.#queues.get(stream) ?? Promise.resolve()).then(() => this.#append(request));
    const over = turn
      .then(
        () => {},
        () => {},
      )
      .finally(() => {
        if (this.#queues.get(stream) === over) this.#queues.delete(stream);
      });
    this.#queues.set(stream, over);
    return turn;
  }

  async #append(request: AppendRequest): Promise<Appended> {
    const { stream } = request;
    let known = this.#options.known.of(stream);
    let after = placeFor(request, known);
    let refusedAt: number | undefined;
    for (let tries = 1; tries <= TRIES; tries++) {
      if (after === undefined) {
        await this.#catchUp(stream, known);
        if (known.last === refusedAt) {
          // nothing new: the stream is not as it was, by a log that was restored from a backup for one
          known = this.#options.known.afresh(stream);
          await this.#catchUp(stream, known);
        }
        const repeated = repeatedAppend(request, known.last, (event) => namesakeOf(stream, event, known));
        if (repeated !== undefined) return this.#resultAt(stream, repeated);
        after = known.last;
      }
      const appended = await this.#write(request, after, known);
      if (appended) return appended;
      refusedAt = after;
      after = undefined;
      await sleep(Math.random() * Math.min(tries - 1, LONGEST_PAUSE_MS));
    }
    throw new Unavailable(`append to ${stream}: others were quicker ${TRIES} times`);
  }

  /** @returns undefined when the stream is elsewhere */
  async #write(request: AppendRequest, after: number, known: KnownStream): Promise<Appended | undefined> {
    const { stream, events } = request;
    const success = await this.#send(request, after);
    if (!success) return undefined;
    const revision = after + events.length;
    for (const [index, event] of events.entries()) {
      known.add(after + 1 + index, event.id, fingerprint(stream, event));
    }
    this.#options.known.grown(stream);
    const position = success.getPosition();
    // older servers tell no position when the write is a repetition
    if (!position) return this.#resultAt(stream, revision);
    return { revision, position: BigInt(position.getCommitPosition()) };
  }

  async #send(request: AppendRequest, after: number): Promise<streams.AppendResp.Success | undefined> {
    const { connection, now } = this.#options;
    try {
      const response = await connection.append(appendMessages(request, after, now()));
      return response.getSuccess();
    } catch (error) {
      throw appendFailure(request.stream, error);
    }
  }

  async #catchUp(stream: string, known: KnownStream): Promise<void> {
    for await (const { revision, id, esdbId } of this.#options.readFrom(stream, known.last + 1)) {
      known.add(revision, id, esdbId);
    }
    this.#options.known.grown(stream);
  }

  async #resultAt(stream: string, revision: number): Promise<Appended> {
    let position: Position | undefined;
    for await (const record of this.#options.readFrom(stream, revision, 1)) position = record.position;
    if (position === undefined) throw new StreamNotFound(stream);
    return { revision, position };
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
