/** Whether EventStoreDB takes appends as big as ours may be: it says so only to one that is. */
import { MaxAppendSizeExceededError } from '@eventstore/db-client';
import { MAX_APPEND_BYTES } from '../../../application/ports/event-store.ts';
import type { PlacedAppend } from './esdb-append-messages.ts';
import type { EsdbConnection } from './esdb-connection.ts';
import { readFailure } from './esdb-errors.ts';

/** of a stream that does not exist: the server looks at the size first, and then refuses what it has taken */
const STREAM = 'launchdb-size-limit';
const NEVER_THERE = 2 ** 40;
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

function bigAppend(): PlacedAppend {
  const data = new Uint8Array(MAX_APPEND_BYTES / PIECES - 2 * TYPE.length);
  const events = Array.from({ length: PIECES }, () => ({
    id: crypto.randomUUID(),
    of: '',
    type: TYPE,
    contentType: 'application/octet-stream' as const,
    data,
    metadata: new Uint8Array(),
  }));
  return { stream: STREAM, after: NEVER_THERE, events };
}
