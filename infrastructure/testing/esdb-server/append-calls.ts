/** Appending, by one call (unary in the words of the client) and by the stream of batches. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  status,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expectation, ProposedEvent, WriteResult } from './esdb-log.ts';
import {
  MOST_MESSAGE_BYTES,
  refusal,
  refusedUnread,
  streamDeleted,
  type Faults,
  type Serving,
} from './serving.ts';

const MESSAGE_TOO_BIG = 'Received message exceeds the maximum configured message size.';
const NOT_INDEXED_IN_TIME = 'Operation timed out: Commit phase timeout.';

/** what an answer tells; the other kinds are errors */
type Decided = Extract<WriteResult, { kind: 'written' | 'wrong-version' }>;
type Proposed = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage;

export function appendCall(
  serving: Serving,
): handleClientStreamingCall<streams.AppendReq, streams.AppendResp> {
  return (call, answer) => {
    serving.calls.append += 1;
    serving.headers = call.metadata;
    let options: streams.AppendReq.Options | undefined;
    const proposed: ProposedEvent[] = [];
    call.on('data', (request: streams.AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message) proposed.push(proposedEvent(message));
    });
    const decide = async (): Promise<Partial<ServiceError> | streams.AppendResp | undefined> => {
      const { faults } = serving;
      const refused =
        refusedUnread(serving, call.metadata) ?? notHandled(faults) ?? tooBig(serving, proposed);
      if (refused) return refused;
      if (!options) return refusal(status.INVALID_ARGUMENT, 'no options');
      const stream = streamName(options);
      const result = await write(serving, stream, expectationOf(options), proposed);
      if (result?.kind === 'deleted') return streamDeleted(stream);
      if (result?.kind === 'not-indexed') return refusal(status.ABORTED, NOT_INDEXED_IN_TIME);
      return result && appendResponse(serving, result);
    };
    // The end of a connection looks like the end of a request, and only a moment later like what it is.
    call.on('end', () =>
      setImmediate(() => {
        if (call.cancelled) return;
        void decide().then((decided) => {
          if (decided instanceof streams.AppendResp) answer(null, decided);
          else if (decided) answer(decided);
        });
      }),
    );
  };
}

/** What ends the whole call, for all that share it: a node that does not lead, a message that is too big. */
function endOfBatches(serving: Serving, metadata: Metadata, request: streams.BatchAppendReq) {
  const unread = refusedUnread(serving, metadata);
  if (unread?.code === status.NOT_FOUND) return unread;
  if (serving.faults.failBatches) return refusal(status.INTERNAL, 'Exception was thrown by handler.');
  if (sizeOf(request.getProposedMessagesList().map(proposedEvent)) <= MOST_MESSAGE_BYTES) return undefined;
  return refusal(status.RESOURCE_EXHAUSTED, MESSAGE_TOO_BIG);
}

/** What one append in the call is refused for, unread. */
function refusedBatch(serving: Serving, proposed: readonly ProposedEvent[]): rpc.Status | undefined {
  const { faults, ready, maxAppendBytes } = serving;
  if (faults.accessDenied)
    return failure(code.Code.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied());
  if (sizeOf(proposed) > maxAppendBytes) return tooBigBatch(maxAppendBytes);
  const details = ready ? faults.notHandled : 'Server Is Not Ready';
  if (!details) return undefined;
  const nothing = new any.Any();
  nothing.pack(new empty.Empty().serializeBinary(), 'google.protobuf.Empty');
  return new rpc.Status().setMessage(details.replace('Too Busy', 'Busy')).setDetails(nothing);
}

export function batchAppendCall(
  serving: Serving,
): handleBidiStreamingCall<streams.BatchAppendReq, streams.BatchAppendResp> {
  const open = new Map<string, { options: streams.BatchAppendReq.Options; proposed: ProposedEvent[] }>();
  return (call) => {
    serving.headers = call.metadata;
    serving.batchCalls += 1;
    call.on('data', (request: streams.BatchAppendReq) => {
      const id = request.getCorrelationId()?.getString() ?? '';
      const batch = open.get(id) ?? {
        options: request.getOptions() ?? new streams.BatchAppendReq.Options(),
        proposed: [],
      };
      open.set(id, batch);
      batch.proposed.push(...request.getProposedMessagesList().map(proposedEvent));
      if (!request.getIsFinal()) return;
      open.delete(id);
      serving.calls.batchAppend += 1;
      const { options, proposed } = batch;
      const response = new streams.BatchAppendResp()
        .setCorrelationId(request.getCorrelationId())
        .setStreamIdentifier(options.getStreamIdentifier());
      const append = () => write(serving, streamName(options), expectationOfBatch(options), proposed);
      const end = endOfBatches(serving, call.metadata, request);
      if (end) {
        const before = serving.faults.failBatches === 'after' ? append() : Promise.resolve();
        void before.then(() => call.emit('error', end));
        return;
      }
      const refused = refusedBatch(serving, proposed);
      if (refused) {
        call.write(response.setError(refused));
        return;
      }
      void append().then((result) => {
        if (result) call.write(batchResponse(response, options, result));
      });
    });
    call.on('end', () => call.end());
  };
}

/** @returns undefined when nobody is to be told */
async function write(
  serving: Serving,
  stream: string,
  expected: Expectation,
  proposed: readonly ProposedEvent[],
): Promise<WriteResult | undefined> {
  const { faults, log } = serving;
  if (faults.hang) return undefined;
  if (faults.dropAppends === 'before') {
    serving.dropConnections();
    return undefined;
  }
  const result = log.write(stream, expected, proposed);
  if (faults.dropAppends) {
    serving.dropConnections();
    return undefined;
  }
  // the real server drops it, and answers when the time for a commit is over
  if (result.kind === 'not-indexed') await sleep(serving.commitTimeoutMs, undefined, { ref: false });
  if (result.kind === 'written') await result.indexed;
  return result;
}

const streamName = (options: streams.AppendReq.Options | streams.BatchAppendReq.Options): string =>
  Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();

function proposedEvent(message: Proposed): ProposedEvent {
  const properties = message.getMetadataMap();
  return {
    id: message.getId()?.getString() ?? '',
    type: properties.get('type') ?? '',
    contentType: properties.get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

function notHandled({ notHandled: details }: Faults) {
  if (!details) return undefined;
  return refusal(details.startsWith('Server') ? status.UNAVAILABLE : status.UNKNOWN, details);
}

function tooBig({ maxAppendBytes }: Serving, proposed: readonly ProposedEvent[]) {
  if (proposed.some((event) => sizeOf([event]) > MOST_MESSAGE_BYTES)) {
    return refusal(status.RESOURCE_EXHAUSTED, MESSAGE_TOO_BIG);
  }
  if (sizeOf(proposed) <= maxAppendBytes) return undefined;
  return refusal(
    status.INVALID_ARGUMENT,
    `Maximum Append Size of ${maxAppendBytes} Exceeded.`,
    'maximum-append-size-exceeded',
    { 'maximum-append-size': String(maxAppendBytes) },
  );
}

/** As the real server counts: a character of a type is two bytes. */
const sizeOf = (proposed: readonly ProposedEvent[]): number =>
  proposed.reduce(
    (sum, { type, data, metadata }) => sum + 2 * type.length + data.length + metadata.length,
    0,
  );

function expectationOf(options: streams.AppendReq.Options): Expectation {
  if (options.hasNoStream()) return 'none';
  if (options.hasStreamExists()) return 'exists';
  return options.hasRevision() ? Number(options.getRevision()) : 'any';
}

function expectationOfBatch(options: streams.BatchAppendReq.Options): Expectation {
  if (options.hasNoStream()) return 'none';
  if (options.hasStreamExists()) return 'exists';
  return options.hasStreamPosition() ? Number(options.getStreamPosition()) : 'any';
}

function appendResponse({ faults }: Serving, result: Decided): streams.AppendResp {
  const response = new streams.AppendResp();
  if (result.kind === 'wrong-version') {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (result.current === 'none') wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(result.current));
    return response.setWrongExpectedVersion(wrong);
  }
  const success = new streams.AppendResp.Success().setCurrentRevision(String(result.revision));
  const untold = result.repeated && faults.repeatsHaveNoPosition;
  if (untold || result.position === undefined) success.setNoPosition(new shared.Empty());
  else {
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(String(result.position));
    position.setPreparePosition(String(result.position));
    success.setPosition(position);
  }
  return response.setSuccess(success);
}

function batchResponse(
  response: streams.BatchAppendResp,
  options: streams.BatchAppendReq.Options,
  result: WriteResult,
): streams.BatchAppendResp {
  if (result.kind === 'wrong-version')
    return response.setError(wrongExpectedVersion(options, result.current));
  if (result.kind === 'deleted') {
    const deleted = new shared.StreamDeleted().setStreamIdentifier(options.getStreamIdentifier());
    return response.setError(failure(code.Code.NOT_FOUND, 'StreamDeleted', deleted));
  }
  if (result.kind === 'not-indexed')
    return response.setError(failure(code.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout()));
  const success = new streams.BatchAppendResp.Success().setCurrentRevision(String(result.revision));
  if (result.position === undefined) return response.setSuccess(success.setNoPosition(new empty.Empty()));
  const position = new shared.AllStreamPosition()
    .setCommitPosition(String(result.position))
    .setPreparePosition(String(result.position));
  return response.setSuccess(success.setPosition(position));
}

function tooBigBatch(maxAppendBytes: number): rpc.Status {
  const exceeded = new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendBytes);
  return failure(code.Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', exceeded);
}

function failure(
  why: code.Code,
  kind: 'AccessDenied' | 'WrongExpectedVersion' | 'StreamDeleted' | 'Timeout' | 'MaximumAppendSizeExceeded',
  message: { serializeBinary(): Uint8Array },
): rpc.Status {
  const details = new any.Any();
  details.pack(message.serializeBinary(), `event_store.client.${kind}`);
  return new rpc.Status().setCode(why).setMessage(kind).setDetails(details);
}

function wrongExpectedVersion(options: streams.BatchAppendReq.Options, current: number | 'none'): rpc.Status {
  const wrong = new shared.WrongExpectedVersion();
  if (current === 'none') wrong.setCurrentNoStream(new empty.Empty());
  else wrong.setCurrentStreamRevision(String(current));
  if (options.hasStreamPosition()) wrong.setExpectedStreamPosition(options.getStreamPosition());
  else if (options.hasStreamExists()) wrong.setExpectedStreamExists(new empty.Empty());
  else wrong.setExpectedNoStream(new empty.Empty());
  return failure(code.Code.ALREADY_EXISTS, 'WrongExpectedVersion', wrong);
}
