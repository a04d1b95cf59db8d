/**
 * The log. One port, several adapters; `event-store.contract.ts` is what each of them must do.
 * Delivery to a subscriber is in order and at least once: the subscriber keeps its own checkpoint.
 */
import { Refused } from '../errors.ts';

/**
 * A place in the whole log: comparable, 0n = before the first event. It comes from a store and is handed back to
 * it; between two places there need not be another (see {@link EventStoreCapabilities.densePositions}).
 */
export type Position = bigint;

/** What some stores do and others cannot, so that nobody relies on it where it is not there. */
export interface EventStoreCapabilities {
  /** positions count the events: 1, 2, 3, ... with nothing in between */
  readonly densePositions: boolean;
  /**
   * The hashes are one chain over the whole log, so an event that was taken out of it shows. Without it a hash
   * vouches for its own event only: a change shows, and so does a gap within a stream, but not the end of a stream.
   * That the log itself was cut off shows, either way, only by somebody who has seen further.
   */
  readonly hashChain: boolean;
  /** an event id is looked for in the whole log; without it, in the stream that is appended to */
  readonly idsAcrossStreams: boolean;
}

export interface Actor {
  readonly kind: 'owner' | 'token' | 'process' | 'operator' | 'system';
  readonly id: string;
}

export interface EventMetadata {
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: Actor;
  /** why, in words: the request, the step or the schedule that it comes from */
  readonly reason: string;
  readonly requestId?: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

export interface NewEvent {
  /** a UUID chosen by the caller: the same id again is the same event */
  readonly id: string;
  readonly type: string;
  /** JSON; `bigint` and `undefined`-free. Unicode without NUL survives exactly. */
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** Whoever copies one by `...` names `metadata` beside it: a store may make it when it is asked for. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** 0 for the first event of the stream */
  readonly revision: number;
  readonly position: Position;
  /** the version of the payload after upcasting */
  readonly schemaVersion: number;
  readonly recordedAt: Date;
  /** hex sha256 over this event as stored and, where the store keeps a chain, the hash of the event before */
  readonly hash: string;
}

export type ExpectedRevision = 'none' | 'exists' | 'any' | number;

export interface Appended {
  /** of the last event appended */
  readonly revision: number;
  readonly position: Position;
}

export interface EventFilter {
  readonly types?: readonly string[];
  readonly streamPrefix?: string;
}

/** An event that this release cannot read: of a type, version or shape that a newer one has written. */
export interface UnreadableEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly version: number;
}

/** `position` is how far the read went, also over events that the filter left out. */
export interface EventBatch {
  readonly events: readonly StoredEvent[];
  /** in order; whoever keeps state by them sets them aside, and with them what follows in their streams */
  readonly unreadable: readonly UnreadableEvent[];
  readonly position: Position;
}

export interface ReadStreamOptions {
  /** first revision wanted, inclusive; default 0 */
  readonly from?: number;
  /** last revision wanted, inclusive */
  readonly to?: number;
  readonly direction?: 'forward' | 'backward';
  readonly limit?: number;
}

export interface SubscribeOptions {
  readonly name: string;
  readonly after: Position;
  readonly filter?: EventFilter;
  /** events per batch, at most; default 1000 */
  readonly batchSize?: number;
  /** Awaited between hearing of something new and reading it, so that what comes together is read together. Never rejects. */
  readonly settle?: (stopped: AbortSignal) => Promise<void>;
}

export interface Subscription {
  /** resolves when the handler has returned and nothing more will be delivered */
  stop(): Promise<void>;
  /** settles when the subscription ends; rejects with what the handler threw */
  readonly done: Promise<void>;
}

/** The log verified from the first event on; `brokenAt` is the first position whose hash does not fit. */
export interface ChainReport {
  /** the last position up to which everything fits */
  readonly verified: bigint;
  readonly brokenAt: Position | null;
}

/** Where an event stands. */
export type EventPlace = Pick<StoredEvent, 'stream' | 'revision' | 'position'>;

/**
 * Of one event: `intact`, its hash follows from its content and, where the store keeps a chain, from the hash of the event
 * before; `altered`, it does not, or the event before is gone; `missing`, it does not stand there any more.
 */
export type EventCheck = 'intact' | 'altered' | 'missing';

/** What a store knows of the server that it is a client of, for those who run it. */
export interface LogServer {
  standing(): LogServerStanding;
  /** What is set too small for us there, and how to set it; undefined: nothing. @throws {Unavailable} */
  shortcoming(): Promise<string | undefined>;
}

export interface LogServerStanding {
  /** the node that answered last, which leads where there are several; undefined: none has answered yet */
  readonly leader: string | undefined;
  /** for how long none has answered; 0: one does */
  readonly awayMs: number;
  /** the same of the last time that one came back */
  readonly lastAwayMs: number;
}

export interface EventStore {
  readonly capabilities: EventStoreCapabilities;
  /** where the log has a server of a kind that can say so */
  readonly server?: LogServer;
  /**
   * Appends all events or none. The same ids again at the same expectation give the first result.
   * @throws {Conflict} the stream is elsewhere; nothing was written
   * @throws {OutcomeUnknown} the connection died: append the same ids again to learn what happened
   * @throws {EventIdReused} an id that is in the log (or the stream, see capabilities) already, with other content
   * @throws {EventTooLarge} {@link MAX_EVENT_BYTES}
   * @throws {InvalidAppend} no events, a stream name that is empty, reserved (`$...`) or too long, or more than
   * {@link MAX_APPEND_BYTES}
   * @throws {StreamDeleted}
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended>;
  /**
   * @throws {StreamNotFound} @throws {StreamDeleted}
   * @throws {UnknownEventVersion} one of the events cannot be read
   */
  readStream(stream: string, options?: ReadStreamOptions): Promise<readonly StoredEvent[]>;
  /** @throws {InvalidPosition} `after` is no place of this log */
  readAll(options: { after: Position; limit: number; filter?: EventFilter }): Promise<EventBatch>;
  /**
   * Calls `onBatch` one batch at a time; the next read waits for it, so memory stays bounded. A log that is away is
   * asked again for ever; {@link InvalidPosition} ends it.
   */
  subscribe(options: SubscribeOptions, onBatch: (batch: EventBatch) => Promise<void>): Subscription;
  /** How far the log goes now: whoever reads or subscribes gets at least there, whatever the filter. */
  head(): Promise<Position>;
  /** Looks at every event whether its hash fits; what shows thereby, see {@link EventStoreCapabilities}. */
  verifyChain(options?: { onProgress?: (verified: bigint) => void }): Promise<ChainReport>;
  /** The same look at one event. What was done to those before it does not show, but for the one right before it. */
  verifyEvent(place: EventPlace): Promise<EventCheck>;
  /** Ends all subscriptions, waits for the appends under way, gives back what the store holds. */
  close(): Promise<void>;
}

/** What a command needs of the log. */
export type CommandLog = Pick<EventStore, 'append' | 'readStream'>;

/** 1 MiB of data is a promise; with escapes and metadata an event may take twice that. */
export const MAX_EVENT_BYTES = 2 * 1024 * 1024;
/**
 * Of all events of one append: data, metadata, type names (two bytes a character) and {@link EVENT_FRAME_BYTES} for
 * each. It is the most that EventStoreDB takes for a message and can be set to take at once (--max-append-size).
 */
export const MAX_APPEND_BYTES = 16_767_216;
/** at most, what a store keeps of an event beside its data and metadata: ids, version, time, hash */
export const EVENT_FRAME_BYTES = 256;
export const MAX_STREAM_NAME_LENGTH = 200;

export class Conflict extends Error {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** the stream's last revision, or 'none' */
  readonly actual: number | 'none';

  constructor(stream: string, expected: ExpectedRevision, actual: number | 'none') {
    super(`${stream}: expected revision ${expected}, found ${actual}`);
    this.name = 'Conflict';
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

export class OutcomeUnknown extends Error {
  constructor(stream: string, cause: unknown) {
    super(`${stream}: the connection died during an append; the same event ids again settle it`, { cause });
    this.name = 'OutcomeUnknown';
  }
}

export class EventIdReused extends Error {
  constructor(eventId: string) {
    super(`event id ${eventId} is in the log already, with other content`);
    this.name = 'EventIdReused';
  }
}

export class EventTooLarge extends Error {
  constructor(type: string, sizeBytes: number) {
    super(`${type} takes ${sizeBytes} bytes; the limit is ${MAX_EVENT_BYTES}`);
    this.name = 'EventTooLarge';
  }
}

export class InvalidAppend extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'InvalidAppend';
  }
}

export class StreamNotFound extends Error {
  constructor(stream: string) {
    super(`there is no stream ${stream}`);
    this.name = 'StreamNotFound';
  }
}

/** Somebody has deleted a stream of the log, whose streams never end. */
export class StreamDeleted extends Refused {
  constructor(stream: string, how: string, cause?: unknown) {
    super(`the stream ${stream} was deleted from the log, ${how}`, cause);
    this.name = 'StreamDeleted';
  }
}

/** A position of another log, or of this one before it was put back to an earlier state. */
export class InvalidPosition extends Error {
  readonly position: Position;

  constructor(position: Position, cause?: unknown) {
    super(
      `position ${position} is no place of this log. It is from another log, or from before this one was restored: ` +
        'whoever has come that far has to begin anew (launchdb replay rebuilds the views)',
      { cause },
    );
    this.name = 'InvalidPosition';
    this.position = position;
  }
}

/** An event of a version or type that this code does not know: written by a newer release. */
export class UnknownEventVersion extends Error {
  readonly position: Position;

  constructor(type: string, version: number, position: Position) {
    super(`${type} version ${version} at position ${position} is not known to this release`);
    this.name = 'UnknownEventVersion';
    this.position = position;
  }
}
