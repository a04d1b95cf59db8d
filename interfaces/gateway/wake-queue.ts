import type { ProjectId } from '../../domain/project/project-id.ts';
import type { GatewayLimits } from './limits.ts';
import { unlessAborted, within } from '../../application/background/deadline.ts';

/** Resolves when the project can be asked; rejects when that cannot be had, or not before the signal aborts. */
export type Wake = (project: ProjectId, signal: AbortSignal) => Promise<void>;

export type Waited = 'awake' | 'gone' | 'full' | { readonly failed: unknown };

interface Waking {
  readonly outcome: Promise<Waited>;
  waiting: number;
}

/** Requests to projects that sleep: one wake for all of a project, bounded in number and time. */
export class WakeQueue {
  readonly #wake: Wake;
  readonly #limits: Pick<GatewayLimits, 'wakeWaiting' | 'wakeMs'>;
  readonly #waking = new Map<ProjectId, Waking>();

  constructor(wake: Wake, limits: Pick<GatewayLimits, 'wakeWaiting' | 'wakeMs'>) {
    this.#wake = wake;
    this.#limits = limits;
  }

  /** @param gone aborts when the client does; the project is woken all the same */
  async wait(project: ProjectId, gone: AbortSignal): Promise<Waited> {
    const waking = this.#waking.get(project) ?? this.#begin(project);
    if (waking.waiting >= this.#limits.wakeWaiting) return 'full';
    waking.waiting++;
    try {
      return await unlessAborted(waking.outcome, gone, () => 'gone');
    } finally {
      waking.waiting--;
    }
  }

  #begin(project: ProjectId): Waking {
    const over = new AbortController();
    const late = (): Waited => {
      over.abort();
      return { failed: new Error('the project does not wake in time') };
    };
    const woken = this.#wake(project, over.signal).then(
      (): Waited => 'awake',
      (error: unknown): Waited => ({ failed: error }),
    );
    const outcome = within(this.#limits.wakeMs, woken, late).finally(() => this.#waking.delete(project));
    const waking = { outcome, waiting: 0 };
    this.#waking.set(project, waking);
    return waking;
  }
}
