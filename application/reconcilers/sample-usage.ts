/**
 * Looks how projects are used, for the charts of their owners: what the pooler has open, and whether somebody works through
 * it. Requests are told by the gateways that sent them, and sizes by whoever measures them. One that nobody uses leaves
 * nothing.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProjectUsage, SeenUse } from '../ports/project-usage.ts';
import type { Use } from './sleep-when-idle.ts';

export interface PooledUse extends Use {
  /** through the pooler so far; it begins anew now and then */
  readonly transactions: number;
  /** that the pooler has open to the database */
  readonly connections: number;
}

export interface UsageDependencies {
  readonly usage: ProjectUsage;
  readonly clock: Clock;
  /** A project that nobody used so far may be absent. @returns undefined: nobody here can know */
  readonly use: () => Promise<ReadonlyMap<ProjectId, PooledUse> | undefined>;
  /** which of them nothing is left of, by a read model */
  readonly gone: (projects: readonly ProjectId[]) => Promise<readonly ProjectId[]>;
}

/** After a start REST APIs read what is in their databases, which is nobody's use of them. */
const SETTLED_AFTER_MS = 120_000;

export class UsageSampler {
  readonly #dependencies: UsageDependencies;
  #transactions = new Map<ProjectId, number>();
  #sinceMs: number;

  constructor(dependencies: UsageDependencies) {
    this.#dependencies = dependencies;
    this.#sinceMs = dependencies.clock.elapsedMs();
  }

  /** Another worker may have led meanwhile. */
  begin(): void {
    this.#transactions = new Map();
    this.#sinceMs = this.#dependencies.clock.elapsedMs();
  }

  /** Looks at every project once, and forgets what is too old, and whoever is gone. */
  async look(): Promise<void> {
    const { usage, clock, use, gone } = this.#dependencies;
    const used = (await use()) ?? new Map<ProjectId, PooledUse>();
    await usage.record(this.#seen(used), clock.now());
    await usage.prune(clock.now());
    await usage.forget(await gone(await usage.projects()));
  }

  #seen(used: ReadonlyMap<ProjectId, PooledUse>): ReadonlyMap<ProjectId, SeenUse> {
    const isSettled = this.#dependencies.clock.elapsedMs() - this.#sinceMs >= SETTLED_AFTER_MS;
    const seen = [...used].flatMap(([project, { transactions, connections }]) => {
      const before = this.#transactions.get(project);
      const isUsed = isSettled && before !== undefined && transactions > before;
      return connections > 0 || isUsed ? [[project, { connections, isUsed }] as const] : [];
    });
    this.#transactions = new Map([...used].map(([project, { transactions }]) => [project, transactions]));
    return new Map(seen);
  }
}
