/** Projects that are made before anybody asks: who gets them, who takes their places, and who keeps them ready. */
import { ContainerModule } from 'inversify';
import { sparePlaces } from '../../application/project/spare-places.ts';
import { Spares } from '../../application/project/spares.ts';
import { SpareKeeper } from '../../application/reconcilers/keep-spares.ts';
import { PostgresTurns } from '../../infrastructure/postgres/postgres-turns.ts';
import { somebodyWaits } from '../../projections/process-runs/queries.ts';
import { listSpares, projectsThatAre } from '../../projections/project-list/queries.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

const LOOK_EVERY_MS = 500;

export const sparesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.spares).toResolvedValue(
    ({ SPARE_PROJECTS: wanted }, pool) =>
      wanted === 0 ? undefined : new Spares(() => projectsThatAre(pool, 'spare')),
    [TOKENS.config, TOKENS.platformPool],
  );
  // also where there shall be none: some may be left
  bind(TOKENS.sparePlaces).toResolvedValue(
    (store, ids, watch, serverOf, pool) =>
      sparePlaces({ store, ids, watch, serverOf, listed: () => listSpares(pool) }),
    [TOKENS.store, TOKENS.ids, TOKENS.watch, TOKENS.serverOf, TOKENS.platformPool],
  );
  bind(TOKENS.spareTask).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        world: TOKENS.world,
        capacity: TOKENS.capacity,
        serverOf: TOKENS.serverOf,
        servers: TOKENS.projectsServers,
        pool: TOKENS.platformPool,
      },
      ({ config, store, ids, clock, world, capacity, serverOf, servers, pool }) => {
        const { secrets, migrations } = world;
        const keeper = new SpareKeeper({
          store,
          ids,
          clock,
          secrets,
          migrations,
          capacity,
          serverOf,
          turns: new PostgresTurns(pool),
          listed: () => listSpares(pool),
          somebodyWaits: () => somebodyWaits(pool),
          servers: [...servers.keys()],
          wanted: config.SPARE_PROJECTS,
        });
        const failed = 'could not look after spare projects';
        return { name: 'spares', everyMs: LOOK_EVERY_MS, failed, run: () => keeper.look() };
      },
    ),
  );
});
