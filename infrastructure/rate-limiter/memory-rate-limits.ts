/**
 * Counted in memory, on purpose: a store in PostgreSQL would turn every hostile request into a write on the
 * server that holds the log, and would answer slowest when the platform is under attack. The price: a restart
 * forgets the counts, and two platform processes allow twice as much.
 */
import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf, wideNetworkOf } from '../../domain/platform/network-of.ts';
import {
  RateLimited,
  type Attempt,
  type Attempted,
  type RateLimit,
  type RateLimits,
} from '../../application/ports/rate-limits.ts';
import { pairOf, WRONG_ATTEMPTS, WrongAttempts, type WrongAttemptOptions } from './wrong-attempts.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

export interface Rate {
  readonly points: number;
  readonly perSeconds: number;
}

export interface MemoryRateLimitOptions {
  readonly uses?: Partial<Record<RateLimit, Rate>>;
  readonly wrongAttempts?: Partial<WrongAttemptOptions>;
  /** attempts for one account from one address that may wait for each other; default 10 */
  readonly attemptsWaiting?: number;
}

const MINUTE = 60;
const USES: Record<RateLimit, Rate & { readonly of: string }> = {
  'sign-up-by-address': { points: 10, perSeconds: 60 * MINUTE, of: 'sign-ups from an address' },
  'log-in-by-address': { points: 10, perSeconds: MINUTE, of: 'log-ins from an address' },
  'refresh-by-address': { points: 60, perSeconds: MINUTE, of: 'refreshes from an address' },
  'requests-by-owner': { points: 6_000, perSeconds: MINUTE, of: 'requests of an owner' },
  'changes-by-owner': { points: 1_200, perSeconds: MINUTE, of: 'changes and statements of an owner' },
  'changes-by-owner-in-a-day': { points: 20_000, perSeconds: 24 * 60 * MINUTE, of: 'changes of an owner' },
  // up to a megabyte each, which the log keeps for ever
  'documents-by-owner-in-a-day': {
    points: 500,
    perSeconds: 24 * 60 * MINUTE,
    of: 'changes of an owner that may be large',
  },
  'checks-by-owner': { points: 10, perSeconds: MINUTE, of: 'checks of the log by an owner' },
  // each is one try of a step, which holds a place of the six that there are for up to 30 s
  'retries-by-owner': { points: 4, perSeconds: 2 * MINUTE, of: 'retries of an owner' },
  'requests-by-operator': { points: 6_000, perSeconds: MINUTE, of: 'requests of an operator' },
  'changes-by-operator': { points: 120, perSeconds: MINUTE, of: 'changes of an operator' },
  // a class that signs up together behind one address; nobody else makes one user a second for so long
  'users-by-address': {
    points: 600,
    perSeconds: 10 * MINUTE,
    of: 'sign-ups and requests for mails from an address',
  },
  // pages may ask whenever somebody opens them; each leaves a row behind for a while
  'passkeys-by-address': {
    points: 3_000,
    perSeconds: 10 * MINUTE,
    of: 'sign-ins with passkeys from an address',
  },
};
/** one who has a large IPv6 network gets as much as so many who have a small one */
const WIDE = 5;
const SOON_MS = 1_000;

interface Counter {
  readonly limiter: RateLimiterMemory;
  readonly bound: string;
}

export class MemoryRateLimits implements RateLimits {
  readonly #uses: ReadonlyMap<RateLimit, Counter>;
  readonly #wrong: WrongAttempts;
  readonly #attemptsWaiting: number;
  readonly #turns = new KeyedQueue<string>();

  constructor(options: MemoryRateLimitOptions = {}) {
    const counter = ([limit, standard]: readonly [RateLimit, (typeof USES)[RateLimit]]) => {
      const { points, perSeconds } = options.uses?.[limit] ?? standard;
      const limiter = new RateLimiterMemory({ points, duration: perSeconds });
      return [limit, { limiter, bound: `${points} ${standard.of} in ${perSeconds} s` }] as const;
    };
    this.#uses = new Map((Object.entries(USES) as [RateLimit, (typeof USES)[RateLimit]][]).map(counter));
    this.#wrong = new WrongAttempts({ ...WRONG_ATTEMPTS, ...options.wrongAttempts });
    this.#attemptsWaiting = options.attemptsWaiting ?? 10;
  }

  async use(limit: RateLimit, key: string): Promise<void> {
    const counter = this.#uses.get(limit);
    if (!counter) throw new Error(`no limit ${limit}`);
    const { limiter, bound } = counter;
    const wide = wideNetworkOf(key);
    try {
      await limiter.consume(hashed(networkOf(key)));
      if (wide !== undefined && (await limiter.penalty(hashed(wide))).consumedPoints > limiter.points * WIDE)
        throw new RateLimited(SOON_MS * MINUTE, bound);
    } catch (error) {
      throw error instanceof RateLimiterRes ? new RateLimited(error.msBeforeNext, bound) : error;
    }
  }

  attempt<T>({ account, address }: Attempted, check: () => Promise<T | undefined>): Promise<Attempt<T>> {
    const [pair, all] = [hashed(pairOf(address, account)), hashed(account)];
    const bound = 'wrong passwords for an account from an address';
    return this.#inTurn(pair, async () => {
      const delayMs = this.#wrong.delayMs(pair, performance.now());
      if (delayMs > 0) throw new RateLimited(delayMs, bound);
      const value = await check();
      if (value !== undefined) {
        this.#wrong.forget(pair);
        return { outcome: 'right', value };
      }
      const { delayMs: next, isNews } = this.#wrong.add(pair, all, performance.now());
      if (next === 0) return { outcome: 'wrong' };
      return { outcome: 'delayed', until: new Date(new Date().getTime() + next), isNews };
    });
  }

  /** One at a time, or many guesses sent at once would all be checked before the first is counted. */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#turns.length(key) >= this.#attemptsWaiting) throw new RateLimited(SOON_MS);
    return this.#turns.run(key, work);
  }
}

const hashed = (key: string): string => createHash('sha256').update(key).digest('base64url');
