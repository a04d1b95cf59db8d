/**
 * Has a project's REST API read its tables again after DDL, by whatever connection it came. Asks one question for all
 * projects whose API runs, and looks into those databases only in which something was written; for those that sleep or
 * are paused nothing is done, since an API that starts reads its tables anyway.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { inParallel } from '../background/in-parallel.ts';
import type { Clock } from '../ports/clock.ts';
import type { ManagedDataApis } from '../ports/data-apis.ts';
import type { Log } from '../ports/log.ts';
import type { SchemaChanges } from '../ports/schema-changes.ts';

export interface SchemaFollowerDependencies {
  readonly changes: SchemaChanges;
  readonly dataApis: Pick<ManagedDataApis, 'endpoints' | 'reloadSchema'>;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOKS_AT_ONCE = 4;
const EVERY_MS = 500;
const PAUSE_PER_LOOK = 2;
const LONGEST_PAUSE_MS = 1_000;
/** a server may be set not to count: then this is the bound */
const LOOK_AT_ALL_EVERY_MS = 300_000;

/** Where many projects write all the time, looking takes a third of the time, unless that would make it late. */
export const pauseAfterLook = (tookMs: number): number =>
  Math.max(EVERY_MS, Math.min(PAUSE_PER_LOOK * tookMs, LONGEST_PAUSE_MS));

export class SchemaFollower {
  readonly #dependencies: SchemaFollowerDependencies;
  /** of each running project, as it was when it was looked at last */
  readonly #seen = new Map<ProjectId, string>();
  readonly #failing = new Set<ProjectId>();
  #lookedAtAllMs: number;

  constructor(dependencies: SchemaFollowerDependencies) {
    this.#dependencies = dependencies;
    this.#lookedAtAllMs = dependencies.clock.elapsedMs();
  }

  /** Once over all that may have changed. A project's failure is met again by the next look. */
  async look(signal?: AbortSignal): Promise<void> {
    const { changes, dataApis, clock } = this.#dependencies;
    if (clock.elapsedMs() - this.#lookedAtAllMs > LOOK_AT_ALL_EVERY_MS) {
      this.#seen.clear();
      this.#lookedAtAllMs = clock.elapsedMs();
    }
    const marks = await changes.marks([...dataApis.endpoints().keys()]);
    for (const project of this.#seen.keys()) if (!marks.has(project)) this.#seen.delete(project);
    const due = [...marks].filter(([project, mark]) => this.#seen.get(project) !== mark);
    await inParallel(due, LOOKS_AT_ONCE, async ([project, mark]) => {
      if (!signal?.aborted) await this.#lookInto(project, mark);
    });
  }

  async #lookInto(project: ProjectId, mark: string): Promise<void> {
    const { changes, dataApis, log } = this.#dependencies;
    try {
      await changes.take(project, () => dataApis.reloadSchema(project));
      this.#seen.set(project, mark);
      this.#failing.delete(project);
    } catch (error) {
      if (!this.#failing.has(project))
        log.warn({ project, err: error }, 'cannot tell whether tables changed');
      this.#failing.add(project);
    }
  }
}
