export type RateLimit =
  | 'sign-up-by-address'
  | 'log-in-by-address'
  | 'refresh-by-address'
  | 'requests-by-owner'
  | 'changes-by-owner'
  | 'changes-by-owner-in-a-day'
  | 'documents-by-owner-in-a-day'
  | 'checks-by-owner'
  | 'retries-by-owner'
  | 'requests-by-operator'
  | 'changes-by-operator'
  | 'users-by-address'
  | 'passkeys-by-address';

/** Somebody asked too often, or for too much at once. HTTP 429 with `Retry-After`. */
export class RateLimited extends Error {
  readonly retryAfterMs: number;
  /** what is bounded, for whoever was refused: `10 log-ins from an address in 60 s` */
  readonly bound: string | undefined;

  constructor(retryAfterMs: number, bound?: string) {
    super('too many requests');
    this.name = 'RateLimited';
    this.retryAfterMs = retryAfterMs;
    this.bound = bound;
  }
}

/** Who tries a credential, and whose. */
export interface Attempted {
  readonly account: string;
  readonly address: string;
}

export type Attempt<T> =
  | { readonly outcome: 'right'; readonly value: T }
  | { readonly outcome: 'wrong' }
  /**
   * this wrong attempt was one too many: from this address the account takes no attempts until then
   * @param isNews it is the first time for a while that anybody gets to hear this of the account
   */
  | { readonly outcome: 'delayed'; readonly until: Date; readonly isNews: boolean };

/** Bounds on how often somebody may try. Keys are hashed by the adapter before they are kept. */
export interface RateLimits {
  /** Counts one use. @throws {RateLimited} over the limit */
  use(limit: RateLimit, key: string): Promise<void>;
  /**
   * Checks a credential, one at a time for each address and account, and counts wrong ones; a right one starts the count
   * anew. Nobody's wrong attempts keep the right one of somebody at another address out. `check` gives undefined for a
   * wrong credential.
   * @throws {RateLimited} the address has to wait, or too many attempts wait for their turn; `check` is not run
   */
  attempt<T>(who: Attempted, check: () => Promise<T | undefined>): Promise<Attempt<T>>;
}
