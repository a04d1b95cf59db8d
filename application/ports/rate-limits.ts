export type RateLimit = 'sign-up-by-address' | 'log-in-by-address' | 'refresh-by-address';

/** Somebody asked too often. HTTP 429 with `Retry-After`. */
export class RateLimited extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many requests');
    this.name = 'RateLimited';
    this.retryAfterMs = retryAfterMs;
  }
}

export type Attempt<T> =
  | { readonly outcome: 'right'; readonly value: T }
  | { readonly outcome: 'wrong' }
  /** this wrong attempt was one too many: the account is closed to attempts until then */
  | { readonly outcome: 'blocked'; readonly until: Date };

/** Bounds on how often somebody may try. Keys are hashed by the adapter before they are kept. */
export interface RateLimits {
  /** Counts one use. @throws {RateLimited} over the limit */
  use(limit: RateLimit, key: string): Promise<void>;
  /**
   * Checks a credential, one at a time for each account, and counts wrong ones; a right one starts the count
   * anew. `check` gives undefined for a wrong credential.
   * @throws {RateLimited} the account is blocked, or too many attempts wait for their turn; `check` is not run
   */
  attempt<T>(account: string, check: () => Promise<T | undefined>): Promise<Attempt<T>>;
}
