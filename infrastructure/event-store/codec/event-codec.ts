/**
 * Between the events that the code knows and the text that the log holds. A payload has a version; an older
 * one is brought up to date on reading, a newer one is refused: this release cannot know what it means.
 */
import {
  EventTooLarge,
  InvalidAppend,
  MAX_EVENT_BYTES,
  UnknownEventVersion,
  type EventBatch,
  type EventMetadata,
  type NewEvent,
  type Position,
  type StoredEvent,
  type UnreadableEvent,
} from '../../../application/ports/event-store.ts';
import type { z } from 'zod';
import { fromLosslessJson, toLosslessJson } from './lossless-json.ts';

export interface CatalogueEntry {
  /** what is written today; counts from 1 */
  readonly version: number;
  /** how today's payload looks; without one, anything goes */
  readonly schema?: z.ZodType;
  /** for each older version: its payload in, the payload of the next version out */
  readonly upcasters?: Readonly<Record<number, (data: unknown) => unknown>>;
}

export type EventCatalogue = Readonly<Record<string, CatalogueEntry>>;

/** An event ready to be stored; `data` and `metadata` are JSON text. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly data: string;
  readonly metadata: string;
  readonly sizeBytes: number;
}

/** An event as the log holds it. */
export interface EventRecord extends Omit<EncodedEvent, 'sizeBytes'> {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly recordedAt: Date;
  /** hex */
  readonly hash: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What most who read the whole log never look at is parsed when it is asked for. */
class DecodedEvent implements StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly schemaVersion: number;
  readonly recordedAt: Date;
  readonly hash: string;
  readonly #text: string;
  #metadata: EventMetadata | undefined;

  constructor(record: EventRecord, { type, version }: { type: string; version: number }, data: unknown) {
    this.id = record.id;
    // the same string in all events: whoever asks for it compares no letters
    this.type = type;
    this.data = data;
    this.stream = record.stream;
    this.revision = record.revision;
    this.position = record.position;
    this.schemaVersion = version;
    this.recordedAt = record.recordedAt;
    this.hash = record.hash;
    this.#text = record.metadata;
    this.#metadata = undefined;
  }

  get metadata(): EventMetadata {
    return (this.#metadata ??= fromLosslessJson(this.#text) as EventMetadata);
  }
}

export class EventCodec {
  readonly #catalogue: ReadonlyMap<string, CatalogueEntry & { readonly type: string }>;

  /** @throws {TypeError} when an older version has no upcaster */
  constructor(catalogue: EventCatalogue) {
    this.#catalogue = new Map(Object.entries(catalogue).map(([type, entry]) => [type, { ...entry, type }]));
    for (const { type, version, upcasters } of this.#catalogue.values()) {
      for (let older = 1; older < version; older++) {
        if (!upcasters?.[older]) throw new TypeError(`${type} has no upcaster from version ${older}`);
      }
    }
  }

  /** @throws {InvalidAppend} @throws {EventTooLarge} */
  encode(event: NewEvent): EncodedEvent {
    const entry = this.#catalogue.get(event.type);
    if (!entry) throw new InvalidAppend(`the catalogue has no event type ${event.type}`);
    const checked = entry.schema?.safeParse(event.data);
    // where, never what: a value may be a secret
    if (checked?.success === false) {
      const faults = checked.error.issues.map(({ path, code }) => `${path.join('.')} ${code}`).join(', ');
      throw new InvalidAppend(`${event.type} does not look as it has to: ${faults}`);
    }
    const id = event.id.toLowerCase();
    if (!UUID.test(id)) throw new InvalidAppend('an event id is not a UUID');
    const data = toLosslessJson(event.data);
    const metadata = toLosslessJson(event.metadata);
    const sizeBytes = Buffer.byteLength(data) + Buffer.byteLength(metadata);
    if (sizeBytes > MAX_EVENT_BYTES) throw new EventTooLarge(event.type, sizeBytes);
    return { id, type: event.type, version: entry.version, data, metadata, sizeBytes };
  }

  /** @throws {UnknownEventVersion} */
  decode(record: EventRecord): StoredEvent {
    const { type, position } = record;
    const entry = this.#catalogue.get(type);
    if (!entry || record.version > entry.version)
      throw new UnknownEventVersion(type, record.version, position);
    let data = fromLosslessJson(record.data);
    for (let version = record.version; version < entry.version; version++) {
      const upcast = entry.upcasters?.[version];
      if (!upcast) throw new UnknownEventVersion(type, version, position);
      data = upcast(data);
    }
    if (entry.schema?.safeParse(data).success === false)
      throw new UnknownEventVersion(type, record.version, position);
    return new DecodedEvent(record, entry, data);
  }

  /** What can be read, and apart from it what cannot: the reader decides what the latter holds up. */
  decodeBatch(records: readonly EventRecord[], position: Position): EventBatch {
    const events: StoredEvent[] = [];
    const unreadable: UnreadableEvent[] = [];
    for (const record of records) {
      try {
        events.push(this.decode(record));
      } catch (error) {
        if (!(error instanceof UnknownEventVersion)) throw error;
        const { stream, revision, type, version } = record;
        unreadable.push({ position: record.position, stream, revision, type, version });
      }
    }
    return { events, unreadable, position };
  }
}
