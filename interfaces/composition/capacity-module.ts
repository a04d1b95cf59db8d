/** How many projects there is room for, and who may take the last place. */
import { ContainerModule } from 'inversify';
import { PROJECT_CONNECTIONS } from '../../infrastructure/pgbouncer/pgbouncer-files.ts';
import { PostgresTurns } from '../../infrastructure/postgres/postgres-turns.ts';
import { POSTGREST_CONNECTIONS } from '../../infrastructure/process/postgrest-config.ts';
import { desiredDataApis } from '../../projections/desired-data-apis/desired-data-apis.ts';
import { countProjectsInService } from '../../projections/desired-data-apis/queries.ts';
import { TOKENS } from './tokens.ts';

const VIEW_WITHIN_MS = 5_000;

export const capacityModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.turns).toResolvedValue((pool) => new PostgresTurns(pool), [TOKENS.platformPool]);
  bind(TOKENS.capacity).toResolvedValue(
    (server, pooler, pool, store, checkpoints) => async () => {
      const position = await store.head();
      const [limits] = await Promise.all([
        server.connectionLimits(),
        checkpoints.waitFor(desiredDataApis.name, position, VIEW_WITHIN_MS),
      ]);
      const perProject = pooler ? PROJECT_CONNECTIONS : POSTGREST_CONNECTIONS;
      return { ...limits, perProject, used: await countProjectsInService(pool) };
    },
    [TOKENS.server, TOKENS.pooler, TOKENS.platformPool, TOKENS.store, TOKENS.checkpoints],
  );
});
