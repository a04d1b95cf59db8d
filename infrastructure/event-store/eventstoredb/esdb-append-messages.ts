/** An append in the two forms in which EventStoreDB takes it, a call of its own or a message of one shared call, and its answers. */
import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

/** An event as it goes there. */
export interface ProposedEvent {
  /** EventStoreDB's own, a UUID */
  readonly id: string;
  /** the event's id for us */
  readonly of: string;
  readonly type: string;
  readonly contentType: 'application/json' | 'application/octet-stream';
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface PlacedAppend {
  readonly stream: string;
  /** the revision that it is appended at, -1 for a new stream */
  readonly after: number;
  readonly events: readonly ProposedEvent[];
}

/** Where the events are, or where the stream ends (-1: there is none) that was expected to end elsewhere. */
export type AppendAnswer =
  | {
      readonly written: true;
      readonly revision: number;
      /** older servers tell none when the write is a repetition */
      readonly position: bigint | undefined;
    }
  | { readonly written: false; readonly current: number };

type Proposed = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage;
type Refusal = NonNullable<ReturnType<streams.BatchAppendResp['getError']>>;

export const bytes = (value: string): Uint8Array => Buffer.from(value);

export const streamIdentifier = (stream: string): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(bytes(stream));

/** The messages of a call that appends this alone. */
export function callOfItsOwn({ stream, after, events }: PlacedAppend): streams.AppendReq[] {
  const options = new streams.AppendReq.Options().setStreamIdentifier(streamIdentifier(stream));
  if (after < 0) options.setNoStream(new shared.Empty());
  else options.setRevision(String(after));
  return [
    new streams.AppendReq().setOptions(options),
    ...events.map((event) =>
      new streams.AppendReq().setProposedMessage(filled(new streams.AppendReq.ProposedMessage(), event)),
    ),
  ];
}

/**
 * The one message of it in the call that many share. It has no deadline: the server would compare it with a clock of
 * its own, and without one it takes the time that it has for a write.
 * @param correlation a UUID, which comes back with the answer
 */
export function sharedMessage(
  { stream, after, events }: PlacedAppend,
  correlation: string,
): streams.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(streamIdentifier(stream));
  if (after < 0) options.setNoStream(new shared.Empty());
  else options.setStreamPosition(String(after));
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(correlation))
    .setOptions(options)
    .setProposedMessagesList(
      events.map((event) => filled(new streams.BatchAppendReq.ProposedMessage(), event)),
    )
    .setIsFinal(true);
}

function filled<Message extends Proposed>(message: Message, event: ProposedEvent): Message {
  message
    .setId(new shared.UUID().setString(event.id))
    .setData(event.data)
    .setCustomMetadata(event.metadata)
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.contentType);
  return message;
}

export function answerOfItsOwn(response: streams.AppendResp): AppendAnswer {
  const success = response.getSuccess();
  if (success) return written(success);
  const wrong = response.getWrongExpectedVersion();
  return { written: false, current: wrong?.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 };
}

/** @throws the client's error for a refusal, as the call of its own would have failed with */
export function sharedAnswer(response: streams.BatchAppendResp): AppendAnswer {
  const success = response.getSuccess();
  if (success) return written(success);
  const refusal = response.getError();
  const wrong = detailsOf(refusal, 'WrongExpectedVersion', shared.WrongExpectedVersion);
  if (!wrong) throw failure(refusal, Buffer.from(response.getStreamIdentifier()?.getStreamName_asU8() ?? []));
  const current = wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1;
  return { written: false, current };
}

function written(success: streams.AppendResp.Success | streams.BatchAppendResp.Success): AppendAnswer {
  const position = success.getPosition();
  return {
    written: true,
    revision: Number(success.getCurrentRevision()),
    position: position && BigInt(position.getCommitPosition()),
  };
}

function failure(refusal: Refusal | undefined, stream: Buffer): Error {
  const tooBig = detailsOf(refusal, 'MaximumAppendSizeExceeded', shared.MaximumAppendSizeExceeded);
  if (tooBig) return MaxAppendSizeExceededError.fromMaxAppendSize(tooBig.getMaxappendsize());
  const kind = refusal?.getDetails()?.getTypeName();
  if (kind === 'event_store.client.AccessDenied') return new AccessDeniedError();
  if (kind === 'event_store.client.StreamDeleted')
    return StreamDeletedError.fromStreamName(stream.toString());
  if (kind === 'event_store.client.Timeout')
    return new TimeoutError(undefined, 'EventStoreDB was not done in its time');
  const message = refusal?.getMessage() ?? 'the answer says nothing';
  return message.startsWith('Server Is ')
    ? new UnavailableError(undefined, message)
    : new UnknownError(undefined, message);
}

function detailsOf<Details>(
  refusal: Refusal | undefined,
  kind: string,
  message: { deserializeBinary: (binary: Uint8Array) => Details },
): Details | undefined {
  const details = refusal?.getDetails();
  if (details?.getTypeName() !== `event_store.client.${kind}`) return undefined;
  return message.deserializeBinary(details.getValue_asU8());
}
