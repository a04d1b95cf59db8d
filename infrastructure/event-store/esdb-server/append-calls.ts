/** Appending, by one call (unary in the words of the client) and by the stream of batches. */
import { status, type handleBidiStreamingCall, type handleClientStreamingCall } from '@grpc/grpc-js';
import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expectation, ProposedEvent, WriteResult } from './esdb-log.ts';
import { refusedUnread, refusal, type Faults, type Serving } from './serving.ts';

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
    // The end of a connection looks like the end of a request, and only a moment later like what it is.
    call.on('end', () => setImmediate(decide));
    const decide = () => {
      if (call.cancelled) return;
      const { faults } = serving;
      const refused = refusedUnread(faults, call.metadata) ?? notHandled(faults) ?? tooBig(serving, proposed);
      if (refused) return answer(refused);
      if (!options) return answer(refusal(status.INVALID_ARGUMENT, 'no options'));
      const result = write(serving, streamName(options), expectationOf(options), proposed);
      if (result) answer(null, appendResponse(serving, result));
    };
  };
}

export function batchAppendCall(
  serving: Serving,
): handleBidiStreamingCall<streams.BatchAppendReq, streams.BatchAppendResp> {
  const open = new Map<string, { options: streams.BatchAppendReq.Options; proposed: ProposedEvent[] }>();
  return (call) => {
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
      const result = write(
        serving,
        streamName(batch.options),
        expectationOfBatch(batch.options),
        batch.proposed,
      );
      if (result) call.write(batchResponse(request, batch.options, result));
    });
    call.on('end', () => call.end());
  };
}

/** @returns undefined when nobody is to be told */
function write(
  serving: Serving,
  stream: string,
  expected: Expectation,
  proposed: readonly ProposedEvent[],
): WriteResult | undefined {
  const { faults, log } = serving;
  if (faults.hang) return undefined;
  if (faults.dropAppends === 'before') serving.dropConnections();
  else {
    const result = log.write(stream, expected, proposed);
    if (!faults.dropAppends) return result;
    serving.dropConnections();
  }
  return undefined;
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
  const size = proposed.reduce(
    (sum, { type, data, metadata }) => sum + type.length + data.length + metadata.length,
    0,
  );
  if (size <= maxAppendBytes) return undefined;
  return refusal(
    status.INVALID_ARGUMENT,
    `Maximum Append Size of ${maxAppendBytes} Exceeded.`,
    'maximum-append-size-exceeded',
    { 'maximum-append-size': String(maxAppendBytes) },
  );
}

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

function appendResponse({ faults }: Serving, result: WriteResult): streams.AppendResp {
  const response = new streams.AppendResp();
  if (!result.written) {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (result.current === 'none') wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(result.current));
    return response.setWrongExpectedVersion(wrong);
  }
  const success = new streams.AppendResp.Success().setCurrentRevision(String(result.revision));
  if (result.repeated && faults.repeatsHaveNoPosition) success.setNoPosition(new shared.Empty());
  else {
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(String(result.position));
    position.setPreparePosition(String(result.position));
    success.setPosition(position);
  }
  return response.setSuccess(success);
}

function batchResponse(
  request: streams.BatchAppendReq,
  options: streams.BatchAppendReq.Options,
  result: WriteResult,
): streams.BatchAppendResp {
  const response = new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(options.getStreamIdentifier());
  if (!result.written) return response.setError(wrongExpectedVersion(options, result.current));
  const position = new shared.AllStreamPosition()
    .setCommitPosition(String(result.position))
    .setPreparePosition(String(result.position));
  return response.setSuccess(
    new streams.BatchAppendResp.Success().setCurrentRevision(String(result.revision)).setPosition(position),
  );
}

function wrongExpectedVersion(options: streams.BatchAppendReq.Options, current: number | 'none'): rpc.Status {
  const wrong = new shared.WrongExpectedVersion();
  if (current === 'none') wrong.setCurrentNoStream(new empty.Empty());
  else wrong.setCurrentStreamRevision(String(current));
  if (options.hasStreamPosition()) wrong.setExpectedStreamPosition(options.getStreamPosition());
  else if (options.hasStreamExists()) wrong.setExpectedStreamExists(new empty.Empty());
  else wrong.setExpectedNoStream(new empty.Empty());
  const details = new any.Any();
  details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  return new rpc.Status()
    .setCode(code.Code.FAILED_PRECONDITION)
    .setMessage('WrongExpectedVersion')
    .setDetails(details);
}
