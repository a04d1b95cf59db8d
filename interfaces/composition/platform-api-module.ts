import { ContainerModule } from 'inversify';
import { knownAccessTokens } from '../../application/known-tokens.ts';
import type { KnownOperators } from '../../application/operator/known-operators.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { OwnerAccounts } from '../../application/ports/owner-accounts.ts';
import type { PersonalTokens } from '../../application/ports/personal-tokens.ts';
import type { Tokens } from '../../application/ports/tokens.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { API_DOCUMENT } from '../platform-api/api-document.ts';
import { browserOwner } from '../platform-api/browser-owner.ts';
import { bearer, ownerAuthentication } from '../platform-api/authenticate-owner.ts';
import { apiAuthentication, apiBounds } from '../platform-api/api-endpoint.ts';
import { operatorAuthentication } from '../platform-api/authenticate-operator.ts';
import { OperatorBounds } from '../platform-api/operator-bounds.ts';
import { OwnerBounds } from '../platform-api/owner-bounds.ts';
import { answering, type ProjectsServers } from './projects-servers.ts';
import { aboutServer } from './log-server.ts';
import { serverPart } from './server-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const platformApiModule = new ContainerModule(({ bind }) => {
  bind(PARTS.platformApi).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        options: TOKENS.options,
        operators: TOKENS.operators,
        internalKeys: TOKENS.internalKeys,
        endpoints: TOKENS.endpoints,
        pages: TOKENS.consolePages,
        ownerTokens: TOKENS.ownerTokens,
        tokens: TOKENS.personalTokens,
        accounts: TOKENS.ownerAccounts,
        publicUrl: TOKENS.publicUrl,
        clock: TOKENS.clock,
        projects: TOKENS.projectsServers,
        platform: TOKENS.platformServer,
        store: TOKENS.store,
        watch: TOKENS.watch,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({ config, options: { rateLimits = {} }, endpoints, pages, log, metrics, tracing, ...given }) =>
        serverPart({
          name: 'platform-api',
          port: config.PLATFORM_PORT,
          portVariable: 'PLATFORM_PORT',
          host: config.LISTEN_HOST,
          endpoints,
          pages,
          authenticate: authentication(given),
          log,
          ready: readiness(given.projects, given.platform, given.store),
          metrics,
          tracing,
          docs: API_DOCUMENT,
          internalKeys: given.internalKeys,
          bounds: apiBounds(
            new OwnerBounds(new MemoryRateLimits(rateLimits)),
            new OperatorBounds(new MemoryRateLimits(rateLimits)),
          ),
          trustedProxies: config.TRUSTED_PROXIES,
        }),
    ),
  );
});

interface Asking {
  readonly operators: KnownOperators;
  readonly ownerTokens: Tokens;
  readonly tokens: PersonalTokens;
  readonly accounts: OwnerAccounts;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly store: EventStore;
  readonly watch: StreamWatch;
}

const authentication = (given: Asking) => {
  const { operators, ownerTokens, tokens, accounts, publicUrl, clock, store, watch } = given;
  const inBrowser = browserOwner({ accounts, tokens: ownerTokens, clock }, publicUrl);
  const known = { ...knownAccessTokens(ownerTokens, clock), hash: ownerTokens.hash.bind(ownerTokens) };
  return apiAuthentication(
    ownerAuthentication(bearer(known, { tokens, clock }), inBrowser, { store, watch, clock }),
    operatorAuthentication(operators, publicUrl, { watch, clock }),
  );
};

export const readiness =
  (projects: ProjectsServers, platform: PostgresServer, store: EventStore) => async () => {
    const asked = (question: Promise<unknown>) =>
      question.then(
        () => 'ok',
        () => 'does not answer',
      );
    const [there, platform_postgres, log] = await Promise.all([
      answering(projects),
      asked(platform.administer('ask', (client) => client.query('SELECT 1'))),
      asked(store.head()),
    ]);
    return {
      postgres: ofServers([...projects.keys()], there),
      platform_postgres,
      log: `${log}${aboutServer(store.server?.standing())}`,
    };
  };

/** Whoever has projects elsewhere is served, so what is away is told, and is the end of nothing before all are. */
function ofServers(names: readonly ServerName[], there: ReadonlySet<ServerName>): string {
  const away = names.filter((name) => !there.has(name));
  if (away.length === names.length) return 'does not answer';
  return away.length === 0 ? 'ok' : `ok, without ${away.join(', ')}`;
}
