/** The auth service: the users of all projects, in one process. */
import { ContainerModule } from 'inversify';
import { authEndpoints } from '../auth/auth-endpoints.ts';
import { aboutServer } from './log-server.ts';
import { serverPart } from './server-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const authModule = new ContainerModule(({ bind }) => {
  bind(PARTS.auth).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        store: TOKENS.store,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({ config, internalKeys, store, log, metrics, tracing }) =>
        serverPart({
          name: 'auth',
          port: config.AUTH_PORT,
          portVariable: 'AUTH_PORT',
          host: config.LISTEN_HOST,
          endpoints: authEndpoints({ version: '0.1.0' }),
          log,
          ready: async () => {
            const answers = await store.head().then(
              () => 'ok',
              () => 'does not answer',
            );
            return { log: `${answers}${aboutServer(store.server?.standing())}` };
          },
          metrics,
          tracing,
          internalKeys,
          trustedProxies: config.TRUSTED_PROXIES,
        }),
    ),
  );
});
