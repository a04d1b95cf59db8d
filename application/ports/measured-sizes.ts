import type { ProjectId } from '../../domain/project/project-id.ts';

/** How large databases were when somebody last looked, in bytes, for whoever asks of many and must not look themselves. */
export interface MeasuredSizes {
  /** @throws {Unavailable} */
  record(sizes: ReadonlyMap<ProjectId, number>): Promise<void>;
  /** One that was never looked at, or not for months, is absent. @throws {Unavailable} */
  of(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, number>>;
}
