/**
 * Looks how large projects' databases are, and has the log say what follows: a warning, read only, writable again. The
 * project itself decides; here it is only told what was seen, and only when that would change something.
 */
import { decideFill, sizeLimitOf, type SeenSize } from '../../domain/project/limits.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatabaseSizes } from '../ports/database-sizes.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import { Rounds } from './rounds.ts';

export interface SizeWatchDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly sizes: DatabaseSizes;
  /** projects whose databases may grow, by a read model: only where to look */
  readonly served: () => Promise<
    readonly ({ readonly projectId: ProjectId } & Pick<ExistingProject, 'limits' | 'fill'>)[]
  >;
  /** the limit of those that have none of their own; 0: none */
  readonly platformSizeMb: number;
  readonly everyMs: number;
}

export class DatabaseSizeWatch {
  readonly #dependencies: SizeWatchDependencies;
  readonly #rounds: Rounds;

  constructor(dependencies: SizeWatchDependencies) {
    this.#dependencies = dependencies;
    const failed = 'could not look how large databases are';
    this.#rounds = new Rounds({ ...dependencies, failed }, () => this.look());
  }

  /** May be called again after `stop`. */
  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Once over all that have a limit, or had one and have not got rid of its consequences. */
  async look(): Promise<void> {
    const { served, sizes, platformSizeMb } = this.#dependencies;
    const limitOf = (project: Pick<ExistingProject, 'limits'>) => sizeLimitOf(project.limits, platformSizeMb);
    const watched = (await served()).filter((project) => limitOf(project) !== null || project.fill !== null);
    const measured = await sizes.measure(watched.map(({ projectId }) => projectId));
    for (const project of watched) {
      const seen = measured.get(project.projectId);
      if (seen && decideFill(project.fill, seen, limitOf(project)).length > 0)
        await this.#report(project.projectId, seen);
    }
  }

  async #report(id: ProjectId, seen: SeenSize): Promise<void> {
    const { ids, log, platformSizeMb } = this.#dependencies;
    const actor = { kind: 'process', id: 'watch-database-sizes' } as const;
    const reason = 'how large its database is';
    const metadata = { correlationId: ids.uuid(), causationId: null, actor, reason };
    const command = { kind: 'ReportDatabaseSize', seen, platformSizeMb } as const;
    try {
      await handle(this.#dependencies, projectDecider, projectStream(id), command, metadata);
    } catch (error) {
      if (!(error instanceof Rejection))
        log.warn({ project: id, err: error }, 'could not record the size of a database');
    }
  }
}
