/**
 * What comes in on a socket before there is a session: a bounded number of bytes, taken out one whole message at a
 * time. The socket is always read, so that somebody who leaves is noticed at once; what is sent too early lies here
 * until it is asked for.
 */
import type { Duplex } from 'node:stream';
import { takeFirstPacket, type FirstPacket } from './startup-packet.ts';
import { violation } from './wire.ts';

export interface Message {
  /** one letter */
  readonly type: string;
  readonly body: Buffer;
  /** with type and length, as it came */
  readonly whole: Buffer;
}

/** Whoever is at the other end has gone, or was never there. */
export class Gone extends Error {}

/** Takes one of something from the beginning of bytes; undefined while it is not whole. */
type Take<T> = (bytes: Buffer) => { packet: T; size: number } | undefined;

/** longer than any log-in of SCRAM's, and than a startup packet may be */
const LONGEST_MESSAGE = 4_096;
const MOST_BYTES = 16_384;

export class Inbox {
  readonly #socket: Duplex;
  readonly #ends: AbortController;
  readonly #gone: Error;
  #bytes: Buffer = Buffer.alloc(0);
  #fault: Error | undefined;
  #look: () => void = () => {};

  /**
   * @param ends the end of the log-in: whoever waits for a message then is told its reason
   * @param gone the reason that the end of this socket gives to it
   */
  constructor(socket: Duplex, ends: AbortController, gone: Error = new Gone()) {
    this.#socket = socket;
    this.#ends = ends;
    this.#gone = gone;
    socket.on('data', this.#onData);
    socket.once('end', this.#onEnd);
    socket.once('close', this.#onEnd);
    ends.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (ends.signal.aborted) this.#onAbort();
    else if (socket.readableEnded || socket.destroyed) this.#onEnd();
  }

  first(): Promise<FirstPacket> {
    return this.#take(takeFirstPacket);
  }

  message(): Promise<Message> {
    return this.#take(takeMessage);
  }

  /** A message that is there already. */
  waiting(): Message | undefined {
    return takeMessage(this.#bytes)?.packet;
  }

  /** Whether anything was received that nobody has taken. */
  get empty(): boolean {
    return this.#bytes.length === 0;
  }

  /** Leaves the socket, paused, to somebody else, with what nobody has taken put back. */
  release(): void {
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
    this.#ends.signal.removeEventListener('abort', this.#onAbort);
    if (!this.empty) this.#socket.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#fault) return;
    if (this.#bytes.length + chunk.length > MOST_BYTES) this.#fault = violation('too much before a log-in');
    else this.#bytes = this.empty ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#look();
  };

  readonly #onEnd = (): void => this.#ends.abort(this.#gone);

  readonly #onAbort = (): void => {
    this.#fault ??= this.#ends.signal.reason as Error;
    this.#look();
  };

  /** @throws {Refusal} what comes will not be one @throws the reason of the end */
  #take<T>(take: Take<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        try {
          const taken = take(this.#bytes);
          if (taken) {
            this.#bytes = this.#bytes.subarray(taken.size);
            resolve(taken.packet);
          } else if (this.#fault) {
            reject(this.#fault);
          } else {
            return;
          }
        } catch (error) {
          reject(error as Error);
        }
        this.#look = () => {};
      };
      this.#look();
    });
  }
}

const takeMessage: Take<Message> = (bytes) => {
  // such as a second startup packet, which begins with a NUL
  if (bytes.length > 0 && !/[A-Za-z]/.test(bytes.toString('latin1', 0, 1)))
    throw violation('a message of no type');
  if (bytes.length < 5) return undefined;
  const length = bytes.readInt32BE(1);
  if (length < 4 || length > LONGEST_MESSAGE) throw violation('a message of an impossible length');
  const size = length + 1;
  if (bytes.length < size) return undefined;
  const whole = Buffer.from(bytes.subarray(0, size));
  const type = whole.toString('latin1', 0, 1);
  return { packet: { type, body: whole.subarray(5), whole }, size };
};
