import { AesEmailVault } from '../../infrastructure/crypto/aes-email-vault.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { PostgresOwnerAccounts } from '../../infrastructure/postgres/postgres-owner-accounts.ts';
import { PostgresProjectSql } from '../../infrastructure/postgres/postgres-project-sql.ts';
import {
  type MemoryRateLimitOptions,
  MemoryRateLimits,
} from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import { findProject } from '../../projections/project-list/queries.ts';
import type { Config } from '../config.ts';
import { Gateway } from '../gateway/gateway.ts';
import { bearerAuthentication } from '../http/authenticate.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer } from '../http/server.ts';
import { ownerEndpoints } from '../platform-api/owners.ts';
import { projectAccessEndpoints } from '../platform-api/project-access.ts';
import { projectHistoryEndpoints } from '../platform-api/project-history.ts';
import { projectCommandEndpoints, projectEndpoints } from '../platform-api/projects.ts';
import type { Cluster } from './cluster.ts';
import type { Core } from './core.ts';
import type { PlatformWorld } from './data-plane.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { PlatformOptions } from './platform-options.ts';

const VIEW_WITHIN_MS = 5_000;

/** The platform's API and the gateway in front of it. @returns where the gateway is reached */
export async function startServers(
  cluster: Cluster,
  core: Core,
  world: PlatformWorld,
  lifecycle: Lifecycle,
  { config, log, rateLimits }: PlatformOptions,
): Promise<string> {
  const url = (config.PUBLIC_URL ?? `http://localhost:${config.GATEWAY_PORT}`).replace(/\/+$/, '');
  const tokens = new JoseTokens(derivedKey(cluster.directory.masterKey, 'owner-access-tokens'), core.clock);
  const api = createServer({
    name: 'platform-api',
    port: config.PLATFORM_PORT,
    portVariable: 'PLATFORM_PORT',
    endpoints: [
      ...ownerEndpoints(ownerDependencies(cluster, core, tokens, rateLimits)),
      ...projectRoutes(cluster, core, world, url, config),
    ],
    authenticate: bearerAuthentication(tokens),
    log,
    ready: readiness(cluster, core),
    metrics: new Metrics(),
    docs: { title: 'LaunchDB platform API', version: '1' },
    // the gateway: it tells whose request it passes on
    trustedProxies: ['127.0.0.1', '::1'],
  });
  await lifecycle.start({
    name: 'platform-api',
    start: () => api.start(),
    stop: () => api.stop(),
    stopWithinMs: 12_000,
  });
  const gateway = new Gateway({
    port: config.GATEWAY_PORT,
    platform: { host: '127.0.0.1', port: config.PLATFORM_PORT },
    dataApis: world.dataApis,
    projectState: async (id) => (await findProject(core.pool, id))?.status ?? 'unknown',
    log,
  });
  await lifecycle.start({
    name: 'gateway',
    start: () => gateway.start(),
    stop: () => gateway.stop(5_000),
    stopWithinMs: 6_000,
  });
  return url;
}

function ownerDependencies(
  { directory }: Cluster,
  { store, ids, clock, pool }: Core,
  tokens: JoseTokens,
  rateLimits: MemoryRateLimitOptions = {},
) {
  return {
    store,
    ids,
    clock,
    tokens,
    accounts: new PostgresOwnerAccounts(pool),
    vault: new AesEmailVault(derivedKey(directory.masterKey, 'owner-vault')),
    passwords: new Argon2Passwords(),
    limits: new MemoryRateLimits(rateLimits),
  };
}

function projectRoutes(
  cluster: Cluster,
  core: Core,
  world: PlatformWorld,
  publicUrl: string,
  config: Config,
) {
  const { store, checkpoints } = core;
  const shown = async (view: string, position: bigint) => {
    await checkpoints.waitFor(view, position, VIEW_WITHIN_MS);
  };
  const projects = {
    ...core,
    migrations: world.migrations,
    waitForList: (position: bigint) => shown(projectList.name, position),
  };
  const access = {
    ...core,
    dataApis: world.dataApis,
    sql: new PostgresProjectSql(cluster.server),
    publicUrl,
    database: cluster.server.address,
    pooler: cluster.pools.enabled ? { host: '127.0.0.1', port: config.PGBOUNCER_PORT } : undefined,
  };
  const history = { ...core, waitForView: async (view: string) => shown(view, await store.head()) };
  return [
    ...projectEndpoints(projects),
    ...projectCommandEndpoints(projects),
    ...projectAccessEndpoints(access),
    ...projectHistoryEndpoints(history),
  ];
}

const readiness =
  ({ server }: Cluster, { store }: Core) =>
  async () => {
    const asked = async (question: Promise<unknown>) =>
      question.then(
        () => 'ok',
        () => 'does not answer',
      );
    return {
      postgres: await asked(server.administer('ask', (client) => client.query('SELECT 1'))),
      log: await asked(store.head()),
    };
  };
