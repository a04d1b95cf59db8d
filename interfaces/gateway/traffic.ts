import type { ProjectTraffic } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** What this gateway sends to projects: who is in use, and who is idle. */
export class Traffic implements ProjectTraffic {
  readonly #requests = new Map<ProjectId, number>();
  readonly #underWay = new Map<ProjectId, number>();

  /** A request of a project that is served. @returns to be called once, when it is over */
  begin(project: ProjectId): () => void {
    this.#requests.set(project, this.requests(project) + 1);
    this.#underWay.set(project, this.underWay(project) + 1);
    return () => {
      const left = this.underWay(project) - 1;
      if (left > 0) this.#underWay.set(project, left);
      else this.#underWay.delete(project);
    };
  }

  projects(): Iterable<ProjectId> {
    return this.#requests.keys();
  }

  requests(project: ProjectId): number {
    return this.#requests.get(project) ?? 0;
  }

  underWay(project: ProjectId): number {
    return this.#underWay.get(project) ?? 0;
  }
}
