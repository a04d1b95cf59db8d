import type { SeenSize } from '../../domain/project/limits.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** How large projects' databases are. */
export interface DatabaseSizes {
  /**
   * By the files on the disk, indexes and what was deleted and not cleaned up included. One that is missing is absent.
   * One question for all of them, which costs about as much as looking at each of their files.
   * So is one whose server does not answer, where there are others. @throws {Unavailable}
   */
  measure(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, SeenSize>>;
}
