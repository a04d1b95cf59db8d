import { networkOf } from '../../domain/platform/network-of.ts';

export interface WrongAttemptOptions {
  /** that many wrong ones are free of delay; of an account that is being guessed at, one */
  readonly free: number;
  /** how long wrong ones are remembered after the last */
  readonly rememberMs: number;
  /** how long an address waits after each further one */
  readonly delayMs: number;
  /** wrong ones of all addresses together that make an account one that is being guessed at */
  readonly guessedAt: number;
}

export const WRONG_ATTEMPTS: WrongAttemptOptions = {
  free: 5,
  rememberMs: 15 * 60_000,
  delayMs: 60_000,
  guessedAt: 50,
};

/** more than could be alive for other reasons than an attack; then the oldest are forgotten first */
const MOST_KEPT = 50_000;

interface Count {
  wrong: number;
  lastAtMs: number;
  delayedUntilMs: number;
}

/** Wrong attempts by address and account, and of each account by whomever. Times are of a clock that nobody sets. */
export class WrongAttempts {
  readonly #options: WrongAttemptOptions;
  readonly #counts = new Map<string, Count>();

  constructor(options: WrongAttemptOptions) {
    this.#options = options;
  }

  delayMs(pair: string, nowMs: number): number {
    return Math.max(0, (this.#at(pair, nowMs)?.delayedUntilMs ?? 0) - nowMs);
  }

  /** @returns the delay that follows, if any, and whether it is the account's first for a while */
  add(pair: string, account: string, nowMs: number): { delayMs: number; isNews: boolean } {
    const { free, delayMs, guessedAt } = this.#options;
    const [own, all] = [this.#count(pair, nowMs), this.#count(account, nowMs)];
    if (own.wrong < (all.wrong > guessedAt ? 1 : free)) return { delayMs: 0, isNews: false };
    own.delayedUntilMs = nowMs + delayMs;
    const isNews = all.delayedUntilMs < nowMs;
    all.delayedUntilMs = nowMs + this.#options.rememberMs;
    return { delayMs, isNews };
  }

  forget(pair: string): void {
    this.#counts.delete(pair);
  }

  #at(key: string, nowMs: number): Count | undefined {
    const count = this.#counts.get(key);
    return count && nowMs - count.lastAtMs < this.#options.rememberMs ? count : undefined;
  }

  #count(key: string, nowMs: number): Count {
    const count = this.#at(key, nowMs) ?? { wrong: 0, lastAtMs: nowMs, delayedUntilMs: -Infinity };
    count.wrong++;
    count.lastAtMs = nowMs;
    // the map is in the order of the last attempts
    this.#counts.delete(key);
    this.#counts.set(key, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MOST_KEPT && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }
}

export const pairOf = (address: string, account: string): string => `${networkOf(address)} ${account}`;
