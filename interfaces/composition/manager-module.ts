/** The manager's internal API, in front of what it keeps standing. */
import { ContainerModule } from 'inversify';
import { roomForProjects } from '../../application/operator/room-for-projects.ts';
import { listDesiredProjects } from '../../projections/desired-projects/queries.ts';
import { managerEndpoints } from '../manager/manager-endpoints.ts';
import { installedInWords } from './installed-module.ts';
import { readiness } from './platform-api-module.ts';
import { internalAuthentication } from '../http/internal-endpoints.ts';
import { serverPart } from './server-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const managerModule = new ContainerModule(({ bind }) => {
  bind(PARTS.manager).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        store: TOKENS.store,
        world: TOKENS.managedWorld,
        wake: TOKENS.wake,
        use: TOKENS.use,
        gateways: TOKENS.gateways,
        reconciler: TOKENS.reconciler,
        pool: TOKENS.platformPool,
        projects: TOKENS.projectsServers,
        platform: TOKENS.platformServer,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
        list: TOKENS.installed,
        free: TOKENS.capacity,
      },
      ({
        config: { MANAGER_PORT, LISTEN_HOST },
        internalKeys,
        store,
        world,
        wake,
        use,
        gateways,
        reconciler,
        pool,
        projects,
        platform,
        log,
        metrics,
        tracing,
        list,
        free,
      }) => {
        const desired = () => listDesiredProjects(pool);
        const room = () => roomForProjects([...projects.keys()], free);
        return serverPart({
          name: 'manager',
          port: MANAGER_PORT,
          portVariable: 'MANAGER_PORT',
          host: LISTEN_HOST,
          endpoints: managerEndpoints({ store, world, wake, use, gateways, reconciler, desired, room }),
          authenticate: internalAuthentication(internalKeys),
          log,
          ready: readiness(projects, platform, store),
          programs: async () => installedInWords(await list()),
          metrics,
          tracing,
        });
      },
    ),
  );
});
