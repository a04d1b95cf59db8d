/**
 * Asks, by HTTP, an address that somebody else has named: an owner, or a provider of theirs. It is looked up once and reached
 * where it was found, never in a private network unless the operator says so; it is not followed elsewhere, and neither the
 * time nor the size of what it says is its own choice.
 */
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6 } from 'node:net';
import { Readable } from 'node:stream';
import { unlessAborted } from '../../application/background/deadline.ts';
import { addressesOf, systemLookup, type Lookup } from './host-addresses.ts';
import { isPublicAddress } from './public-address.ts';
import { timeLimit } from './time-limit.ts';

export interface GuardOptions {
  /** addresses in private networks and on this machine, and these without TLS, are reached, too */
  readonly mayBePrivate: boolean;
  /** for all of it; default 5 s */
  readonly timeMs?: number;
  /** default 256 KiB */
  readonly bytes?: number;
  /** default: the system's */
  readonly lookup?: Lookup;
}

export interface GuardedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export type GuardedFetch = (address: string, request?: GuardedRequest) => Promise<Response>;

/** `forbidden`: it was not asked; `too-long`: it said more than it may; `away`: there was no whole answer, or not in time. */
export type NotReachedKind = 'forbidden' | 'too-long' | 'away';

/** It was not asked, or gave no whole answer. */
export class NotReached extends Error {
  readonly kind: NotReachedKind;

  constructor(kind: NotReachedKind, why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'NotReached';
    this.kind = kind;
  }
}

const TIME_MS = 5_000;
const BYTES = 256 * 1024;
const WITHOUT_BODY = new Set([101, 204, 205, 304]);

export const guardedFetch =
  ({ mayBePrivate, timeMs = TIME_MS, bytes = BYTES, lookup = systemLookup }: GuardOptions): GuardedFetch =>
  async (text, { signal: stopped, ...request } = {}) => {
    const url = URL.parse(text);
    if (!url || !['https:', 'http:'].includes(url.protocol))
      throw new NotReached('forbidden', 'it is no address of the web');
    const signal = timeLimit(timeMs, stopped);
    try {
      const found = await unlessAborted(addressesOf(url.hostname, lookup), signal, tooLate);
      const reached = found.find((address) => isReached(address, url, mayBePrivate));
      if (reached === undefined) throw new NotReached('forbidden', 'it has no address that may be reached');
      const answer = await asked(url, reached, request, signal);
      return new Response(await whole(answer, bytes), {
        status: answer.statusCode ?? 502,
        headers: new Headers(headersOf(answer)),
      });
    } catch (error) {
      throw error instanceof NotReached
        ? error
        : new NotReached('away', 'it did not answer as it should', error);
    }
  };

/** Nothing crosses a network of others without TLS. */
const isReached = (address: string, { protocol }: URL, mayBePrivate: boolean): boolean =>
  isPublicAddress(address) ? protocol === 'https:' : mayBePrivate;

function tooLate(): never {
  throw new NotReached('away', 'it was not found in time');
}

function asked(
  url: URL,
  address: string,
  { method = 'GET', headers = {}, body }: GuardedRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const family = isIPv6(address) ? 6 : 4;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(
    url,
    {
      method,
      signal,
      // a connection that is kept would be another's, to where a name led once
      agent: false,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      lookup: (_host, options, done) =>
        options.all ? done(null, [{ address, family }]) : done(null, address, family),
      maxHeaderSize: 16 * 1024,
    },
    resolve,
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** @throws {NotReached} there is more of it */
async function whole(answer: IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of Readable.from(answer) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) {
      answer.destroy();
      throw new NotReached('too-long', `it said more than ${most} bytes`);
    }
    chunks.push(chunk);
  }
  if (!answer.complete) throw new NotReached('away', 'it broke off');
  return WITHOUT_BODY.has(answer.statusCode ?? 0) ? null : Buffer.concat(chunks);
}

function headersOf({ headersDistinct }: IncomingMessage): [string, string][] {
  return Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
}
