import type {
  ManagedConnectionPools,
  Pool,
  PoolDrift,
  PoolUsage,
} from '../../application/ports/connection-pools.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryConnectionPools implements ManagedConnectionPools {
  readonly enabled = true;
  readonly #pools = new Map<ProjectId, Pool>();
  /** for tests: what clients do */
  readonly used = new Map<ProjectId, { readonly transactions: number; readonly active: number }>();
  readonly #listeners: ((drift: PoolDrift) => void)[] = [];

  async restore(pools: readonly Pool[]): Promise<void> {
    await Promise.resolve();
    this.#pools.clear();
    for (const pool of pools) this.#pools.set(pool.project, pool);
  }

  async register(pool: Pool, signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.#pools.set(pool.project, pool);
  }

  async unregister(project: ProjectId): Promise<void> {
    await Promise.resolve();
    this.#pools.delete(project);
  }

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...this.#pools.keys()]);
  }

  usage(): Promise<readonly PoolUsage[]> {
    const usageOf = (project: ProjectId): PoolUsage => {
      const { transactions = 0, active = 0 } = this.used.get(project) ?? {};
      const both = { clients: { active, waiting: 0 }, servers: { active, idle: 0 } };
      return { project, ...both, maxWaitMs: 0, transactions };
    };
    return Promise.resolve([...this.#pools.keys()].map(usageOf));
  }

  onDisturbed(listener: (drift: PoolDrift) => void): void {
    this.#listeners.push(listener);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** For tests: as it was registered last. */
  registered(project: ProjectId): Pool | undefined {
    return this.#pools.get(project);
  }

  /** For tests: somebody took an entry out of the files, or (undefined) changed what is the pooler's own. */
  disturb(project: ProjectId | undefined): void {
    if (project) this.#pools.delete(project);
    const drift = { project, what: project ? 'pool' : 'pgbouncer.ini', actual: 'absent' };
    for (const listener of this.#listeners) listener({ ...drift, mended: Promise.resolve() });
  }
}
