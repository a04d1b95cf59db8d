/** One request and its answer: who asks, under which id, and whether anybody still waits for the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventMetadata } from '../../application/ports/event-store.ts';
import type { Caller } from './endpoint.ts';
import { requestIdOf } from './request-id.ts';

/** in every event of the request, for ever */
const MAX_USER_AGENT = 120;
const MAX_REASON = 120;

export class Exchange {
  readonly requestId: string;
  readonly startedAt = performance.now();
  readonly address: string | undefined;
  /** the declared path, for metrics and the log: a request's own path could be anything */
  route = 'unmatched';
  /** the reply goes on until somebody ends it */
  streaming = false;
  /** undefined: nobody had to prove who they were */
  caller: Caller | undefined;
  readonly #controller = new AbortController();
  readonly #held: (() => void)[] = [];
  #over = false;

  /** @param address of the client, as far as it can be believed */
  constructor(req: IncomingMessage, res: ServerResponse, address: string | undefined) {
    this.address = address;
    this.requestId = requestIdOf(req);
    res.once('close', () => {
      if (!res.writableFinished) this.abort();
      this.#over = true;
      for (const release of this.#held.splice(0)) release();
    });
  }

  /** @param release to be called when the response closes */
  hold(release: (() => void) | undefined): void {
    if (!release) return;
    if (this.#over) release();
    else this.#held.push(release);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get durationMs(): number {
    return performance.now() - this.startedAt;
  }

  abort(): void {
    this.#controller.abort();
  }

  context(req: IncomingMessage, server: string): EventMetadata {
    const userAgent = printable(req.headers['user-agent'])?.slice(0, MAX_USER_AGENT);
    return {
      correlationId: this.requestId,
      causationId: null,
      actor: this.caller?.actor ?? { kind: 'system', id: server },
      reason: reasonOf(req, this.route),
      requestId: this.requestId,
      ...(this.address && { ip: this.address }),
      ...(userAgent && { userAgent }),
    };
  }
}

/** What was asked for, and what the caller says about it in `X-Reason`. */
function reasonOf(req: IncomingMessage, route: string): string {
  const given = printable(req.headers['x-reason']?.toString())?.slice(0, MAX_REASON);
  const asked = `${req.method} ${route}`;
  return given ? `${asked}: ${given}` : asked;
}

const printable = (text: string | undefined): string | undefined =>
  text?.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '').trim();
