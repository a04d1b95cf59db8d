import type { SeenSize } from '../../domain/project/limits.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** How large projects' databases are. */
export interface DatabaseSizes {
  /**
   * By the files on the disk, indexes and what was deleted and not cleaned up included. One that is missing is absent.
   * One look for all of them; one that nobody was in since the last look costs next to nothing.
   * So is one whose server does not answer, where there are others. @throws {Unavailable}
   */
  measure(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, SeenSize>>;
}
