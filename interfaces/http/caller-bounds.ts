/**
 * How much of a server one caller may have. Counted by address before anything is asked of a database, and by what a
 * service knows of its callers once it does: it adds that to {@link AddressBounds}.
 */
import { networkOf } from '../../domain/platform/network-of.ts';
import { RateLimited } from '../../application/ports/rate-limits.ts';
import type { Caller, Endpoint } from './endpoint.ts';
import { Shares } from './shares.ts';

/** To be called once, when what was begun is over. */
export type Release = () => void;

export interface AskedFor {
  readonly endpoint: Pick<Endpoint, 'method' | 'path'>;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface CallerBounds<E extends Endpoint = Endpoint, C extends Caller = Caller> {
  /** Before anybody is known. @param asked for, as it came: nothing of it is checked yet. @throws {RateLimited} */
  enter(address: string | undefined, asked: AskedFor): Release | Promise<Release>;
  /** @throws {RateLimited} */
  enterAs(caller: C, endpoint: E): Promise<Release>;
  /** An answer that goes on for as long as its caller likes. @throws {RateLimited} */
  stream(address: string | undefined, caller: C | undefined): Release;
}

export interface AddressLimits {
  readonly requestsPerAddress: number;
  /** of all addresses together */
  readonly streams: number;
  readonly streamsPerAddress: number;
}

export class AddressBounds {
  readonly #requests: Bound;
  readonly #streams: Bound;

  constructor(limits: AddressLimits) {
    this.#requests = new Bound('requests of an address at once', limits.requestsPerAddress);
    this.#streams = new Bound('streams of an address at once', limits.streamsPerAddress, limits.streams);
  }

  /** @throws {RateLimited} */
  enter(address: string | undefined): Release {
    return this.#requests.take(networkOf(address ?? 'unknown'));
  }

  /** @throws {RateLimited} */
  stream(address: string | undefined): Release {
    return this.#streams.take(networkOf(address ?? 'unknown'));
  }
}

const SOON_MS = 1_000;

/** So many at once of one holder, and of all together. */
export class Bound {
  readonly #of: string;
  readonly #each: number;
  readonly #shares: Shares;

  /** @param of in words: `streams of an owner at once` */
  constructor(of: string, each: number, all = Infinity) {
    this.#of = of;
    this.#each = each;
    this.#shares = new Shares(all, each);
  }

  /** @throws {RateLimited} */
  take(holder: string): Release {
    const full = this.#shares.take(holder, 1);
    if (full)
      throw new RateLimited(
        SOON_MS,
        full === 'each' ? `${this.#each} ${this.#of}` : `all ${this.#of.replace(/ of .*/, '')}`,
      );
    return () => this.#shares.give(holder, 1);
  }
}

/** Of what was taken so far nothing is kept when a later bound refuses. @throws {RateLimited} */
export function takeAll(...takes: readonly (() => Release)[]): Release {
  const releases: Release[] = [];
  const release = () => releases.forEach((each) => each());
  try {
    for (const take of takes) releases.push(take());
  } catch (error) {
    release();
    throw error;
  }
  return release;
}
