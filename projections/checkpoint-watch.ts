import type pg from 'pg';
import type { Position } from '../application/ports/event-store.ts';
import { pause } from '../application/background/pause.ts';
import { readCheckpoints } from './checkpoints.ts';

const POLL_MS = 50;

/** A view had not reached the wanted position in time. */
export class ProjectionBehind extends Error {
  readonly projection: string;
  readonly wanted: Position;
  readonly reached: Position;

  constructor(projection: string, wanted: Position, reached: Position) {
    super(`${projection} stands at ${reached} and has not reached ${wanted} in time`);
    this.name = 'ProjectionBehind';
    this.projection = projection;
    this.wanted = wanted;
    this.reached = reached;
  }
}

/**
 * Lets readers wait for a view. A runner in this process says how far it is; what runners elsewhere reach is
 * polled, once for all who wait, and only while somebody waits.
 */
export class CheckpointWatch {
  readonly #pool: pg.Pool;
  readonly #reached = new Map<string, Position>();
  /** each with its view */
  readonly #waiting = new Map<() => void, string>();
  readonly #resting = new Map<() => void, string>();
  #poll: NodeJS.Timeout | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Says that a projection's checkpoint is committed. */
  notify(name: string, position: Position): void {
    if (position <= (this.#reached.get(name) ?? -1n)) return;
    this.#reached.set(name, position);
    for (const look of this.#waiting.keys()) look();
  }

  /**
   * Waits until the view contains everything up to `position`.
   * @returns how far it is
   * @throws {ProjectionBehind} after `timeoutMs`, also when the database could not be asked
   */
  async waitFor(name: string, position: Position, timeoutMs: number): Promise<Position> {
    const known = this.#reached.get(name);
    if (known !== undefined && known >= position) return known;
    return new Promise((resolve, reject) => {
      const look = () => {
        const reached = this.#reached.get(name);
        if (reached === undefined || reached < position) return;
        finish();
        resolve(reached);
      };
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new ProjectionBehind(name, position, this.#reached.get(name) ?? 0n));
      }, timeoutMs);
      this.#waiting.set(look, name);
      for (const [wake, view] of this.#resting) if (view === name) wake();
      this.#pollLater(0);
    });
  }

  /** Resolves after `ms`, as soon as somebody waits for the view, or when the signal aborts. Never rejects. */
  async rest(name: string, ms: number, signal: AbortSignal): Promise<void> {
    if ([...this.#waiting.values()].includes(name)) return;
    const wanted = new AbortController();
    const wake = () => wanted.abort();
    this.#resting.set(wake, name);
    await pause(ms, AbortSignal.any([signal, wanted.signal]));
    this.#resting.delete(wake);
  }

  #pollLater(delayMs: number): void {
    if (this.#poll) return;
    this.#poll = setTimeout(() => {
      void this.#ask().finally(() => {
        this.#poll = undefined;
        if (this.#waiting.size > 0) this.#pollLater(POLL_MS);
      });
    }, delayMs);
  }

  async #ask(): Promise<void> {
    try {
      for (const { name, position } of await readCheckpoints(this.#pool)) this.notify(name, position);
    } catch {
      // away, or no projection has ever run: those who wait get their time-out
    }
  }
}
