/** The manager's internal API, in front of what it keeps standing. */
import { ContainerModule } from 'inversify';
import { listDesiredDataApis } from '../../projections/desired-data-apis/queries.ts';
import { createServer } from '../http/server.ts';
import { managerEndpoints } from '../manager/manager-endpoints.ts';
import { readiness } from './platform-api-module.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const managerModule = new ContainerModule(({ bind }) => {
  bind(PARTS.manager).toResolvedValue(
    (
      { MANAGER_PORT, LISTEN_HOST },
      internalKeys,
      store,
      world,
      wake,
      use,
      reconciler,
      pool,
      server,
      log,
      metrics,
    ) => {
      const desired = () => listDesiredDataApis(pool);
      const manager = createServer({
        name: 'manager',
        port: MANAGER_PORT,
        portVariable: 'MANAGER_PORT',
        host: LISTEN_HOST,
        endpoints: managerEndpoints({ store, world, wake, use, reconciler, desired }),
        internalKeys,
        log,
        ready: readiness(server, store),
        metrics,
      });
      return {
        name: 'manager',
        start: () => manager.start(),
        stop: () => manager.stop(),
        stopWithinMs: 12_000,
      };
    },
    [
      TOKENS.config,
      TOKENS.internalKeys,
      TOKENS.store,
      TOKENS.managedWorld,
      TOKENS.wake,
      TOKENS.use,
      TOKENS.reconciler,
      TOKENS.platformPool,
      TOKENS.server,
      TOKENS.log,
      TOKENS.metrics,
    ],
  );
});
