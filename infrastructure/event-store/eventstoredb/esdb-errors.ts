/** From the client's errors to those of the port. */
import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import { Unavailable, unavailable } from '../../../application/errors.ts';
import {
  InvalidAppend,
  InvalidPosition,
  OutcomeUnknown,
  StreamDeleted,
  type Position,
} from '../../../application/ports/event-store.ts';

// The texts are those of grpc-js and of the server. One that changes makes the outcome of an append unknown, and
// that is settled by asking again.
const NOT_CONNECTED =
  /No connection established|Channel has been shut down|Channel closed before call started/;
const INVALID_POSITION = /InvalidPosition|invalid position/;
const MESSAGE_TOO_BIG = /RESOURCE_EXHAUSTED: Received message/;
const NOT_HANDLED = /Server Is (Not Ready|Too Busy|Busy)|No leader info available/;

/**
 * The server was not done in its time: in the prepare or the commit phase, or because it has dropped the append, as it
 * does with ids that it is about to write already. The same ids again settle it.
 */
export const isServerTimeout = (error: unknown): boolean => error instanceof TimeoutError;

/** Why an append failed: {@link OutcomeUnknown} unless it is certain that nothing was written. */
export function appendFailure(stream: string, error: unknown): Error {
  if (error instanceof Unavailable) return error;
  if (error instanceof MaxAppendSizeExceededError) {
    return new InvalidAppend(
      `EventStoreDB takes ${error.maxAppendSize} bytes at once (its --max-append-size)`,
    );
  }
  if (error instanceof UnknownError && MESSAGE_TOO_BIG.test(error.message)) {
    return new InvalidAppend('EventStoreDB does not take a message of that size');
  }
  const refusal = refusalOf('append to the log', error);
  if (refusal) return refusal;
  const unsent =
    (error instanceof UnavailableError &&
      (NOT_CONNECTED.test(error.message) || NOT_HANDLED.test(error.message))) ||
    (error instanceof UnknownError && NOT_HANDLED.test(error.message)) ||
    (error instanceof Error && NOT_CONNECTED.test(error.message));
  return unsent ? unavailable('log', 'append to the log', error) : new OutcomeUnknown(stream, error);
}

/**
 * Why a read failed. Whatever is not known to stay as it is may be better the next time.
 * @param from where it was to begin
 */
export function readFailure(attempted: string, error: unknown, from?: Position): Error {
  if (from !== undefined && error instanceof Error && INVALID_POSITION.test(error.message))
    return new InvalidPosition(from, error);
  return error instanceof Unavailable
    ? error
    : (refusalOf(attempted, error) ?? unavailable('log', attempted, error));
}

function refusalOf(attempted: string, error: unknown): Error | undefined {
  // an operator can put that right, and nothing is to be undone meanwhile
  if (error instanceof AccessDeniedError) {
    return unavailable('log', `${attempted}: EventStoreDB refuses the credentials`, error);
  }
  if (error instanceof NotLeaderError) return unavailable('log', `${attempted}: the leader changes`, error);
  if (error instanceof StreamDeletedError) {
    return new StreamDeleted(error.streamName, 'for good', error);
  }
  return undefined;
}
