/**
 * What the operator reads of strangers who are turned away: the first one of a minute at once, and of the others how
 * many there were. Whatever is sent to the guard, it is a few lines an hour.
 */
import type { Log } from '../../application/ports/log.ts';
import type { Outcome } from './guard-options.ts';

const EVERY_MS = 60_000;
/** what needs nobody's attention: it went well, or nothing was tried */
const QUIET = new Set<Outcome>(['session', 'cancel-request', 'left', 'refused']);

export class IncidentLog {
  readonly #log: Log;
  readonly #counts = new Map<Outcome, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(outcome: Outcome, address: string, reason: string | undefined): void {
    if (QUIET.has(outcome)) return;
    const first = this.#timer === undefined;
    this.#timer ??= setTimeout(() => this.#sum(), EVERY_MS).unref();
    if (first) this.#log.warn({ outcome, address, reason }, "the pooler's guard turned a connection away");
    else this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sum(): void {
    this.stop();
    if (this.#counts.size === 0) return;
    this.#log.warn(
      { turnedAway: Object.fromEntries(this.#counts), withinMs: EVERY_MS },
      "the pooler's guard turned more connections away",
    );
    this.#counts.clear();
  }
}
