import {
  StreamNotFound,
  type Appended,
  type ChainReport,
  type EventBatch,
  type EventCheck,
  type EventFilter,
  type EventPlace,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  type Position,
  type ReadStreamOptions,
  type StoredEvent,
  type SubscribeOptions,
  type Subscription,
} from '../../../application/ports/event-store.ts';
import type { Log } from '../../../application/ports/log.ts';
import { appendRequest, type AppendRequest } from '../postgres/append-request.ts';
import { Bell } from '../bell.ts';
import {
  EventCodec,
  type EncodedEvent,
  type EventCatalogue,
  type EventRecord,
} from '../codec/event-codec.ts';
import { chainHash, GENESIS_HASH, verifyChain, verifyEvent } from '../codec/hash-chain.ts';
import { repeatedAppend, type Namesake } from '../repeated-append.ts';
import { Subscriptions } from '../subscription.ts';

// every append rings; nothing is ever missed
const POLL_MS = 60_000;
const VERIFY_PAGE = 1000;

/** What several stores of one process can share, as they would share a database. */
export class InMemoryLog {
  readonly records: EventRecord[] = [];
  readonly streams = new Map<string, EventRecord[]>();
  readonly bell = new Bell();
  readonly #byId = new Map<string, EventRecord>();

  append(request: AppendRequest, now: Date): Appended {
    const { stream, events } = request;
    const history = this.streams.get(stream) ?? [];
    const repeated = repeatedAppend(request, history.length - 1, (event) => this.#namesake(stream, event));
    if (repeated !== undefined) {
      return { revision: repeated, position: history[repeated]?.position ?? 0n };
    }
    for (const { id, type, version, data, metadata } of events) {
      const place = { position: BigInt(this.records.length) + 1n, revision: history.length, recordedAt: now };
      const event = { id, type, version, data, metadata, stream, ...place };
      const record = { ...event, hash: chainHash(this.records.at(-1)?.hash ?? GENESIS_HASH, event) };
      this.records.push(record);
      history.push(record);
      this.#byId.set(id, record);
    }
    this.streams.set(stream, history);
    this.bell.ring();
    return { revision: history.length - 1, position: BigInt(this.records.length) };
  }

  #namesake(stream: string, { id, type, version, data }: EncodedEvent): Namesake | undefined {
    const record = this.#byId.get(id);
    if (!record) return undefined;
    const same =
      record.stream === stream && record.type === type && record.version === version && record.data === data;
    return { revision: record.revision, same };
  }
}

/** The log in this process's memory, for tests: the same checks, text and hashes as in PostgreSQL. */
export class InMemoryEventStore implements EventStore {
  readonly capabilities = { densePositions: true, hashChain: true, idsAcrossStreams: true };
  readonly #codec: EventCodec;
  readonly #held: InMemoryLog;
  readonly #now: () => Date;
  readonly #subscriptions: Subscriptions;

  constructor(options: { catalogue: EventCatalogue; held?: InMemoryLog; now?: () => Date; log?: Log }) {
    this.#codec = new EventCodec(options.catalogue);
    this.#held = options.held ?? new InMemoryLog();
    this.#now = options.now ?? (() => new Date());
    this.#subscriptions = new Subscriptions({
      readAll: (range) => this.readAll(range),
      bell: this.#held.bell,
      pollMs: POLL_MS,
      log: options.log,
    });
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    const request = appendRequest(this.#codec, stream, expected, events);
    return Promise.resolve(this.#held.append(request, this.#now()));
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly StoredEvent[]> {
    const history = this.#held.streams.get(stream);
    if (!history) throw new StreamNotFound(stream);
    const { from = 0, to = Infinity, limit = Infinity } = options;
    const range = history.filter(({ revision }) => revision >= from && revision <= to);
    if (options.direction === 'backward') range.reverse();
    return Promise.resolve(range.slice(0, limit).map((record) => this.#codec.decode(record)));
  }

  async readAll(options: { after: Position; limit: number; filter?: EventFilter }): Promise<EventBatch> {
    const { after, limit, filter } = options;
    const { records } = this.#held;
    const page: EventRecord[] = [];
    let position = after;
    for (let index = Number(after); index < records.length && page.length < limit; index++) {
      const record = records[index] as EventRecord;
      if (passes(record, filter)) page.push(record);
      position = record.position;
    }
    return Promise.resolve(this.#codec.decodeBatch(page, position));
  }

  subscribe(options: SubscribeOptions, onBatch: (batch: EventBatch) => Promise<void>): Subscription {
    return this.#subscriptions.start(options, onBatch);
  }

  head(): Promise<Position> {
    return Promise.resolve(BigInt(this.#held.records.length));
  }

  verifyChain(options: { onProgress?: (verified: bigint) => void } = {}): Promise<ChainReport> {
    const { records } = this.#held;
    const readPage = (after: Position) => {
      const page = records.slice(Number(after), Number(after) + VERIFY_PAGE);
      return Promise.resolve({ records: page, scannedTo: after + BigInt(page.length) });
    };
    return verifyChain(readPage, options.onProgress);
  }

  verifyEvent(place: EventPlace): Promise<EventCheck> {
    const { records } = this.#held;
    const pair = (after: Position) => ({ records: records.slice(Number(after), Number(after) + 2) });
    return verifyEvent((after) => Promise.resolve(pair(after)), place);
  }

  /** Ends all subscriptions. */
  close(): Promise<void> {
    return this.#subscriptions.close();
  }
}

function passes(record: EventRecord, filter: EventFilter = {}): boolean {
  const { types, streamPrefix } = filter;
  return (!types || types.includes(record.type)) && (!streamPrefix || record.stream.startsWith(streamPrefix));
}
