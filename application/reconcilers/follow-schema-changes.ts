/**
 * Has a project's REST API read its tables again after DDL, by whatever connection it came. Asks one question for all
 * projects whose API runs, and looks into those databases only in which something was written; for those that sleep or
 * are paused nothing is done, since an API that starts reads its tables anyway.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { inParallel } from '../in-parallel.ts';
import type { Clock } from '../ports/clock.ts';
import type { ManagedDataApis } from '../ports/data-apis.ts';
import type { Log } from '../ports/log.ts';
import type { SchemaChanges } from '../ports/schema-changes.ts';

export interface SchemaFollowerDependencies {
  readonly changes: SchemaChanges;
  readonly dataApis: Pick<ManagedDataApis, 'endpoints' | 'reloadSchema'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lookEveryMs: number;
}

const LOOKS_AT_ONCE = 4;
/** where many projects write all the time, looking takes a third of the time, unless that made it late */
const PAUSE_PER_LOOK = 2;
const LONGEST_PAUSE_MS = 1_000;
/** a server may be set not to count: then this is the bound */
const LOOK_AT_ALL_EVERY_MS = 300_000;

export class SchemaFollower {
  readonly #dependencies: SchemaFollowerDependencies;
  readonly #stopping = new AbortController();
  /** of each running project, as it was when it was looked at last */
  readonly #seen = new Map<ProjectId, string>();
  readonly #failing = new Set<ProjectId>();
  #following: Promise<void> = Promise.resolve();

  constructor(dependencies: SchemaFollowerDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#following = this.#lookNowAndThen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Once over all that may have changed. A project's failure is met again by the next look. */
  async look(): Promise<void> {
    const { changes, dataApis } = this.#dependencies;
    const marks = await changes.marks([...dataApis.endpoints().keys()]);
    for (const project of this.#seen.keys()) if (!marks.has(project)) this.#seen.delete(project);
    const due = [...marks].filter(([project, mark]) => this.#seen.get(project) !== mark);
    await inParallel(due, LOOKS_AT_ONCE, ([project, mark]) => this.#lookInto(project, mark));
  }

  async #lookInto(project: ProjectId, mark: string): Promise<void> {
    const { changes, dataApis, log } = this.#dependencies;
    if (this.#stopping.signal.aborted) return;
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

  async #lookNowAndThen(): Promise<void> {
    const { clock, lookEveryMs, log } = this.#dependencies;
    let lookedAtAll = clock.elapsedMs();
    while (!this.#stopping.signal.aborted) {
      const startedAt = clock.elapsedMs();
      if (startedAt - lookedAtAll > LOOK_AT_ALL_EVERY_MS) {
        this.#seen.clear();
        lookedAtAll = startedAt;
      }
      await this.look().catch((error: unknown) =>
        log.debug({ err: error }, 'could not look for changed tables'),
      );
      const took = clock.elapsedMs() - startedAt;
      const pauseMs = Math.min(PAUSE_PER_LOOK * took, LONGEST_PAUSE_MS);
      await clock.sleep(Math.max(lookEveryMs, pauseMs), this.#stopping.signal);
    }
  }
}
