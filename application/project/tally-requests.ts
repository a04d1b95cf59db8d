/** Tells what a gateway has sent to projects: not with each request, but now and then, all together. */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProjectTraffic } from '../ports/data-apis.ts';
import type { ProjectUsage } from '../ports/project-usage.ts';

export interface TallyDependencies {
  readonly traffic: Pick<ProjectTraffic, 'projects' | 'requests'>;
  readonly usage: Pick<ProjectUsage, 'record'>;
  readonly clock: Clock;
}

export class RequestTally {
  readonly #dependencies: TallyDependencies;
  /** of each project, how many have been told */
  readonly #told = new Map<ProjectId, number>();

  constructor(dependencies: TallyDependencies) {
    this.#dependencies = dependencies;
  }

  /** What came since the last time. @throws {Unavailable} it is told the next time */
  async tell(): Promise<void> {
    const { traffic, usage, clock } = this.#dependencies;
    const now = [...traffic.projects()].map((project) => [project, traffic.requests(project)] as const);
    const fresh = now.filter(([project, requests]) => requests > this.#toldOf(project));
    await usage.record(
      new Map(fresh.map(([project, requests]) => [project, { requests: requests - this.#toldOf(project) }])),
      clock.now(),
    );
    for (const [project, requests] of fresh) this.#told.set(project, requests);
  }

  #toldOf(project: ProjectId): number {
    return this.#told.get(project) ?? 0;
  }
}
