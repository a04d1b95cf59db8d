import type { Clock } from '../ports/clock.ts';
import { RateLimited } from '../ports/rate-limits.ts';

export interface RecentAccessOptions {
  /** the same again within this time is no news */
  readonly sameForMs: number;
  /** of different ones of a project in a day: the log keeps them for ever */
  readonly mostInADay: number;
}

const OPTIONS: RecentAccessOptions = { sameForMs: 60_000, mostInADay: 20_000 };
const DAY_MS = 24 * 3600 * 1000;
/** then the oldest are forgotten first, and what they were is recorded once more */
const MOST_KEPT = 20_000;

/**
 * What was recorded of accesses a moment ago, by this process: whoever looks a thousand times at the same in a minute
 * leaves one event.
 */
export class RecentAccesses {
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #options: RecentAccessOptions;
  readonly #recent = new Map<string, { readonly sinceMs: number; readonly written: Promise<unknown> }>();
  readonly #days = new Map<string, { readonly sinceMs: number; count: number }>();

  constructor(clock: Pick<Clock, 'elapsedMs'>, options: Partial<RecentAccessOptions> = {}) {
    this.#clock = clock;
    this.#options = { ...OPTIONS, ...options };
  }

  /** Before anything is done that has to be recorded. @throws {RateLimited} */
  requireRoom(project: string): void {
    const day = this.#dayOf(project);
    if (day.count < this.#options.mostInADay) return;
    const leftMs = day.sinceMs + DAY_MS - this.#clock.elapsedMs();
    throw new RateLimited(leftMs, `${this.#options.mostInADay} different accesses to a project in a day`);
  }

  /** Resolves when it is written, by this call or by the one before it that was the same. @throws what `write` throws */
  async once(project: string, same: string, write: () => Promise<unknown>): Promise<void> {
    const now = this.#clock.elapsedMs();
    const before = this.#recent.get(same);
    if (before && now - before.sinceMs < this.#options.sameForMs) {
      await before.written;
      return;
    }
    this.#dayOf(project).count++;
    const written = write();
    this.#recent.delete(same);
    this.#recent.set(same, { sinceMs: now, written });
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > MOST_KEPT && oldest !== undefined) this.#recent.delete(oldest);
    try {
      await written;
    } catch (error) {
      this.#recent.delete(same);
      throw error;
    }
  }

  #dayOf(project: string) {
    const now = this.#clock.elapsedMs();
    const known = this.#days.get(project);
    if (known && now - known.sinceMs < DAY_MS) return known;
    const day = { sinceMs: now, count: 0 };
    this.#days.set(project, day);
    return day;
  }
}
