import type { ManagedConnectionPools, Pool } from '../../application/ports/connection-pools.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryConnectionPools implements ManagedConnectionPools {
  readonly enabled = true;
  readonly #pools = new Map<ProjectId, Pool>();

  async restore(pools: readonly Pool[]): Promise<void> {
    await Promise.resolve();
    this.#pools.clear();
    for (const pool of pools) this.#pools.set(pool.project, pool);
  }

  async register(pool: Pool): Promise<void> {
    await Promise.resolve();
    this.#pools.set(pool.project, pool);
  }

  async unregister(project: ProjectId): Promise<void> {
    await Promise.resolve();
    this.#pools.delete(project);
  }

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...this.#pools.keys()]);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
