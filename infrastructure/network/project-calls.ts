/**
 * How many calls out there may be at once for a project, and how many that wait for one of them to end. Each project's are
 * counted by themselves: those of one that hang hold up nobody else's.
 */
import { Unavailable } from '../../application/errors.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export interface CallBounds {
  readonly atOnce: number;
  readonly waiting: number;
}

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

const BOUNDS: CallBounds = { atOnce: 20, waiting: 30 };

export class ProjectCalls {
  readonly #of: string;
  readonly #bounds: CallBounds;
  readonly #lines = new Map<ProjectId, Line>();

  /** @param of what is called, in words that complete "could not ask" */
  constructor(of: string, bounds: CallBounds = BOUNDS) {
    this.#of = of;
    this.#bounds = bounds;
  }

  /**
   * @param signal ends the waiting, too
   * @throws what the call throws @throws {Unavailable} there is no room to wait, or no turn before the signal
   */
  async run<T>(project: ProjectId, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(project) ?? { running: 0, waiting: new Set<() => void>() };
    this.#lines.set(project, line);
    await this.#turn(project, line, signal);
    try {
      return await call();
    } finally {
      this.#next(project, line);
    }
  }

  async #turn(project: ProjectId, line: Line, signal: AbortSignal): Promise<void> {
    if (line.running < this.#bounds.atOnce) {
      line.running++;
      return;
    }
    const attempted = `ask ${this.#of} of ${project}`;
    if (line.waiting.size >= this.#bounds.waiting)
      throw new Unavailable(`${attempted}: too much is waiting for it already`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => {
      line.waiting.delete(resolve);
      reject(new Unavailable(`${attempted}: others took all of the time`));
    };
    line.waiting.add(resolve);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await promise.finally(() => signal.removeEventListener('abort', stop));
  }

  /** Whoever waits longest goes on in the place of who has ended. */
  #next(project: ProjectId, line: Line): void {
    const [first] = line.waiting;
    if (first) {
      line.waiting.delete(first);
      first();
      return;
    }
    line.running--;
    if (line.running === 0) this.#lines.delete(project);
  }
}
