/** Reading from EventStoreDB, in the terms of the port. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { Unavailable } from '../../../application/errors.ts';
import {
  StreamNotFound,
  type ChainReport,
  type EventCheck,
  type EventFilter,
  type EventPlace,
  type Position,
} from '../../../application/ports/event-store.ts';
import { Quiet, type EsdbConnection } from './esdb-connection.ts';
import { readFailure } from './esdb-errors.ts';
import { filteredLogRequest, headRequest, logRequest, streamRequest } from './esdb-read-request.ts';
import { isIntact, isSystem, positionOf, toRecord, type EsdbRecord } from './esdb-record.ts';

export interface Page {
  readonly records: readonly EsdbRecord[];
  /** the last position looked at, whether or not the filter let it pass */
  readonly scannedTo: Position;
}

interface Stretch {
  readonly after: Position;
  readonly limit: number;
  readonly wanted: (record: EsdbRecord) => boolean;
  /** where the log ended before it was read */
  readonly head: Position;
}

const PAGE_BYTES = 16 * 1024 * 1024;
const VERIFY_PAGE = 1_000;
/** events looked at by ourselves when the server does not get through with a filter */
const STRETCH = 5_000;

export class EsdbReads {
  readonly #connection: EsdbConnection;

  constructor(connection: EsdbConnection) {
    this.#connection = connection;
  }

  /** Also the system's events that somebody put into the stream. @throws {StreamNotFound} */
  async *stream(
    stream: string,
    range: { from: number | 'end'; direction: 'forward' | 'backward'; count: number },
  ): AsyncGenerator<EsdbRecord> {
    for await (const message of this.#read('read a stream', streamRequest(stream, range))) {
      if (message.hasStreamNotFound()) throw new StreamNotFound(stream);
      const recorded = message.getEvent()?.getEvent();
      if (recorded) yield toRecord(recorded);
    }
  }

  /**
   * Where a stream's metadata have it begin, now (first) and before; what is before that is hidden. After a deletion
   * (`$tb` at its maximum) the next append begins the stream anew.
   */
  async #beginnings(stream: string): Promise<number[]> {
    const range = { from: 'end', direction: 'backward', count: Infinity } as const;
    const request = streamRequest(`$$${stream}`, range);
    const beginnings: number[] = [];
    for await (const message of this.#read('read a stream', request)) {
      const recorded = message.getEvent()?.getEvent();
      if (recorded) beginnings.push(truncateBefore(recorded.getData_asU8()));
    }
    return beginnings;
  }

  /** The position of the last event, were it one of the system's. 0n: there is none. */
  async head(): Promise<Position> {
    for await (const message of this.#read('read the head of the log', headRequest())) {
      const recorded = message.getEvent()?.getEvent();
      if (recorded) return positionOf(recorded);
    }
    return 0n;
  }

  page(after: Position, limit: number, filter: EventFilter = {}): Promise<Page> {
    return this.#page(after, limit, filter, (record) => passes(record, filter));
  }

  /** Every event against its hash, and that no stream has a gap. */
  async verify(onProgress?: (verified: Position) => void): Promise<ChainReport> {
    const revisions = new Map<string, number>();
    for (let verified: Position = 0n; ;) {
      // an event of the system that was put into a stream of ours takes a revision there
      const { records, scannedTo } = await this.#page(verified, VERIFY_PAGE, {}, inStreamOfOurs);
      if (scannedTo === verified) return { verified, brokenAt: null };
      for (const record of records) {
        const { stream, revision, position } = record;
        const next = (revisions.get(stream) ?? -1) + 1;
        const intact = isSystem(record) || (await this.#isIntact(record));
        if (revision !== next || !intact) return { verified, brokenAt: position };
        revisions.set(stream, revision);
        verified = position;
      }
      verified = scannedTo;
      onProgress?.(verified);
    }
  }

  async verifyEvent({ stream, revision, position }: EventPlace): Promise<EventCheck> {
    try {
      for await (const record of this.stream(stream, { from: revision, direction: 'forward', count: 1 })) {
        if (record.revision !== revision || record.position !== position) return 'missing';
        return (await this.#isIntact(record)) ? 'intact' : 'altered';
      }
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
    }
    return 'missing';
  }

  async #isIntact(record: EsdbRecord): Promise<boolean> {
    return isIntact(record) || this.#isIntactAnew(record);
  }

  /**
   * Whether the event is of an append that found no stream and began one anew, where one had been deleted: which
   * revision it would get was not known when it was hashed, so the hash has the one counted from that beginning.
   */
  async #isIntactAnew(record: EsdbRecord): Promise<boolean> {
    const { stream, revision } = record;
    if (revision === 0) return false;
    const began = (await this.#beginnings(stream)).find((beginning) => beginning <= revision) ?? 0;
    return began > 0 && isIntact({ ...record, revision: revision - began });
  }

  /**
   * The server filters and does not say how far it has looked when nothing passes. But it ends its answer only at
   * the end of the log, and that was at least at the head that we asked for before.
   */
  async #page(
    after: Position,
    limit: number,
    filter: EventFilter,
    wanted: (record: EsdbRecord) => boolean,
  ): Promise<Page> {
    const head = await this.head();
    if (after >= head || limit < 1) return { records: [], scannedTo: after };
    const stretch = { after, limit, wanted, head };
    // one more, since the event at `after` comes again
    const count = limit + 1;
    try {
      return await this.#collect(filteredLogRequest(after, count, filter), count, stretch);
    } catch (error) {
      if (!isQuiet(error)) throw error;
    }
    // a log too long to look through for so little at once; this way the position advances
    return this.#collect(logRequest(after, STRETCH), STRETCH, stretch);
  }

  async #collect(request: streams.ReadReq, count: number, stretch: Stretch): Promise<Page> {
    const { after, limit, wanted, head } = stretch;
    const records: EsdbRecord[] = [];
    let received = 0;
    let bytes = 0;
    let reached = after;
    try {
      for await (const message of this.#read('read the log', request, after)) {
        const recorded = message.getEvent()?.getEvent();
        if (!recorded) continue;
        received += 1;
        const record = toRecord(recorded);
        if (record.position > after) {
          reached = record.position;
          if (wanted(record)) {
            records.push(record);
            bytes += record.data.length + record.metadata.length;
          }
        }
        // the server has sent as many as it was asked for, and with a filter looks on to the end of the log
        const whole = records.length === limit || received === count || bytes >= PAGE_BYTES;
        if (whole) return { records, scannedTo: reached };
      }
    } catch (error) {
      if (isQuiet(error) && reached > after) return { records, scannedTo: reached };
      throw error;
    }
    const atEnd = received < count && head > reached;
    return { records, scannedTo: atEnd ? head : reached };
  }

  async *#read(
    attempted: string,
    request: streams.ReadReq,
    from?: Position,
  ): AsyncGenerator<streams.ReadResp> {
    try {
      yield* this.#connection.read(request);
    } catch (error) {
      throw readFailure(attempted, error, from);
    }
  }
}

function truncateBefore(metadata: Uint8Array): number {
  try {
    const { $tb } = JSON.parse(Buffer.from(metadata).toString()) as { readonly $tb?: unknown };
    return typeof $tb === 'number' ? $tb : 0;
  } catch {
    return 0;
  }
}

const isQuiet = (error: unknown): boolean => error instanceof Unavailable && error.cause instanceof Quiet;

const inStreamOfOurs = ({ stream }: EsdbRecord): boolean => !stream.startsWith('$');

/** The server filters by type or by stream only, and knows its own events as any other. */
function passes(record: EsdbRecord, { types, streamPrefix }: EventFilter): boolean {
  return (
    !isSystem(record) &&
    (!types || types.includes(record.type)) &&
    (!streamPrefix || record.stream.startsWith(streamPrefix))
  );
}
