/**
 * One call that many appends share, each with an answer of its own: a call an append would cost the server and us more
 * than the append. When the call fails but the connection lives, as it does when the node no longer leads or one append
 * upsets the server, those under way are told {@link SharedCallEnded}: a call of its own tells each how it stands.
 */
import { randomUUID } from 'node:crypto';
import {
  CancelledError,
  convertToCommandError,
  DeadlineExceededError,
  NotLeaderError,
  UnavailableError,
} from '@eventstore/db-client';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { sharedAnswer, sharedMessage, type AppendAnswer, type PlacedAppend } from './esdb-append-messages.ts';

export type SharedCall = ReturnType<StreamsClient['batchAppend']>;

/** The outcome is unknown; the connection is there. */
export class SharedCallEnded extends Error {
  constructor(cause: unknown) {
    super('the call that appends share ended', { cause });
    this.name = 'SharedCallEnded';
  }
}

interface Waiting {
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

export class SharedAppends {
  readonly #call: SharedCall;
  readonly #waiting = new Map<string, Waiting>();
  #open = true;
  /** it was ended by us */
  #done = false;

  /** @param ended the call is over, without an error when we ended it; those under way learn of it afterwards */
  constructor(call: SharedCall, ended: (error?: Error) => void) {
    this.#call = call;
    const over = (error: Error) => {
      ended(this.#done ? undefined : error);
      this.#over(error);
    };
    call.on('data', (response: streams.BatchAppendResp) => this.#answered(response));
    call.on('error', over);
    call.on('end', () => over(new Error('the server ended it')));
  }

  /** Whether it takes more. */
  get open(): boolean {
    return this.#open;
  }

  /** @throws {SharedCallEnded} or an error of the client */
  append(append: PlacedAppend, withinMs: number): Promise<AppendAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendAnswer>();
    const correlation = randomUUID();
    const timer = setTimeout(() => this.#late(correlation), Math.max(0, withinMs));
    this.#waiting.set(correlation, { resolve, reject, timer });
    this.#call.write(sharedMessage(append, correlation));
    return promise;
  }

  /** Takes no more; the call ends when the last one under way has its answer. */
  retire(): void {
    this.#open = false;
    if (this.#waiting.size > 0) return;
    this.#done = true;
    this.#call.cancel();
  }

  #answered(response: streams.BatchAppendResp): void {
    const waiting = this.#taken(response.getCorrelationId()?.getString() ?? '');
    if (!waiting) return;
    try {
      waiting.resolve(sharedAnswer(response));
    } catch (error) {
      waiting.reject(error);
    }
    if (!this.#open) this.retire();
  }

  /** A call in which one append hears nothing may be one in which nobody does. */
  #late(correlation: string): void {
    this.#taken(correlation)?.reject(new DeadlineExceededError(undefined, 'no answer in time'));
    this.retire();
  }

  #over(error: Error): void {
    const known = convertToCommandError(error);
    const away = known instanceof UnavailableError || known instanceof CancelledError;
    // the only one is the one that was refused, unless one that nobody waits for any more was sent before
    const own = away || (known instanceof NotLeaderError && this.#open && this.#waiting.size === 1);
    this.#open = false;
    for (const correlation of this.#waiting.keys()) {
      this.#taken(correlation)?.reject(own ? error : new SharedCallEnded(error));
    }
  }

  #taken(correlation: string): Waiting | undefined {
    const waiting = this.#waiting.get(correlation);
    this.#waiting.delete(correlation);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
