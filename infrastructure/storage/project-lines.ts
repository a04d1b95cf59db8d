import { Unavailable } from '../../application/errors.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

interface Line {
  atWork: number;
  /** who came first is first */
  readonly waiting: Set<() => void>;
}

/**
 * So many at once for each project, and the others in line: clients store a hundred files at the same moment, and none of them
 * asks again where they are told that too much waits already. How many requests a project may have is bounded elsewhere.
 */
export class ProjectLines {
  readonly #most: number;
  readonly #waitMs: number;
  readonly #lines = new Map<ProjectId, Line>();

  constructor(most: number, waitMs: number) {
    this.#most = most;
    this.#waitMs = waitMs;
  }

  /** @throws {Unavailable} it was not their turn in time, or nobody waits for it any more */
  async within<T>(project: ProjectId, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(project) ?? { atWork: 0, waiting: new Set() };
    this.#lines.set(project, line);
    if (line.atWork < this.#most) line.atWork++;
    else await this.#turn(line, signal);
    try {
      return await work();
    } finally {
      this.#leave(project, line);
    }
  }

  #turn(line: Line, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onGone);
      line.waiting.delete(turn);
    };
    const turn = () => {
      settle();
      resolve();
    };
    const giveUp = (why: string) => {
      settle();
      reject(new Unavailable(`work with the files of a project: ${why}`));
    };
    const onGone = () => giveUp('nobody waits for it any more');
    const timer = setTimeout(() => giveUp('too much was before it'), this.#waitMs);
    line.waiting.add(turn);
    signal?.addEventListener('abort', onGone, { once: true });
    if (signal?.aborted) onGone();
    return promise;
  }

  /** The place goes to whoever is next. */
  #leave(project: ProjectId, line: Line): void {
    const [next] = line.waiting;
    if (next) return next();
    line.atWork--;
    if (line.atWork === 0) this.#lines.delete(project);
  }
}
