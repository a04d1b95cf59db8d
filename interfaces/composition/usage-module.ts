/** Figures of how projects are used, for charts: who tells them, and how often. */
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import type { PeriodicTask } from '../../application/background/background.ts';
import { RequestTally } from '../../application/project/tally-requests.ts';
import {
  DatabaseSizeWatch,
  type SizeWatchDependencies,
} from '../../application/reconcilers/watch-database-sizes.ts';
import { UsageSampler, type UsageDependencies } from '../../application/reconcilers/sample-usage.ts';
import { PostgresMeasuredSizes } from '../../infrastructure/postgres/postgres-measured-sizes.ts';
import { PostgresProjectUsage } from '../../infrastructure/postgres/postgres-project-usage.ts';
import { listServed } from '../../projections/desired-projects/queries.ts';
import { purgedOf } from '../../projections/project-list/queries.ts';
import { projectUsageEndpoints } from '../platform-api/project-usage.ts';
import { needs } from './needs.ts';
import type { PlatformOptions } from './platform-options.ts';
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
  bind(TOKENS.figureTasks).toResolvedValue(
    ...needs(
      {
        options: TOKENS.options,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        pool: TOKENS.platformPool,
        use: TOKENS.use,
        usage: TOKENS.projectUsage,
        sizes: TOKENS.databaseSizes,
        platformSizeMb: TOKENS.projectSizeMb,
      },
      ({ options, store, ids, clock, pool, use, usage, sizes, platformSizeMb }) => [
        sizesTask(options, { store, ids, clock, sizes, usage, platformSizeMb }, pool),
        usageTask({ usage, clock, use }, pool),
      ],
    ),
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

function usageTask(basics: Omit<UsageDependencies, 'gone'>, pool: pg.Pool): PeriodicTask {
  const sampler = new UsageSampler({ ...basics, gone: (projects) => purgedOf(pool, projects) });
  return {
    name: 'usage',
    everyMs: LOOK_EVERY_MS,
    failed: 'could not look how projects are used',
    begin: () => sampler.begin(),
    run: () => sampler.look(),
  };
}

function sizesTask(
  { config, log }: PlatformOptions,
  basics: Pick<SizeWatchDependencies, 'store' | 'ids' | 'clock' | 'sizes' | 'usage' | 'platformSizeMb'>,
  pool: pg.Pool,
): PeriodicTask {
  const watch = new DatabaseSizeWatch({
    ...basics,
    log,
    measured: new PostgresMeasuredSizes(pool),
    served: () => listServed(pool),
  });
  const everyMs = config.DATABASE_SIZE_LOOK_SECONDS * 1000;
  return {
    name: 'sizes',
    everyMs,
    failed: 'could not look how large databases are',
    run: () => watch.look(),
  };
}
