/** Deleting a stream: so that it can be begun anew, or for good (a tombstone). */
import type { handleUnaryCall } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { streamDeleted, type Serving } from './serving.ts';

type Request = streams.DeleteReq | streams.TombstoneReq;

export function deleteCall(serving: Serving): handleUnaryCall<streams.DeleteReq, streams.DeleteResp> {
  return ({ request }, answer) => {
    const place = deleted(serving, request, false);
    if (place === undefined) return answer(streamDeleted(streamName(request)));
    const position = new streams.DeleteResp.Position().setCommitPosition(place).setPreparePosition(place);
    answer(null, new streams.DeleteResp().setPosition(position));
  };
}

export function tombstoneCall(
  serving: Serving,
): handleUnaryCall<streams.TombstoneReq, streams.TombstoneResp> {
  return ({ request }, answer) => {
    const place = deleted(serving, request, true);
    if (place === undefined) return answer(streamDeleted(streamName(request)));
    const position = new streams.TombstoneResp.Position().setCommitPosition(place).setPreparePosition(place);
    answer(null, new streams.TombstoneResp().setPosition(position));
  };
}

/** @returns where that stands; undefined: it was deleted for good before */
function deleted({ log }: Serving, request: Request, forGood: boolean): string | undefined {
  const stream = streamName(request);
  return log.shown(stream) === 'tombstoned' ? undefined : String(log.delete(stream, forGood).position);
}

const streamName = (request: Request): string =>
  Buffer.from(request.getOptions()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
