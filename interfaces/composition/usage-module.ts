/** Figures of how projects are used, for charts: who tells them, and how often. */
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import type { PeriodicTask } from '../../application/background/background.ts';
import { RequestTally } from '../../application/project/tally-requests.ts';
import { UsageSampler, type UsageDependencies } from '../../application/reconcilers/sample-usage.ts';
import { PostgresProjectUsage } from '../../infrastructure/postgres/postgres-project-usage.ts';
import { purgedOf } from '../../projections/project-list/queries.ts';
import { projectUsageEndpoints } from '../platform-api/project-usage.ts';
import { tasksPart } from './tasks-part.ts';
import { PARTS, TOKENS } from './tokens.ts';

/** what a project's last use may be behind by; one statement for all of them */
const TELL_EVERY_MS = 10_000;
/** of connections the most in a minute are kept, so a look more often sees more of them */
const LOOK_EVERY_MS = 30_000;

export const usageModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.projectUsage).toResolvedValue((pool) => new PostgresProjectUsage(pool), [TOKENS.platformPool]);
  bind(TOKENS.routes).toResolvedValue(
    (store, clock, usage) => projectUsageEndpoints({ store, clock, usage }),
    [TOKENS.store, TOKENS.clock, TOKENS.projectUsage],
  );
  bind(PARTS.requestTally).toResolvedValue(
    (traffic, usage, clock, background) => {
      const tally = new RequestTally({ traffic, usage, clock });
      const tasks = tasksPart('request-tally', background, [
        {
          name: 'tell-requests',
          everyMs: TELL_EVERY_MS,
          failed: 'could not tell how many requests projects had',
          run: () => tally.tell(),
        },
      ]);
      // it stops after the gateway: nothing comes any more, and the rest is told
      return { ...tasks, stop: () => tasks.stop().then(() => tally.tell()) };
    },
    [TOKENS.traffic, TOKENS.projectUsage, TOKENS.clock, TOKENS.background],
  );
});

export function usageTask(basics: Omit<UsageDependencies, 'gone'>, pool: pg.Pool): PeriodicTask {
  const sampler = new UsageSampler({ ...basics, gone: (projects) => purgedOf(pool, projects) });
  return {
    name: 'usage',
    everyMs: LOOK_EVERY_MS,
    failed: 'could not look how projects are used',
    begin: () => sampler.begin(),
    run: () => sampler.look(),
  };
}
