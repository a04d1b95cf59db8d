import type pg from 'pg';
import type { PoolUsage } from '../../application/ports/connection-pools.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { servedEntries } from './admin-console.ts';

/** One row for each pair of a login and a database; the columns that 1.18 and 1.25 both have. */
export interface PoolRow {
  readonly database: string;
  readonly cl_active: unknown;
  readonly cl_waiting: unknown;
  readonly sv_active: unknown;
  readonly sv_idle: unknown;
  readonly sv_used: unknown;
  readonly sv_tested: unknown;
  readonly sv_login: unknown;
  readonly maxwait: unknown;
  readonly maxwait_us: unknown;
}

interface StatsRow {
  readonly database: string;
  readonly total_xact_count: unknown;
}

export async function poolUsage(client: pg.Client): Promise<PoolUsage[]> {
  const served = await servedEntries(client);
  const pools = await client.query<PoolRow>('SHOW POOLS');
  const stats = await client.query<StatsRow>('SHOW STATS');
  return usageOf(
    served.map(({ project }) => project),
    pools.rows,
    stats.rows,
  );
}

/**
 * SHOW POOLS and SHOW STATS know those only that were used: of the others there is nothing to tell but that. Looked at
 * every few seconds: each row once, however many projects there are.
 */
export function usageOf(
  projects: readonly ProjectId[],
  pools: readonly PoolRow[],
  stats: readonly StatsRow[],
): PoolUsage[] {
  const rowsOf = Map.groupBy(pools, ({ database }) => database);
  const transactions = new Map(stats.map((row) => [row.database, Number(row.total_xact_count)]));
  return projects.map((project) =>
    usageOfOne(project, rowsOf.get(project) ?? [], transactions.get(project) ?? 0),
  );
}

function usageOfOne(project: ProjectId, rows: readonly PoolRow[], transactions: number): PoolUsage {
  const sum = (...columns: readonly (keyof PoolRow)[]) =>
    rows.reduce((total, row) => total + columns.reduce((all, column) => all + Number(row[column]), 0), 0);
  const waits = rows.map((row) => Number(row.maxwait) * 1000 + Number(row.maxwait_us) / 1000);
  return {
    project,
    clients: { active: sum('cl_active'), waiting: sum('cl_waiting') },
    servers: { active: sum('sv_active', 'sv_tested', 'sv_login'), idle: sum('sv_idle', 'sv_used') },
    maxWaitMs: Math.max(0, ...waits),
    transactions,
  };
}
