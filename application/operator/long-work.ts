import { Rejection } from '../../domain/rejection.ts';
import type {
  BegunWork,
  WorkBoard,
  WorkEnd,
  WorkName,
  WorkProgress,
  WorkReport,
} from '../background/work-board.ts';
import { reasonOf } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

export interface Work {
  readonly name: WorkName;
  readonly by: string;
  /** @param signal aborts when the process stops */
  readonly run: (tell: (progress: WorkProgress) => void, signal: AbortSignal) => Promise<unknown>;
}

/** Work that goes on after the request that asked for it: once at a time on the whole platform, whose board tells of it. */
export class LongWork {
  readonly #board: WorkBoard;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(board: WorkBoard, clock: Pick<Clock, 'now'>, log: Log) {
    this.#board = board;
    this.#clock = clock;
    this.#log = log;
  }

  /** Also of other processes. @throws {Unavailable} */
  reports(): Promise<readonly WorkReport[]> {
    return this.#board.read();
  }

  /** @throws {Rejection} platform/work-under-way @throws {Unavailable} */
  async start({ name, by, run }: Work): Promise<WorkReport> {
    const startedAt = this.#clock.now();
    const begun = await this.#board.begin(name, by, startedAt);
    if (!begun)
      throw new Rejection('platform/work-under-way', `A ${name} is under way; wait until it has ended.`);
    const going = this.#do(name, begun, run).finally(() => this.#running.delete(going));
    this.#running.add(going);
    const nothing = { endedAt: null, progress: null, result: null, error: null };
    return { work: name, state: 'running', startedAt, by, ...nothing };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #do(name: WorkName, begun: BegunWork, run: Work['run']): Promise<void> {
    const { signal } = this.#stopping;
    const how = await run((progress) => begun.tell(progress), signal).then(
      (result) => ({ state: 'done', result, error: null }) as const,
      (error: unknown) => {
        this.#log.warn({ work: name, err: error }, 'the work of an operator failed');
        const reason = signal.aborted ? 'the platform was stopped before it was done' : reasonOf(error);
        return { state: 'failed', result: null, error: reason } as const;
      },
    );
    await this.#end(name, begun, { ...how, endedAt: this.#clock.now() });
  }

  async #end(name: WorkName, begun: BegunWork, how: WorkEnd): Promise<void> {
    try {
      await begun.end(how);
    } catch (error) {
      this.#log.warn({ work: name, err: error }, 'how the work of an operator ended cannot be kept');
    }
  }
}
