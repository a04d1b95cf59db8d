/**
 * How much of the auth service one caller, and one project, may have. Requests under way are counted by project before
 * anything is asked of a database or hashed, so who floods one project leaves room for the users of all others.
 */
import { RateLimited, type RateLimits } from '../../application/ports/rate-limits.ts';
import {
  AddressBounds,
  Bound,
  takeAll,
  type AskedFor,
  type AddressLimits,
  type CallerBounds,
  type Release,
} from '../http/caller-bounds.ts';
import { unavailableAs } from '../http/problems.ts';

export interface AuthLimits extends AddressLimits {
  readonly requestsPerProject: number;
}

const AUTH_LIMITS: AuthLimits = {
  // enough for an office behind one address
  requestsPerAddress: 256,
  // a tenth of the gateway's connections to this service, and more than work in the project's database at once
  requestsPerProject: 100,
  // nothing that it answers goes on
  streams: 16,
  streamsPerAddress: 4,
};

/** What makes a user, or a mail, for whoever asks without a key; so does `authorize`, which is a GET, of what is begun. */
const MAKES = new Set(['signup', 'otp', 'magiclink', 'recover', 'resend']);

export class AuthBounds implements CallerBounds {
  readonly #rates: RateLimits;
  readonly #addresses: AddressBounds;
  readonly #projects: Bound;

  constructor(rates: RateLimits, limits: Partial<AuthLimits> = {}) {
    const most = { ...AUTH_LIMITS, ...limits };
    this.#rates = rates;
    this.#addresses = new AddressBounds(most);
    this.#projects = new Bound('requests of a project at once', most.requestsPerProject);
  }

  async enter(
    address: string | undefined,
    { endpoint: { method, path }, params }: AskedFor,
  ): Promise<Release> {
    const release = takeOrBusy(
      () => this.#addresses.enter(address),
      () => this.#projects.take(String(params['project'])),
    );
    try {
      // the same for addresses that have an account and for those that have none
      const last = path.split('/').at(-1) ?? '';
      if (method === 'post' ? MAKES.has(last) : last === 'authorize')
        await this.#rates.use('users-by-address', address ?? 'unknown');
      if (path.endsWith('/passkeys/authentication/options'))
        await this.#rates.use('passkeys-by-address', address ?? 'unknown');
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  enterAs(): Promise<Release> {
    return Promise.resolve(() => {});
  }

  stream(address: string | undefined): Release {
    return this.#addresses.stream(address);
  }
}

/** The client ends a session whose refresh is answered 429, and asks again after a 503: nobody is signed out by others' floods. */
function takeOrBusy(...takes: readonly (() => Release)[]): Release {
  try {
    return takeAll(...takes);
  } catch (error) {
    if (error instanceof RateLimited) throw unavailableAs(`Too much is under way: ${error.bound}.`, 'auth');
    throw error;
  }
}
