import { reasonOf } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

export interface PeriodicTask {
  /** as metrics call it */
  readonly name: string;
  /** from the end of a run to the next one, in milliseconds; it may depend on how long the run took */
  readonly everyMs: number | ((tookMs: number) => number);
  /** false: the first run comes after the first pause */
  readonly atOnce?: boolean;
  /** what the log says when a run fails; the next one comes all the same */
  readonly failed: string;
  /** `debug` where others tell of it as well */
  readonly failedLevel?: 'warn' | 'debug';
  /** called at every start */
  readonly begin?: () => void;
  /** Has a run begin before its time. @returns how to end that */
  readonly wakeOn?: (wake: () => void) => () => void;
  /** @param signal aborts when the task is stopped: the run should come to its end */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

/** What became of a task's runs so far. */
export interface TaskReport {
  readonly name: string;
  readonly runs: number;
  readonly failures: number;
  /** of the last run that has ended; undefined: none has */
  readonly last: LastRun | undefined;
}

export interface LastRun {
  readonly endedAt: Date;
  readonly tookMs: number;
  /** null: it did not fail */
  readonly failure: string | null;
  /** when the next one begins, unless somebody wakes it before */
  readonly nextAt: Date;
}

export interface Running {
  /** Lets the run under way finish. */
  stop(): Promise<void>;
}

/** What runs again and again: one run of a task after the other, each with its record. */
export class Background {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reports = new Map<string, TaskReport>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  reports(): readonly TaskReport[] {
    return [...this.#reports.values()];
  }

  /** A task that was stopped may be started again. */
  start(task: PeriodicTask): Running {
    const stopping = new AbortController();
    const pauses = new Pauses(this.#clock);
    task.begin?.();
    this.#reports.set(task.name, this.#reportOf(task.name));
    const unlisten = task.wakeOn?.(() => pauses.end());
    const going = this.#go(task, pauses, stopping.signal);
    return {
      stop: async () => {
        stopping.abort();
        pauses.end();
        unlisten?.();
        await going;
      },
    };
  }

  async #go(task: PeriodicTask, pauses: Pauses, stopped: AbortSignal): Promise<void> {
    if (task.atOnce === false) await pauses.last(pauseAfter(task, 0));
    while (!stopped.aborted) {
      pauses.begin();
      await pauses.last(await this.#run(task, stopped));
    }
  }

  /** @returns for how long to wait now, in milliseconds */
  async #run(task: PeriodicTask, signal: AbortSignal): Promise<number> {
    const { name, run, failed, failedLevel = 'warn' } = task;
    const startedMs = this.#clock.elapsedMs();
    let failure: string | null = null;
    try {
      await run(signal);
    } catch (error) {
      failure = reasonOf(error);
      this.#log[failedLevel]({ task: name, err: error }, failed);
    }
    const tookMs = this.#clock.elapsedMs() - startedMs;
    const pauseMs = pauseAfter(task, tookMs);
    const { runs, failures } = this.#reportOf(name);
    const endedAt = this.#clock.now();
    const last = { endedAt, tookMs, failure, nextAt: new Date(endedAt.getTime() + pauseMs) };
    this.#reports.set(name, { name, runs: runs + 1, failures: failures + (failure === null ? 0 : 1), last });
    return pauseMs;
  }

  #reportOf(name: string): TaskReport {
    return this.#reports.get(name) ?? { name, runs: 0, failures: 0, last: undefined };
  }
}

const pauseAfter = ({ everyMs }: PeriodicTask, tookMs: number): number =>
  typeof everyMs === 'number' ? everyMs : everyMs(tookMs);

/** Between two runs. Whoever ends one during a run wants a run that begins later than that one. */
class Pauses {
  readonly #clock: Clock;
  #over = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    if (this.#over.signal.aborted) this.#over = new AbortController();
  }

  end(): void {
    this.#over.abort();
  }

  last(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#over.signal);
  }
}
