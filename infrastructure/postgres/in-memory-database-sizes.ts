import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { SeenSize } from '../../domain/project/limits.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of what follows from sizes: passes the same contract as the real one. */
export class InMemoryDatabaseSizes implements DatabaseSizes {
  readonly seen = new Map<ProjectId, SeenSize>();

  measure(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, SeenSize>> {
    const found = projects.flatMap((project) => {
      const size = this.seen.get(project);
      return size ? [[project, size] as const] : [];
    });
    return Promise.resolve(new Map(found));
  }
}
