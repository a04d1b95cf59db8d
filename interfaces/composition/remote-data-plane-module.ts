/** Pool entries and REST APIs of a manager in another process. */
import { ContainerModule } from 'inversify';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import { RemoteConnectionPools } from '../../infrastructure/internal-client/remote-connection-pools.ts';
import { RemoteDataApis } from '../../infrastructure/internal-client/remote-data-apis.ts';
import type { Config } from '../config.ts';
import { remoteUse } from '../../infrastructure/internal-client/remote-use.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const remoteDataPlaneModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.managerClient).toResolvedValue(
    ({ MANAGER_URL: url }, [internalKey], tracing) =>
      new InternalClient({ url, internalKey, service: 'manager', tracing }),
    [TOKENS.config, TOKENS.internalKeys, TOKENS.tracing],
  );
  bind(TOKENS.containerHost).toConstantValue(undefined);
  bind(TOKENS.pools).toResolvedValue((client) => new RemoteConnectionPools(client), [TOKENS.managerClient]);
  bind(TOKENS.remoteDataApis).toResolvedValue(
    (client, log, traffic) => new RemoteDataApis(client, log, traffic),
    [TOKENS.managerClient, TOKENS.log, TOKENS.traffic],
  );
  bind(TOKENS.dataApis).toResolvedValue((dataApis) => dataApis, [TOKENS.remoteDataApis]);
  bind(TOKENS.wake).toResolvedValue(
    (dataApis) => (project, signal) => dataApis.wake(project, signal),
    [TOKENS.remoteDataApis],
  );
  bind(TOKENS.use).toResolvedValue((client) => () => remoteUse(client), [TOKENS.managerClient]);
  // only the manager could know that there is none; a platform in several processes is run with one
  bind(TOKENS.pooler).toResolvedValue(poolerAddress, [TOKENS.config]);
  bind(PARTS.dataApis).toResolvedValue(
    (dataApis) => ({
      name: 'data-apis',
      start: () => dataApis.follow(),
      stop: () => dataApis.stop(),
      stopWithinMs: 2_000,
    }),
    [TOKENS.remoteDataApis],
  );
});

export const poolerAddress = ({ PGBOUNCER_HOST, PGBOUNCER_PORT }: Config): Endpoint => ({
  host: PGBOUNCER_HOST ?? '127.0.0.1',
  port: PGBOUNCER_PORT,
});
