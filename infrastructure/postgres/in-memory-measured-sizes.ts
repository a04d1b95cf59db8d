import type { MeasuredSizes } from '../../application/ports/measured-sizes.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests: passes the same contract as the real one. */
export class InMemoryMeasuredSizes implements MeasuredSizes {
  readonly #sizes = new Map<ProjectId, number>();

  record(sizes: ReadonlyMap<ProjectId, number>): Promise<void> {
    for (const [project, bytes] of sizes) this.#sizes.set(project, bytes);
    return Promise.resolve();
  }

  of(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, number>> {
    const found = projects.flatMap((project) => {
      const bytes = this.#sizes.get(project);
      return bytes === undefined ? [] : [[project, bytes] as const];
    });
    return Promise.resolve(new Map(found));
  }
}
