/**
 * The log in EventStoreDB (server 22.6 or later, KurrentDB). A position is the commit position of an event, so there
 * are gaps between positions, and the server's own events stand in between; they never reach a reader, but a read
 * and a subscription go over them, and `head` counts them.
 *
 * Subscriptions are reads that go on where the last one ended: a subscription of EventStoreDB only says when there is
 * something to read. So a batch is never bigger than wanted, what was delivered is the checkpoint, and neither a
 * subscription that breaks or goes silent nor a server that restarts can lose an event or delay it for long.
 */
import type {
  Appended,
  ChainReport,
  EventBatch,
  EventCheck,
  EventFilter,
  EventPlace,
  EventStore,
  ExpectedRevision,
  LogServer,
  NewEvent,
  Position,
  ReadStreamOptions,
  StoredEvent,
  SubscribeOptions,
  Subscription,
} from '../../../application/ports/event-store.ts';
import type { Log } from '../../../application/ports/log.ts';
import { appendRequest } from '../postgres/append-request.ts';
import { Bell } from '../bell.ts';
import { EsdbAppends } from './esdb-appends.ts';
import { EsdbConnection } from './esdb-connection.ts';
import { EsdbListener } from './esdb-listener.ts';
import { EsdbReads } from './esdb-reads.ts';
import { sizeShortcoming } from './esdb-size-limit.ts';
import { isSystem } from './esdb-record.ts';
import { EventCodec, type EventCatalogue } from '../codec/event-codec.ts';
import { KnownStreams } from './known-streams.ts';
import { Subscriptions } from '../subscription.ts';

export interface EsdbEventStoreOptions {
  /** `esdb://` (also of several hosts) or `esdb+discover://`; `?tls=false`, `tlsCaFile`, credentials as needed */
  readonly url: string;
  readonly catalogue: EventCatalogue;
  readonly log?: Log;
  /** how long an event may take to reach a subscriber when EventStoreDB does not tell of it; default 1000 */
  readonly pollMs?: number;
  /** how long an append may take, and a read may pause; default 10 000 */
  readonly timeoutMs?: number;
  /** how long appends under way may take when the store closes; default 2000 */
  readonly closeWithinMs?: number;
  readonly now?: () => Date;
}

const DEFAULT_POLL_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 10_000;
/** a subscription may be behind for as many polls, and this long at least, before it is taken for silent */
const SILENT_POLLS = 5;
const SILENT_MS = 500;
const DEFAULT_CLOSE_WITHIN_MS = 2_000;
/** about 25 MB */
const KNOWN_EVENTS = 100_000;

export class EsdbEventStore implements EventStore {
  readonly capabilities = { densePositions: false, hashChain: false, idsAcrossStreams: false };
  readonly server: LogServer;
  readonly #codec: EventCodec;
  readonly #connection: EsdbConnection;
  readonly #reads: EsdbReads;
  readonly #appends: EsdbAppends;
  readonly #listener: EsdbListener;
  readonly #subscriptions: Subscriptions;
  readonly #known = new KnownStreams(KNOWN_EVENTS);
  readonly #bell = new Bell();
  readonly #closeWithinMs: number;

  /** @throws {TypeError} the URL cannot be read */
  constructor(options: EsdbEventStoreOptions) {
    const { url, catalogue, log, pollMs = DEFAULT_POLL_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    this.#codec = new EventCodec(catalogue);
    this.#closeWithinMs = options.closeWithinMs ?? DEFAULT_CLOSE_WITHIN_MS;
    this.#connection = new EsdbConnection(url, timeoutMs);
    this.server = {
      standing: () => this.#connection.standing(),
      shortcoming: () => sizeShortcoming(this.#connection),
    };
    this.#reads = new EsdbReads(this.#connection);
    this.#appends = new EsdbAppends({
      connection: this.#connection,
      known: this.#known,
      readFrom: (stream, from, count = Infinity) =>
        this.#reads.stream(stream, { from, direction: 'forward', count }),
      head: () => this.#reads.head(),
      now: options.now ?? (() => new Date()),
      timeoutMs,
    });
    this.#listener = new EsdbListener({
      connection: this.#connection,
      head: () => this.#reads.head(),
      bell: this.#bell,
      silenceMs: Math.max(pollMs * SILENT_POLLS, SILENT_MS),
      log,
    });
    const readAll = (range: Parameters<EventStore['readAll']>[0]) => this.readAll(range);
    this.#subscriptions = new Subscriptions({ readAll, bell: this.#bell, pollMs, log });
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    const appended = await this.#appends.append(appendRequest(this.#codec, stream, expected, events));
    this.#bell.ring();
    return appended;
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly StoredEvent[]> {
    const { from = 0, to = Infinity, direction = 'forward', limit = Infinity } = options;
    const start = direction === 'forward' ? from : to;
    // one at least, to learn whether there is such a stream
    const count = Math.max(1, Math.min(limit, to - from + 1));
    const range = { from: start === Infinity ? 'end' : start, direction, count } as const;
    const known = this.#known.of(stream);
    const fromBeginning = from === 0 && direction === 'forward';
    const events: StoredEvent[] = [];
    for await (const record of this.#reads.stream(stream, range)) {
      const { revision, id, esdbId } = record;
      if (fromBeginning) known.beginAt(revision);
      known.add(revision, id, esdbId);
      const wanted = revision >= from && revision <= to && events.length < limit;
      if (wanted && !isSystem(record)) events.push(this.#codec.decode(record));
    }
    this.#known.grown(stream);
    return events;
  }

  async readAll(options: { after: Position; limit: number; filter?: EventFilter }): Promise<EventBatch> {
    const { records, scannedTo } = await this.#reads.page(options.after, options.limit, options.filter);
    this.#listener.expect(scannedTo);
    return this.#codec.decodeBatch(records, scannedTo);
  }

  subscribe(options: SubscribeOptions, onBatch: (batch: EventBatch) => Promise<void>): Subscription {
    this.#listener.start();
    return this.#subscriptions.start(options, onBatch);
  }

  head(): Promise<Position> {
    return this.#reads.head();
  }

  /**
   * Finds an event that was changed, and one that is missing within its stream. The end of a stream, or a whole one,
   * can be missing without a trace: there is no chain over the log.
   */
  verifyChain(options: { onProgress?: (verified: bigint) => void } = {}): Promise<ChainReport> {
    return this.#reads.verify(options.onProgress);
  }

  verifyEvent(place: EventPlace): Promise<EventCheck> {
    return this.#reads.verifyEvent(place);
  }

  /** Ends all subscriptions, gives the appends under way their time, closes the connection. */
  async close(): Promise<void> {
    await this.#subscriptions.close();
    const listener = this.#listener.close();
    await this.#appends.close(this.#closeWithinMs);
    this.#connection.close();
    await listener;
  }
}
