import { isDeepStrictEqual } from 'node:util';
import { Unavailable } from '../../application/errors.ts';
import type { DataApi, DataApiState, Endpoint, ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryDataApis implements ManagedDataApis {
  readonly running = new Map<ProjectId, DataApi>();
  /** for tests: with a request under way */
  readonly inUse = new Set<ProjectId>();
  readonly #listeners: ((project: ProjectId, what: string) => void)[] = [];

  async ensure(api: DataApi, signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.running.set(api.project, api);
  }

  async remove(project: ProjectId): Promise<void> {
    await Promise.resolve();
    this.running.delete(project);
  }

  async retire(project: ProjectId): Promise<boolean> {
    if (this.inUse.has(project)) return false;
    await this.remove(project);
    return true;
  }

  reloadSchema(): Promise<void> {
    return Promise.resolve();
  }

  probe(project: ProjectId): Promise<void> {
    return this.running.has(project)
      ? Promise.resolve()
      : Promise.reject(new Unavailable(`get an answer from the REST API of ${project}`));
  }

  endpoint(project: ProjectId): Endpoint | undefined {
    return this.running.has(project) ? { host: '127.0.0.1', port: 1 } : undefined;
  }

  endpoints(): ReadonlyMap<ProjectId, Endpoint> {
    return new Map([...this.running.keys()].map((project) => [project, { host: '127.0.0.1', port: 1 }]));
  }

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...this.running.keys()]);
  }

  state(api: DataApi): Promise<DataApiState> {
    const running = this.running.get(api.project);
    if (!running) return Promise.resolve('absent');
    return Promise.resolve(isDeepStrictEqual(running, api) ? 'as-wanted' : 'different');
  }

  onDisturbed(listener: (project: ProjectId, what: string) => void): void {
    this.#listeners.push(listener);
  }

  stop(): Promise<void> {
    this.running.clear();
    return Promise.resolve();
  }

  /** For tests: it ends as a killed process does. */
  kill(project: ProjectId): void {
    this.running.delete(project);
    for (const listener of this.#listeners) listener(project, 'ended');
  }
}
