/**
 * How much of the storage service one caller, and one project, may have. Counted by project before anything is asked of a
 * database, so who floods one project leaves room for the users of all others.
 */
import {
  AddressBounds,
  Bound,
  takeAll,
  type AddressLimits,
  type AskedFor,
  type CallerBounds,
  type Release,
} from '../http/caller-bounds.ts';

export interface StorageLimits extends AddressLimits {
  readonly requestsPerProject: number;
}

const LIMITS: StorageLimits = {
  // enough for an office behind one address, and half of what its project has
  requestsPerAddress: 128,
  // a quarter of the gateway's connections to this service: an upload or a download is a request for as long as it takes
  requestsPerProject: 256,
  // of which there is no other kind than those
  streams: 10_000,
  streamsPerAddress: 256,
};

export class StorageBounds implements CallerBounds {
  readonly #addresses: AddressBounds;
  readonly #projects: Bound;

  constructor(limits: Partial<StorageLimits> = {}) {
    const most = { ...LIMITS, ...limits };
    this.#addresses = new AddressBounds(most);
    this.#projects = new Bound('requests of a project at once', most.requestsPerProject);
  }

  enter(address: string | undefined, { params }: AskedFor): Release {
    return takeAll(
      () => this.#addresses.enter(address),
      () => this.#projects.take(String(params['project'])),
    );
  }

  enterAs(): Promise<Release> {
    return Promise.resolve(() => {});
  }

  stream(address: string | undefined): Release {
    return this.#addresses.stream(address);
  }
}
