/** The gateway of the one-process shape. */
import { ContainerModule } from 'inversify';
import { findProject } from '../../projections/project-list/queries.ts';
import { Gateway } from '../gateway/gateway.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const gatewayModule = new ContainerModule(({ bind }) => {
  bind(PARTS.gateway).toResolvedValue(
    ({ GATEWAY_PORT, PLATFORM_PORT }, dataApis, pool, log) => {
      const gateway = new Gateway({
        port: GATEWAY_PORT,
        platform: { host: '127.0.0.1', port: PLATFORM_PORT },
        dataApis,
        projectState: async (id) => (await findProject(pool, id))?.status ?? 'unknown',
        log,
      });
      return {
        name: 'gateway',
        start: () => gateway.start(),
        stop: () => gateway.stop(5_000),
        stopWithinMs: 6_000,
      };
    },
    [TOKENS.config, TOKENS.dataApis, TOKENS.platformPool, TOKENS.log],
  );
});
