/**
 * How much of an API server one caller may have: requests under way, streams that stay open, and how often. Counted by
 * address before anything is asked of a database, and by token and owner once they are known.
 */
import { networkOf } from '../../domain/platform/network-of.ts';
import { RateLimited, type RateLimits } from '../../application/ports/rate-limits.ts';
import type { Endpoint, Owner } from './endpoint.ts';
import { Shares } from './shares.ts';

export interface CallerLimits {
  readonly requestsPerAddress: number;
  readonly requestsPerOwner: number;
  readonly requestsPerToken: number;
  readonly streams: number;
  readonly streamsPerAddress: number;
  readonly streamsPerOwner: number;
  readonly streamsPerToken: number;
}

export const CALLER_LIMITS: CallerLimits = {
  // enough for an office behind one address
  requestsPerAddress: 256,
  requestsPerOwner: 128,
  requestsPerToken: 64,
  // well below the gateway's connections to this server, so that streams never take the last one
  streams: 512,
  streamsPerAddress: 128,
  streamsPerOwner: 32,
  streamsPerToken: 16,
};

const SOON_MS = 1_000;

interface Bound {
  readonly shares: Shares;
  readonly each: number;
  readonly of: string;
}

export class CallerBounds {
  readonly #rates: RateLimits;
  readonly #address: Bound;
  readonly #owner: Bound;
  readonly #token: Bound;
  readonly #streams: { readonly address: Bound; readonly owner: Bound; readonly token: Bound };

  constructor(rates: RateLimits, limits: Partial<CallerLimits> = {}) {
    const most = { ...CALLER_LIMITS, ...limits };
    const bound = (each: number, of: string, all = Infinity) => ({ shares: new Shares(all, each), each, of });
    this.#rates = rates;
    this.#address = bound(most.requestsPerAddress, 'requests of an address at once');
    this.#owner = bound(most.requestsPerOwner, 'requests of an owner at once');
    this.#token = bound(most.requestsPerToken, 'requests of a token at once');
    this.#streams = {
      address: bound(most.streamsPerAddress, 'streams of an address at once', most.streams),
      owner: bound(most.streamsPerOwner, 'streams of an owner at once'),
      token: bound(most.streamsPerToken, 'streams of a token at once'),
    };
  }

  /** Before anybody is known. @returns to be called when the request is over @throws {RateLimited} */
  enter(address: string | undefined): () => void {
    return taken(this.#address, networkOf(address ?? 'unknown'));
  }

  /** @returns to be called when the request is over @throws {RateLimited} */
  async enterAs({ id, token }: Owner, { method, rate }: Endpoint): Promise<() => void> {
    const releases = [taken(this.#owner, id)];
    try {
      if (token) releases.push(taken(this.#token, token.id));
      await this.#rates.use('requests-by-owner', id);
      if (method !== 'get') await this.#rates.use('changes-by-owner', id);
      // what a statement leaves in the log is bounded where it is recorded
      if (method !== 'get' && rate !== 'statement') await this.#rates.use('changes-by-owner-in-a-day', id);
      if (rate === 'check') await this.#rates.use('checks-by-owner', id);
    } catch (error) {
      releases.forEach((release) => release());
      throw error;
    }
    return () => releases.forEach((release) => release());
  }

  /** An answer that goes on for as long as its caller likes. @returns to be called at its end @throws {RateLimited} */
  stream(address: string | undefined, owner: Owner | undefined): () => void {
    const { address: byAddress, owner: byOwner, token: byToken } = this.#streams;
    const releases: (() => void)[] = [];
    try {
      releases.push(taken(byAddress, networkOf(address ?? 'unknown')));
      if (owner) releases.push(taken(byOwner, owner.id));
      if (owner?.token) releases.push(taken(byToken, owner.token.id));
    } catch (error) {
      releases.forEach((release) => release());
      throw error;
    }
    return () => releases.forEach((release) => release());
  }
}

function taken({ shares, each, of }: Bound, holder: string): () => void {
  const full = shares.take(holder, 1);
  if (full)
    throw new RateLimited(SOON_MS, full === 'each' ? `${each} ${of}` : `all ${of.replace(/ of .*/, '')}`);
  return () => shares.give(holder, 1);
}
