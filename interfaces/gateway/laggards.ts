/**
 * Clients for whom a connection to an upstream waits: they send the rest of a body, or read an answer, more slowly than
 * it goes. Each may take its time as long as nobody else needs the connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Holder {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** the upstream could take more of the body now */
  readonly wantsBody: () => boolean;
  readonly end: () => void;
}

interface Held extends Holder {
  readonly since: number;
  readonly bytesThen: number;
}

export class Laggards {
  readonly #after: number;
  readonly #held = new Map<string, Set<Held>>();

  /** @param afterMs how long everybody may hold one whatever they do */
  constructor(afterMs: number) {
    this.#after = afterMs;
  }

  /** @returns to be called when the connection is free again */
  add(upstream: string, holder: Holder): () => void {
    const all = this.#held.get(upstream) ?? new Set();
    this.#held.set(upstream, all);
    const held = { ...holder, since: performance.now(), bytesThen: moved(holder) };
    all.add(held);
    return () => {
      all.delete(held);
      if (all.size === 0 && this.#held.get(upstream) === all) this.#held.delete(upstream);
    };
  }

  /** Somebody waits for a connection: the slowest of those who are waited for loses theirs. */
  endSlowest(upstream: string): void {
    const now = performance.now();
    let slowest: Held | undefined;
    let least = Infinity;
    for (const held of this.#held.get(upstream) ?? []) {
      const age = now - held.since;
      if (age < this.#after || !isWaitedFor(held)) continue;
      const rate = (moved(held) - held.bytesThen) / age;
      if (rate < least) [slowest, least] = [held, rate];
    }
    slowest?.end();
  }
}

const isWaitedFor = ({ request, response, wantsBody }: Held): boolean =>
  response.writableNeedDrain || (!request.complete && wantsBody());

/** Bytes that this connection has carried, both ways. */
const moved = ({ request: { socket } }: Holder): number =>
  socket.bytesRead + socket.bytesWritten - socket.writableLength;
