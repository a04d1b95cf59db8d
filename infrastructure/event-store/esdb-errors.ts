/** From the client's errors to those of the port. */
import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import { Refused, Unavailable } from '../../application/errors.ts';
import { InvalidAppend, OutcomeUnknown } from '../../application/ports/event-store.ts';

// The texts are those of grpc-js and of the server. One that changes makes the outcome of an append unknown, and
// that is settled by asking again.
const NOT_CONNECTED = /No connection established|Channel has been shut down/;
const NOT_HANDLED = /Server Is (Not Ready|Too Busy)|No leader info available/;

/** Why an append failed: {@link OutcomeUnknown} unless it is certain that nothing was written. */
export function appendFailure(stream: string, error: unknown): Error {
  if (error instanceof Unavailable) return error;
  if (error instanceof MaxAppendSizeExceededError) {
    return new InvalidAppend(
      `EventStoreDB takes ${error.maxAppendSize} bytes at once (its --max-append-size)`,
    );
  }
  const refusal = refusalOf('append to the log', error);
  if (refusal) return refusal;
  const unsent =
    (error instanceof UnavailableError &&
      (NOT_CONNECTED.test(error.message) || NOT_HANDLED.test(error.message))) ||
    (error instanceof UnknownError && NOT_HANDLED.test(error.message)) ||
    (error instanceof Error && NOT_CONNECTED.test(error.message));
  return unsent ? new Unavailable('append to the log', error) : new OutcomeUnknown(stream, error);
}

/** Why a read failed. Whatever is not known to stay as it is may be better the next time. */
export function readFailure(attempted: string, error: unknown): Error {
  return error instanceof Unavailable
    ? error
    : (refusalOf(attempted, error) ?? new Unavailable(attempted, error));
}

function refusalOf(attempted: string, error: unknown): Error | undefined {
  // an operator can put that right, and nothing is to be undone meanwhile
  if (error instanceof AccessDeniedError) {
    return new Unavailable(`${attempted}: EventStoreDB refuses the credentials`, error);
  }
  if (error instanceof NotLeaderError) return new Unavailable(`${attempted}: the leader changes`, error);
  if (error instanceof StreamDeletedError) {
    return new Refused(`the stream ${error.streamName} was deleted from the log`, error);
  }
  return undefined;
}
