import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { reasonOf } from '../errors.ts';
import { Rejection } from '../../domain/rejection.ts';

/** What takes long and is done once at a time. */
export type WorkName = 'replay' | 'verify';

/** How far it is: `done` of `total`, of what. */
export interface WorkProgress {
  /** of what it is at: the name of a view, the log */
  readonly at: string;
  /** in words: `reading`, `comparing` */
  readonly doing: string;
  readonly done: number;
  readonly total: number;
  /** null: not known yet */
  readonly secondsLeft: number | null;
}

export interface WorkReport {
  readonly work: WorkName;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: Date;
  /** who asked for it */
  readonly by: string;
  readonly endedAt: Date | null;
  readonly progress: WorkProgress | null;
  /** JSON; of one that is done */
  readonly result: unknown;
  /** of one that failed */
  readonly error: string | null;
}

export interface Work {
  readonly name: WorkName;
  readonly by: string;
  /** @param signal aborts when the process stops */
  readonly run: (tell: (progress: WorkProgress) => void, signal: AbortSignal) => Promise<unknown>;
}

/** Work that goes on after the request that asked for it: how far it is, and how the last of each kind ended. */
export class LongWork {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Log;
  readonly #reports = new Map<WorkName, WorkReport>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(clock: Pick<Clock, 'now'>, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  reports(): readonly WorkReport[] {
    return [...this.#reports.values()];
  }

  /** @throws {Rejection} platform/work-under-way */
  start({ name, by, run }: Work): WorkReport {
    if (this.#reports.get(name)?.state === 'running')
      throw new Rejection('platform/work-under-way', `A ${name} is under way; wait until it has ended.`);
    const started: WorkReport = {
      work: name,
      state: 'running',
      startedAt: this.#clock.now(),
      by,
      endedAt: null,
      progress: null,
      result: null,
      error: null,
    };
    this.#reports.set(name, started);
    const tell = (progress: WorkProgress) => this.#change(name, { progress });
    const running = run(tell, this.#stopping.signal)
      .then(
        (result) => this.#end(name, { state: 'done', result }),
        (error: unknown) => {
          this.#log.warn({ work: name, err: error }, 'the work of an operator failed');
          this.#end(name, { state: 'failed', error: reasonOf(error) });
        },
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return started;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  #end(name: WorkName, how: Partial<WorkReport>): void {
    this.#change(name, { ...how, endedAt: this.#clock.now() });
  }

  #change(name: WorkName, changed: Partial<WorkReport>): void {
    const report = this.#reports.get(name);
    if (report) this.#reports.set(name, { ...report, ...changed });
  }
}
