/**
 * The calls that we make, over the client's connection: finding the leader, TLS, credentials and keep-alive are
 * the client's. Its own methods are passed by for three reasons. An error of the call by which `appendToStream` sends
 * all appends rejects every append under way in the process, to whichever server (and an answer that comes later throws
 * where nobody can catch it); `readAll` has no filter; and an event comes parsed, so that the text that was written is
 * lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledError,
  convertToCommandError,
  DeadlineExceededError,
  EventStoreDBClient,
  isCommandError,
  NotLeaderError,
  UnavailableError,
} from '@eventstore/db-client';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { Unavailable, unavailable } from '../../../application/errors.ts';
import type { LogServerStanding } from '../../../application/ports/event-store.ts';
import {
  answerOfItsOwn,
  callOfItsOwn,
  type AppendAnswer,
  type PlacedAppend,
} from './esdb-append-messages.ts';
import { LeaderWatch } from './leader-watch.ts';
import { SharedAppends, type SharedCall } from './shared-appends.ts';

type Call = ReturnType<StreamsClient['read']> | ReturnType<StreamsClient['append']> | SharedCall;
type CallArguments = [Parameters<StreamsClient['append']>[0], Parameters<StreamsClient['append']>[1]];

/** What the client has and does not declare public; its version is the last one under its name, and pinned. */
interface ClientInternals {
  readonly getGRPCClient: (service: typeof StreamsClient, name: string) => Promise<StreamsClient>;
  /** after a failure: closes a channel that is broken, turns to the leader that the error names */
  readonly handleError: (client: StreamsClient, error: unknown) => Promise<void>;
  readonly callArguments: (
    options: { readonly requiresLeader: boolean },
    call: { readonly deadline: Date | number },
  ) => CallArguments;
}

/** A read of which nothing was heard for too long. */
export class Quiet extends Error {
  constructor(ms: number) {
    super(`nothing was heard for ${ms} ms`);
    this.name = 'Quiet';
  }
}

export interface ReadOptions {
  /** how long nothing may come; default: the time-out of the connection */
  readonly quietMs?: number;
  /** ends the read with its reason */
  readonly signal?: AbortSignal;
}

/** what a node that does not answer, or does not lead, comes to */
const AWAY = [UnavailableError, CancelledError, DeadlineExceededError, NotLeaderError];
const LEADER_TRIES = 5;
const LEADER_PAUSE_MS = 100;
/** of the data and metadata of an append; a bigger one has a call of its own, where nobody waits behind it or fails with it */
const SHARED_BYTES = 256 * 1024;
/** what a channel of grpc-js is in after it was closed */
const SHUTDOWN = 4;

export class EsdbConnection {
  readonly #internals: ClientInternals;
  readonly #timeoutMs: number;
  readonly #calls = new Set<Call>();
  readonly #closing = new AbortController();
  readonly #watch = new LeaderWatch();
  #latest: StreamsClient | undefined;
  /** whose node has answered as the leader, as it was then */
  #leads: StreamsClient | undefined;
  #shared: { readonly client: StreamsClient; readonly appends: SharedAppends } | undefined;

  /**
   * @param url `esdb://` with one host or several, or `esdb+discover://`, with `?tls=false`, `tlsCaFile` and
   * credentials as needed
   * @param timeoutMs for a whole append, and for each pause within a read
   * @throws {TypeError} the URL cannot be read
   */
  constructor(url: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#internals = clientFor(url) as unknown as ClientInternals;
  }

  /**
   * One append, whole or not at all, told to the leader. It shares a call only with a node that has answered as the
   * leader: one that does not lead ends a call for all that share it, and none of them could say that it was not written.
   * @param options.alone by a call of its own
   * @throws {SharedCallEnded} it may be written; to be settled alone
   */
  append(
    append: PlacedAppend,
    options: { readonly withinMs?: number; readonly alone?: boolean } = {},
  ): Promise<AppendAnswer> {
    const { withinMs = this.#timeoutMs } = options;
    const alone = options.alone ?? sizeOf(append) > SHARED_BYTES;
    return this.#atLeader(async (client) => {
      const answer =
        alone || this.#leads !== client
          ? await this.#appendAlone(client, append, withinMs)
          : await this.#sharedAppends(client).append(append, withinMs);
      this.#answered(client);
      return answer;
    });
  }

  async #appendAlone(client: StreamsClient, append: PlacedAppend, withinMs: number): Promise<AppendAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<streams.AppendResp>();
    const call = client.append(...this.#arguments(inMs(withinMs)), (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
    call.on('error', reject);
    this.#calls.add(call);
    try {
      for (const message of callOfItsOwn(append)) call.write(message);
      call.end();
      return answerOfItsOwn(await promise);
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Made anew when it has ended, and at another node. */
  #sharedAppends(client: StreamsClient): SharedAppends {
    if (this.#shared?.client === client && this.#shared.appends.open) return this.#shared.appends;
    this.#shared?.appends.retire();
    const call = client.batchAppend(...this.#arguments(Infinity));
    this.#calls.add(call);
    const appends = new SharedAppends(call, (error) => {
      this.#calls.delete(call);
      if (!error) return;
      if (this.#leads === client) this.#leads = undefined;
      // a node that no longer leads is to be left, also when nobody waits for it
      this.#internals.handleError(client, error).catch(() => {});
    });
    this.#shared = { client, appends };
    return appends;
  }

  #answered(client: StreamsClient): void {
    this.#leads = client;
    this.#watch.answered(client.getChannel().getTarget());
  }

  /**
   * What the leader answers, one message at a time: the next one is asked for when this one is done with.
   * @throws {Quiet}
   */
  async *read(request: streams.ReadReq, options: ReadOptions = {}): AsyncGenerator<streams.ReadResp> {
    let delivered = false;
    for (let tries = 1; ; tries++) {
      const client = await this.#connected();
      try {
        const call = client.read(request, ...this.#arguments(Infinity));
        for await (const message of this.#messages(call, options)) {
          if (!delivered) this.#answered(client);
          delivered = true;
          yield message;
        }
        return;
      } catch (error) {
        // what was delivered is not delivered again
        await this.#afterFailure(client, error, delivered ? LEADER_TRIES : tries);
      }
    }
  }

  /** Which node leads, as far as the calls have told. */
  standing(): LogServerStanding {
    return this.#watch.standing();
  }

  /** Ends every call, at once. */
  close(): void {
    this.#closing.abort(unavailable('log', 'ask EventStoreDB: the connection is closed'));
    for (const call of this.#calls) call.cancel();
    this.#latest?.close();
  }

  async *#messages(
    call: ReturnType<StreamsClient['read']>,
    { quietMs = this.#timeoutMs, signal }: ReadOptions,
  ): AsyncGenerator<streams.ReadResp> {
    let reason: unknown;
    const cancel = (why: unknown) => {
      reason = why;
      call.cancel();
    };
    const timer = quietMs < Infinity ? setTimeout(() => cancel(new Quiet(quietMs)), quietMs) : undefined;
    const abort = () => cancel(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    // to cancel is an error too, and may come when nobody listens any more
    call.on('error', () => {});
    this.#calls.add(call);
    try {
      signal?.throwIfAborted();
      for await (const message of call as AsyncIterable<streams.ReadResp>) {
        yield message;
        timer?.refresh();
      }
    } catch (error) {
      throw reason ?? error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#calls.delete(call);
      call.cancel();
    }
  }

  async #atLeader<T>(action: (client: StreamsClient) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await this.#connected();
      try {
        return await action(client);
      } catch (error) {
        await this.#afterFailure(client, error, tries);
      }
    }
  }

  /** Resolves when the call can be made again at another node: it was refused unread. Rejects otherwise. */
  async #afterFailure(client: StreamsClient, raised: unknown, tries: number): Promise<void> {
    const error = raised instanceof Error ? convertToCommandError(raised) : new Error(String(raised));
    // errors of ours say nothing about the channel
    if (!isCommandError(error)) throw error;
    if (AWAY.some((kind) => error instanceof kind)) this.#watch.missed();
    // it waits for a connection that is being made, and fails with it
    this.#internals.handleError(client, raised).catch(() => {});
    if (!(error instanceof NotLeaderError) || tries >= LEADER_TRIES) throw error;
    await sleep(LEADER_PAUSE_MS * (0.5 + Math.random()), undefined, { signal: this.#closing.signal }).catch(
      () => {},
    );
  }

  /** @throws {Unavailable} nothing was asked of anybody */
  async #connected(): Promise<StreamsClient> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    // the client closes the channel of one that is to be left
    const latest = this.#latest;
    if (latest && latest.getChannel().getConnectivityState(false) !== SHUTDOWN) return latest;
    try {
      // to look for the leader in a cluster that is away may take minutes
      const client = await within(
        this.#internals.getGRPCClient(StreamsClient, 'log'),
        this.#timeoutMs,
        signal,
      );
      this.#latest = client;
      return client;
    } catch (error) {
      if (!signal.aborted) this.#watch.missed();
      throw error instanceof Unavailable ? error : unavailable('log', 'connect to EventStoreDB', error);
    }
  }

  // every question goes to the leader: the others may not have yet what was just appended
  #arguments(deadline: Date | number): CallArguments {
    return this.#internals.callArguments({ requiresLeader: true }, { deadline });
  }
}

/** The client's own message quotes the text around the error, which may be a password. */
function clientFor(url: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(url);
  } catch (error) {
    const known = /(?<= at position \d+, )expected .*$|certificate file.*$|userCertFile must .*$/s;
    const [reason = 'it is malformed'] = known.exec(String(error)) ?? [];
    throw new TypeError(`the EventStoreDB connection string cannot be used: ${reason}`);
  }
}

function within<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Quiet(ms)), ms);
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  });
}

const sizeOf = ({ events }: PlacedAppend): number =>
  events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);

/** gRPC takes a time of day and makes it a timer at once. */
const inMs = (ms: number): Date => new Date(new Date().getTime() + ms);
