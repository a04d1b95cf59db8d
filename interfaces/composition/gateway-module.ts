/** The public door. */
import { ContainerModule } from 'inversify';
import { judgeToken } from '../../application/project/judge-token.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { findDesiredProject } from '../../projections/desired-projects/queries.ts';
import { findProject } from '../../projections/project-list/queries.ts';
import { Gateway } from '../gateway/gateway.ts';
import { Traffic } from '../gateway/traffic.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const gatewayModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.traffic).toResolvedValue(() => new Traffic());
  bind(PARTS.gateway).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        dataApis: TOKENS.dataApis,
        secrets: TOKENS.secrets,
        clock: TOKENS.clock,
        wake: TOKENS.wake,
        traffic: TOKENS.traffic,
        pool: TOKENS.platformPool,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({
        config: { GATEWAY_PORT, PLATFORM_URL, AUTH_URL, STORAGE_URL, PUBLIC_URL, TRUSTED_PROXIES },
        internalKeys: [internalKey],
        dataApis,
        secrets,
        clock,
        wake,
        traffic,
        pool,
        log,
        metrics,
        tracing,
      }) => {
        const gateway = new Gateway({
          port: GATEWAY_PORT,
          publicUrl: PUBLIC_URL,
          platform: endpointOf(PLATFORM_URL),
          services: { auth: endpointOf(AUTH_URL), storage: endpointOf(STORAGE_URL) },
          dataApis,
          projectState: async (id) => (await findProject(pool, id))?.status ?? 'unknown',
          judge: (id, token) =>
            judgeToken({ secrets, clock, find: (one) => findDesiredProject(pool, one) }, id, token),
          wake,
          traffic,
          log,
          tracing,
          trustedProxies: TRUSTED_PROXIES,
          internalKey,
          onAnswered: (request) => metrics.answered({ service: 'gateway', ...request }),
        });
        return {
          name: 'gateway',
          start: () => gateway.start(),
          stop: () => gateway.stop(5_000),
          stopWithinMs: 6_000,
        };
      },
    ),
  );
});

function endpointOf(url: string): Endpoint {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port || 80) };
}
