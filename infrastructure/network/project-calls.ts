/**
 * How many calls to others run at once for a project, and how many wait for one of them to end. Each project's are counted by
 * themselves: those of one that hang hold up nobody else's.
 */
import { Slots } from '../../application/background/slots.ts';
import { Unavailable } from '../../application/errors.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export interface CallBounds {
  readonly atOnce: number;
  readonly waiting: number;
}

interface Line {
  readonly slots: Slots;
  /** that run or wait */
  calls: number;
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
    const { atOnce, waiting } = this.#bounds;
    const attempted = `ask ${this.#of} of ${project}`;
    const line = this.#lines.get(project) ?? { slots: new Slots(atOnce), calls: 0 };
    if (line.calls >= atOnce + waiting)
      throw new Unavailable(`${attempted}: too much is waiting for it already`);
    this.#lines.set(project, line);
    line.calls++;
    let hasBegun = false;
    const begun = () => {
      hasBegun = true;
      return call();
    };
    try {
      return await line.slots.within(begun, signal);
    } catch (error) {
      throw hasBegun ? error : new Unavailable(`${attempted}: others took all of the time`, error);
    } finally {
      if (--line.calls === 0) this.#lines.delete(project);
    }
  }
}
