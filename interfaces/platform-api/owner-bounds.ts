/** How much of the platform API one caller may have: requests under way, streams that stay open, and how often. */
import type { RateLimits } from '../../application/ports/rate-limits.ts';
import {
  AddressBounds,
  Bound,
  takeAll,
  type AddressLimits,
  type CallerBounds,
  type Release,
} from '../http/caller-bounds.ts';
import type { Endpoint, OwnerCaller } from './owner-endpoint.ts';

export interface CallerLimits extends AddressLimits {
  readonly requestsPerOwner: number;
  readonly requestsPerToken: number;
  readonly streamsPerOwner: number;
  readonly streamsPerToken: number;
}

const CALLER_LIMITS: CallerLimits = {
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

interface OfAnOwner {
  readonly owner: Bound;
  readonly token: Bound;
}

export class OwnerBounds implements CallerBounds<Endpoint, OwnerCaller> {
  readonly #rates: RateLimits;
  readonly #addresses: AddressBounds;
  readonly #requests: OfAnOwner;
  readonly #streams: OfAnOwner;

  constructor(rates: RateLimits, limits: Partial<CallerLimits> = {}) {
    const most = { ...CALLER_LIMITS, ...limits };
    this.#rates = rates;
    this.#addresses = new AddressBounds(most);
    this.#requests = {
      owner: new Bound('requests of an owner at once', most.requestsPerOwner),
      token: new Bound('requests of a token at once', most.requestsPerToken),
    };
    this.#streams = {
      owner: new Bound('streams of an owner at once', most.streamsPerOwner),
      token: new Bound('streams of a token at once', most.streamsPerToken),
    };
  }

  enter(address: string | undefined): Release {
    return this.#addresses.enter(address);
  }

  async enterAs(caller: OwnerCaller, { method, rate }: Endpoint): Promise<Release> {
    const { id } = caller.known.owner;
    const release = takeAll(...takesOf(this.#requests, caller));
    try {
      await this.#rates.use('requests-by-owner', id);
      if (method !== 'get') await this.#rates.use('changes-by-owner', id);
      // what a statement leaves in the log is bounded where it is recorded
      if (method !== 'get' && rate !== 'statement') await this.#rates.use('changes-by-owner-in-a-day', id);
      if (rate === 'document' && method !== 'get') await this.#rates.use('documents-by-owner-in-a-day', id);
      if (rate === 'retry') await this.#rates.use('retries-by-owner', id);
      if (rate === 'check') await this.#rates.use('checks-by-owner', id);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  stream(address: string | undefined, caller: OwnerCaller | undefined): Release {
    return takeAll(() => this.#addresses.stream(address), ...(caller ? takesOf(this.#streams, caller) : []));
  }
}

function takesOf(bounds: OfAnOwner, { known: { owner } }: OwnerCaller): (() => Release)[] {
  const { id, token } = owner;
  return [() => bounds.owner.take(id), ...(token ? [() => bounds.token.take(token.id)] : [])];
}
