/** REST APIs that end unless somebody uses them: meanwhile nobody new is sent there. */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { pause } from '../../application/background/pause.ts';

/** how long one waits for requests under way; whoever wants it meanwhile waits, too */
const QUIET_WITHIN_MS = 2_000;
const QUIET_POLL_MS = 50;
/** until those have arrived who are on their way past our gateways */
const HEARD_AFTER_MS = 250;

/** Whether requests are under way; asked while no new one can get there. */
export type InUse = (project: ProjectId) => Promise<boolean>;

export class Retirement {
  readonly #inUse: InUse | undefined;
  readonly #retiring = new Set<ProjectId>();

  constructor(inUse: InUse | undefined) {
    this.#inUse = inUse;
  }

  has(project: ProjectId): boolean {
    return this.#retiring.has(project);
  }

  /** @returns false: a request takes long; nothing was ended */
  async run(project: ProjectId, end: () => Promise<void>, signal?: AbortSignal): Promise<boolean> {
    this.#retiring.add(project);
    try {
      if (!(await this.#getsQuiet(project, signal))) return false;
      await end();
      return true;
    } finally {
      this.#retiring.delete(project);
    }
  }

  async #getsQuiet(project: ProjectId, signal: AbortSignal | undefined): Promise<boolean> {
    await pause(HEARD_AFTER_MS);
    const deadline = performance.now() + QUIET_WITHIN_MS;
    while (await this.#inUse?.(project)) {
      if (performance.now() > deadline) return false;
      await pause(QUIET_POLL_MS);
      signal?.throwIfAborted();
    }
    signal?.throwIfAborted();
    return true;
  }
}
