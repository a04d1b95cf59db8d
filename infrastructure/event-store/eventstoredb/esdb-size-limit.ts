/** Whether EventStoreDB takes appends as big as ours may be: it says so only to one that is. */
import { MaxAppendSizeExceededError } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { MAX_APPEND_BYTES } from '../../../application/ports/event-store.ts';
import type { EsdbConnection } from './esdb-connection.ts';
import { readFailure } from './esdb-errors.ts';
import { streamIdentifier } from './esdb-record.ts';

/** of a stream that does not exist: the server looks at the size first, and then refuses what it has taken */
const STREAM = 'launchdb-size-limit';
const NEVER_THERE = String(2 ** 40);
const TYPE = 'SizeLimitAsked';
const PIECES = 16;

/**
 * @returns what to set there, and how; undefined: it is enough. Nothing is written either way.
 * @throws {Unavailable}
 */
export async function sizeShortcoming(connection: EsdbConnection): Promise<string | undefined> {
  try {
    await connection.append(bigAppend());
    return undefined;
  } catch (error) {
    if (!(error instanceof MaxAppendSizeExceededError)) throw readFailure('ask for the size limit', error);
    return (
      `EventStoreDB takes ${error.maxAppendSize} bytes at once, and an append may have ${MAX_APPEND_BYTES}: ` +
      `start it with --max-append-size ${MAX_APPEND_BYTES} (EVENTSTORE_MAX_APPEND_SIZE; it takes no more than that)`
    );
  }
}

function bigAppend(): streams.AppendReq[] {
  const options = new streams.AppendReq.Options()
    .setStreamIdentifier(streamIdentifier(STREAM))
    .setRevision(NEVER_THERE);
  const data = new Uint8Array(MAX_APPEND_BYTES / PIECES - 2 * TYPE.length);
  const pieces = Array.from({ length: PIECES }, () => {
    const message = new streams.AppendReq.ProposedMessage()
      .setId(new shared.UUID().setString(crypto.randomUUID()))
      .setData(data);
    message.getMetadataMap().set('type', TYPE).set('content-type', 'application/octet-stream');
    return new streams.AppendReq().setProposedMessage(message);
  });
  return [new streams.AppendReq().setOptions(options), ...pieces];
}
