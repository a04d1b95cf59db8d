/**
 * Counted in memory, on purpose: a store in PostgreSQL would turn every hostile request into a write on the
 * server that holds the log, and would answer slowest when the platform is under attack. The price: a restart
 * forgets the counts, and two platform processes allow twice as much.
 */
import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf } from '../../application/network-of.ts';
import {
  RateLimited,
  type Attempt,
  type RateLimit,
  type RateLimits,
} from '../../application/ports/rate-limits.ts';

export interface Rate {
  readonly points: number;
  readonly perSeconds: number;
}

export interface MemoryRateLimitOptions {
  readonly uses?: Partial<Record<RateLimit, Rate>>;
  /** wrong credentials for one account; the last one blocks it for `blockSeconds` */
  readonly wrongAttempts?: {
    readonly points: number;
    readonly perSeconds: number;
    readonly blockSeconds: number;
  };
  /** attempts for one account that may wait for each other; default 10 */
  readonly attemptsWaiting?: number;
}

const USES: Record<RateLimit, Rate> = {
  'sign-up-by-address': { points: 10, perSeconds: 3600 },
  'log-in-by-address': { points: 10, perSeconds: 60 },
  'refresh-by-address': { points: 60, perSeconds: 60 },
};
const WRONG_ATTEMPTS = { points: 5, perSeconds: 15 * 60, blockSeconds: 15 * 60 };
const SOON_MS = 1_000;

interface Turns {
  last: Promise<void>;
  waiting: number;
}

export class MemoryRateLimits implements RateLimits {
  readonly #uses: Readonly<Record<RateLimit, RateLimiterMemory>>;
  readonly #wrong: RateLimiterMemory;
  readonly #blockSeconds: number;
  readonly #attemptsWaiting: number;
  readonly #turns = new Map<string, Turns>();

  constructor(options: MemoryRateLimitOptions = {}) {
    const rates = { ...USES, ...options.uses };
    const uses = (limit: RateLimit) =>
      new RateLimiterMemory({ points: rates[limit].points, duration: rates[limit].perSeconds });
    this.#uses = {
      'sign-up-by-address': uses('sign-up-by-address'),
      'log-in-by-address': uses('log-in-by-address'),
      'refresh-by-address': uses('refresh-by-address'),
    };
    const wrong = options.wrongAttempts ?? WRONG_ATTEMPTS;
    this.#wrong = new RateLimiterMemory({ points: wrong.points, duration: wrong.perSeconds });
    this.#blockSeconds = wrong.blockSeconds;
    this.#attemptsWaiting = options.attemptsWaiting ?? 10;
  }

  async use(limit: RateLimit, key: string): Promise<void> {
    try {
      await this.#uses[limit].consume(hashed(networkOf(key)));
    } catch (error) {
      throw error instanceof RateLimiterRes ? new RateLimited(error.msBeforeNext) : error;
    }
  }

  attempt<T>(account: string, check: () => Promise<T | undefined>): Promise<Attempt<T>> {
    const key = hashed(account);
    return this.#inTurn(key, async () => {
      const blockedMs = await this.#blockedFor(key);
      if (blockedMs > 0) throw new RateLimited(blockedMs);
      const value = await check();
      if (value === undefined) return this.#countWrong(key);
      await this.#wrong.delete(key);
      return { outcome: 'right', value };
    });
  }

  async #blockedFor(key: string): Promise<number> {
    const counted = await this.#wrong.get(key);
    return counted && counted.consumedPoints > this.#wrong.points ? counted.msBeforeNext : 0;
  }

  async #countWrong(key: string): Promise<{ outcome: 'wrong' } | { outcome: 'blocked'; until: Date }> {
    const { consumedPoints } = await this.#wrong.penalty(key);
    if (consumedPoints < this.#wrong.points) return { outcome: 'wrong' };
    const { msBeforeNext } = await this.#wrong.block(key, this.#blockSeconds);
    return { outcome: 'blocked', until: new Date(new Date().getTime() + msBeforeNext) };
  }

  /** One at a time, or many guesses sent at once would all be checked before the first is counted. */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    if (turns.waiting >= this.#attemptsWaiting) throw new RateLimited(SOON_MS);
    this.#turns.set(key, turns);
    turns.waiting++;
    const result = turns.last.then(work);
    turns.last = result.then(
      () => {},
      () => {},
    );
    try {
      return await result;
    } finally {
      turns.waiting--;
      if (turns.waiting === 0) this.#turns.delete(key);
    }
  }
}

const hashed = (key: string): string => createHash('sha256').update(key).digest('base64url');
