/** One request and its answer: who asks, under which id, and whether anybody still waits for the answer. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Actor, EventMetadata } from '../../application/ports/event-store.ts';
import type { Owner } from './endpoint.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
const MAX_USER_AGENT = 200;
const MAX_REASON = 200;

export class Exchange {
  readonly requestId: string;
  readonly startedAt = performance.now();
  /** the declared path, for metrics and the log: a request's own path could be anything */
  route = 'unmatched';
  /** the reply goes on until somebody ends it */
  streaming = false;
  owner: Owner | undefined;
  readonly #controller = new AbortController();

  constructor(req: IncomingMessage, res: ServerResponse) {
    const given = req.headers['x-request-id'];
    this.requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    res.once('close', () => {
      if (!res.writableFinished) this.abort();
    });
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

  /** @param address of the client, as far as trusted proxies tell it */
  context(req: IncomingMessage, address: string | undefined, server: string): EventMetadata {
    const userAgent = printable(req.headers['user-agent'])?.slice(0, MAX_USER_AGENT);
    const ip = plainAddress(address);
    return {
      correlationId: this.requestId,
      causationId: null,
      actor: actorOf(this.owner, server),
      reason: reasonOf(req, this.route),
      requestId: this.requestId,
      ...(ip && { ip }),
      ...(userAgent && { userAgent }),
    };
  }
}

function actorOf(owner: Owner | undefined, server: string): Actor {
  if (!owner) return { kind: 'system', id: server };
  return owner.token ? { kind: 'token', id: owner.token.id } : { kind: 'owner', id: owner.id };
}

/** What was asked for, and what the caller says about it in `X-Reason`. */
function reasonOf(req: IncomingMessage, route: string): string {
  const given = printable(req.headers['x-reason']?.toString())?.slice(0, MAX_REASON);
  const asked = `${req.method} ${route}`;
  return given ? `${asked}: ${given}` : asked;
}

const printable = (text: string | undefined): string | undefined =>
  text?.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '').trim();

/** Without the zone and without IPv6's dress for IPv4; undefined for what is no address. */
export function plainAddress(address: string | undefined): string | undefined {
  const bare = address?.split('%')[0]?.replace(/^::ffff:(?=\d+\.)/i, '');
  return bare !== undefined && isIP(bare) ? bare : undefined;
}
