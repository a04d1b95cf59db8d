import {
  EVENT_FRAME_BYTES,
  InvalidAppend,
  MAX_APPEND_BYTES,
  MAX_STREAM_NAME_LENGTH,
  type ExpectedRevision,
  type NewEvent,
} from '../../../application/ports/event-store.ts';
import type { EncodedEvent, EventCodec } from '../codec/event-codec.ts';

/** An append that has been checked whole: the log can only say whether it fits. */
export interface AppendRequest {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly EncodedEvent[];
  readonly sizeBytes: number;
}

const MAX_REVISION = 2 ** 31 - 1;
const MAX_EVENTS = 1000;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** @throws {InvalidAppend} @throws {EventTooLarge} */
export function appendRequest(
  codec: EventCodec,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): AppendRequest {
  checkStreamName(stream);
  if (
    typeof expected === 'number' &&
    !(Number.isInteger(expected) && expected >= 0 && expected <= MAX_REVISION)
  ) {
    throw new InvalidAppend(`${expected} is not a revision`);
  }
  if (events.length === 0) throw new InvalidAppend('an append needs at least one event');
  if (events.length > MAX_EVENTS) throw new InvalidAppend(`an append has at most ${MAX_EVENTS} events`);
  const encoded = events.map((event) => codec.encode(event));
  if (new Set(encoded.map(({ id }) => id)).size < encoded.length) {
    throw new InvalidAppend('an append holds the same event id twice');
  }
  const sizeBytes = encoded.reduce(
    (sum, event) => sum + event.sizeBytes + 2 * event.type.length + EVENT_FRAME_BYTES,
    0,
  );
  if (sizeBytes > MAX_APPEND_BYTES)
    throw new InvalidAppend(`an append takes at most ${MAX_APPEND_BYTES} bytes, not ${sizeBytes}`);
  return { stream, expected, events: encoded, sizeBytes };
}

function checkStreamName(stream: string): void {
  if (stream === '') throw new InvalidAppend('a stream needs a name');
  if (stream.startsWith('$')) throw new InvalidAppend('stream names that begin with $ are reserved');
  if (stream.length > MAX_STREAM_NAME_LENGTH) {
    throw new InvalidAppend(`a stream name has at most ${MAX_STREAM_NAME_LENGTH} characters`);
  }
  if (CONTROL_CHARACTER.test(stream) || !stream.isWellFormed()) {
    throw new InvalidAppend('a stream name holds a character that cannot be printed');
  }
}
