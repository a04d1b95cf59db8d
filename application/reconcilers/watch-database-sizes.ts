/**
 * Looks how large projects' databases are, keeps that for those who list projects, and has the log say what follows: a
 * warning, read only, writable again. The project itself decides; here it is only told what was seen, and only when that
 * would change something.
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
import type { MeasuredSizes } from '../ports/measured-sizes.ts';
import type { ProjectUsage } from '../ports/project-usage.ts';

export interface SizeWatchDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly sizes: DatabaseSizes;
  readonly measured: MeasuredSizes;
  /** for charts */
  readonly usage: Pick<ProjectUsage, 'record'>;
  /** projects whose databases may grow, by a read model: only where to look */
  readonly served: () => Promise<
    readonly ({ readonly projectId: ProjectId } & Pick<ExistingProject, 'limits' | 'fill'>)[]
  >;
  /** the limit of those that have none of their own; 0: none */
  readonly platformSizeMb: number;
}

/** a chart shows what was seen last, and what is kept of it ends */
const CHART_AGAIN_AFTER_MS = 24 * 3600 * 1000;

export class DatabaseSizeWatch {
  readonly #dependencies: SizeWatchDependencies;
  /** what charts know already: one that stays as it is costs nothing */
  readonly #charted = new Map<ProjectId, { readonly bytes: number; readonly atMs: number }>();

  constructor(dependencies: SizeWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** Once over all of them. */
  async look(): Promise<void> {
    const { served, sizes, measured, platformSizeMb } = this.#dependencies;
    const watched = await served();
    const seen = await sizes.measure(watched.map(({ projectId }) => projectId));
    for (const project of watched) {
      const size = seen.get(project.projectId);
      const limit = sizeLimitOf(project.limits, platformSizeMb);
      if (size && decideFill(project.fill, size, limit).length > 0)
        await this.#report(project.projectId, size);
    }
    await measured.record(new Map([...seen].map(([project, { bytes }]) => [project, bytes])));
    await this.#chart(seen);
  }

  async #chart(seen: ReadonlyMap<ProjectId, SeenSize>): Promise<void> {
    const { usage, clock } = this.#dependencies;
    const atMs = clock.elapsedMs();
    const isNews = (project: ProjectId, bytes: number) => {
      const known = this.#charted.get(project);
      return known?.bytes !== bytes || atMs - known.atMs >= CHART_AGAIN_AFTER_MS;
    };
    const news = [...seen].filter(([project, { bytes }]) => isNews(project, bytes));
    await usage.record(
      new Map(news.map(([project, { bytes }]) => [project, { sizeBytes: bytes }])),
      clock.now(),
    );
    for (const [project, { bytes }] of news) this.#charted.set(project, { bytes, atMs });
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
