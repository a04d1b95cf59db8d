/**
 * The log in PostgreSQL: schema `log` of infrastructure/sql/platform. Positions are dense and in the order of
 * commits. Appends go by one connection of their own, in groups; reads go by the pool.
 */
import type pg from 'pg';
import { unavailable } from '../../../application/errors.ts';
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
import { AppendConnection } from './append-connection.ts';
import { appendRequest } from './append-request.ts';
import { Bell } from '../bell.ts';
import { EventCodec, type EventCatalogue, type EventRecord } from '../codec/event-codec.ts';
import { GroupCommit } from './group-commit.ts';
import { verifyChain, verifyEvent, type ChainPage } from '../codec/hash-chain.ts';
import { LogListener } from './log-listener.ts';
import { queryRows } from '../../postgres/query-rows.ts';
import { Subscriptions } from '../subscription.ts';

export interface PostgresEventStoreOptions {
  /** for reading; its owner ends it after `close` and listens to its 'error' */
  readonly pool: pg.Pool;
  /** for two connections of the store's own, to append and to listen: direct, not through a pooler */
  readonly connection: pg.ClientConfig;
  readonly catalogue: EventCatalogue;
  readonly log?: Log;
  /** how long an event may take to reach a subscriber when notifications do not; default 1000 */
  readonly pollMs?: number;
  /** how long PostgreSQL may take over one group of appends; default 10 000 */
  readonly appendTimeoutMs?: number;
}

interface EventRow {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: string;
  readonly metadata: string;
  /** milliseconds since 1970 in a page, which a Date is made from faster than from text */
  readonly recorded_at: Date | number;
  readonly hash: string;
}

interface PageRow extends Omit<EventRow, 'position'> {
  /** these two in the first row only */
  readonly head_position: string | null;
  readonly found: string | null;
  /** null in the one row of an empty page */
  readonly position: string | null;
}

const DEFAULT_POLL_MS = 1_000;
const DEFAULT_APPEND_TIMEOUT_MS = 10_000;
const VERIFY_PAGE = 1_000;
const PAGE_BYTES = 16 * 1024 * 1024;
/** A filter that lets little pass must not make one read go through the whole log. */
const SCAN_AT_LEAST = 10_000;
const SCAN_PER_EVENT = 100;

const COLUMNS = `position, stream, revision, id, type, schema_version, data, metadata, recorded_at,
  encode(hash, 'hex') AS hash`;

const readStream = (direction: 'forward' | 'backward') => ({
  name: `read a stream ${direction}`,
  text: `SELECT ${COLUMNS} FROM log.events
    WHERE stream = $1 AND revision >= $2::bigint AND ($3::bigint IS NULL OR revision <= $3)
    ORDER BY revision ${direction === 'forward' ? 'ASC' : 'DESC'} LIMIT $4`,
});
const READ_STREAM = { forward: readStream('forward'), backward: readStream('backward') };

const READ_PAGE = { name: 'read the log', text: 'SELECT * FROM log.read_page($1, $2, $3, $4, $5, $6)' };

export class PostgresEventStore implements EventStore {
  readonly capabilities = { densePositions: true, hashChain: true, idsAcrossStreams: true };
  readonly #pool: pg.Pool;
  readonly #codec: EventCodec;
  readonly #bell = new Bell();
  readonly #connection: AppendConnection;
  readonly #groupCommit: GroupCommit;
  readonly #listener: LogListener;
  readonly #subscriptions: Subscriptions;

  constructor(options: PostgresEventStoreOptions) {
    this.#pool = options.pool;
    this.#codec = new EventCodec(options.catalogue);
    this.#connection = new AppendConnection(
      options.connection,
      options.appendTimeoutMs ?? DEFAULT_APPEND_TIMEOUT_MS,
    );
    this.#groupCommit = new GroupCommit((batch) => this.#connection.commit(batch));
    this.#listener = new LogListener(options.connection, this.#bell, options.log);
    this.#subscriptions = new Subscriptions({
      readAll: (range) => this.readAll(range),
      bell: this.#bell,
      pollMs: options.pollMs ?? DEFAULT_POLL_MS,
      log: options.log,
    });
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    const appended = await this.#groupCommit.append(appendRequest(this.#codec, stream, expected, events));
    this.#bell.ring();
    return appended;
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly StoredEvent[]> {
    const { from = 0, to = null, direction = 'forward', limit = null } = options;
    const rows = await this.#rows<EventRow>('read a stream', READ_STREAM[direction], [
      stream,
      from,
      to,
      limit,
    ]);
    if (rows.length > 0) return rows.map((row) => this.#codec.decode(toRecord(row)));
    // of one that was read whole there is nothing left to look for
    const wasWhole = from === 0 && to === null && limit !== 0;
    if (wasWhole || !(await this.#streamExists(stream))) throw new StreamNotFound(stream);
    return [];
  }

  async readAll(options: { after: Position; limit: number; filter?: EventFilter }): Promise<EventBatch> {
    const page = await this.#readPage(options.after, options.limit, options.filter);
    return this.#codec.decodeBatch(page.records, page.scannedTo);
  }

  subscribe(options: SubscribeOptions, onBatch: (batch: EventBatch) => Promise<void>): Subscription {
    this.#listener.start();
    return this.#subscriptions.start(options, onBatch);
  }

  async head(): Promise<Position> {
    const [row] = await this.#rows<{ position: string }>(
      'read the head of the log',
      'SELECT coalesce(max(position), 0) AS position FROM log.events',
    );
    if (!row) throw unavailable('log', 'read the head of the log: it has none');
    return BigInt(row.position);
  }

  verifyChain(options: { onProgress?: (verified: bigint) => void } = {}): Promise<ChainReport> {
    return verifyChain((after) => this.#readPage(after, VERIFY_PAGE), options.onProgress);
  }

  verifyEvent(place: EventPlace): Promise<EventCheck> {
    return verifyEvent((after) => this.#readPage(after, 2), place);
  }

  /** Ends all subscriptions, waits for the appends under way, closes the store's own connections. */
  #rows<Row extends pg.QueryResultRow>(
    attempted: string,
    sql: Parameters<typeof queryRows>[2],
    values: unknown[] = [],
  ): Promise<Row[]> {
    return queryRows<Row>(this.#pool, attempted, sql, values, 'log');
  }

  async close(): Promise<void> {
    await this.#subscriptions.close();
    await this.#groupCommit.close();
    await Promise.all([this.#listener.close(), this.#connection.close()]);
  }

  /** `scannedTo` is the last position looked at, whether or not the filter let it pass. */
  async #readPage(after: Position, limit: number, filter: EventFilter = {}): Promise<ChainPage> {
    const scanEnd = after + BigInt(Math.max(SCAN_AT_LEAST, limit * SCAN_PER_EVENT));
    const { types = null, streamPrefix = null } = filter;
    const rows = await this.#rows<PageRow>('read the log', READ_PAGE, [
      after,
      scanEnd,
      types,
      streamPrefix,
      limit,
      PAGE_BYTES,
    ]);
    const [first] = rows;
    if (!first?.head_position) throw unavailable('log', 'read the log: it has no head');
    const records = rows.filter((row): row is PageRow & EventRow => row.position !== null).map(toRecord);
    const found = Number(first.found);
    const head = BigInt(first.head_position);
    const cut = found === limit || records.length < found;
    const end = head < scanEnd ? head : scanEnd;
    const last = records.at(-1)?.position ?? after;
    return { records, scannedTo: cut || end < last ? last : end };
  }

  async #streamExists(stream: string): Promise<boolean> {
    const rows = await this.#rows('read a stream', 'SELECT FROM log.events WHERE stream = $1 LIMIT 1', [
      stream,
    ]);
    return rows.length > 0;
  }
}

const toRecord = (row: EventRow): EventRecord => ({
  position: BigInt(row.position),
  stream: row.stream,
  revision: row.revision,
  id: row.id,
  type: row.type,
  version: row.schema_version,
  data: row.data,
  metadata: row.metadata,
  // `infinity` is a number: whoever verifies the chain must see it, not fall over it
  recordedAt: new Date(row.recorded_at),
  hash: row.hash,
});
