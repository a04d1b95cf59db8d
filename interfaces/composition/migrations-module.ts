/** The template's migrations: of this process, with the service in front of them, or asked for from afar. */
import { ContainerModule } from 'inversify';
import { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import { RemoteMigrations } from '../../infrastructure/internal-client/remote-migrations.ts';
import { migrationsByServer } from '../../infrastructure/postgres/by-server.ts';
import { PostgresMigrations } from '../../infrastructure/postgres/postgres-migrations.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { migrationsEndpoints } from '../migrations/migrations-endpoints.ts';
import { readiness } from './platform-api-module.ts';
import { internalAuthentication } from '../http/internal-endpoints.ts';
import { byServer } from './projects-servers.ts';
import { serverPart } from './server-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const remoteMigrationsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.migrations).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        machine: TOKENS.machine,
        tracing: TOKENS.tracing,
      },
      ({ config: { MIGRATIONS_URL: url }, internalKeys: [internalKey], machine: { template }, tracing }) =>
        new RemoteMigrations(
          new InternalClient({ url, internalKey, service: 'migrations', tracing }),
          template.version,
        ),
    ),
  );
});

export const localMigrationsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.migrations).toResolvedValue(
    (servers, serverOf, { template: { folder, version } }) => {
      const make = (server: PostgresServer) => new PostgresMigrations(server, version, folder);
      return migrationsByServer(byServer(servers, serverOf, make), version);
    },
    [TOKENS.projectsServers, TOKENS.serverOf, TOKENS.machine],
  );
  bind(PARTS.migrations).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        store: TOKENS.store,
        migrations: TOKENS.migrations,
        projects: TOKENS.projectsServers,
        platform: TOKENS.platformServer,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({
        config: { MIGRATIONS_PORT, LISTEN_HOST },
        internalKeys,
        store,
        migrations,
        projects,
        platform,
        log,
        metrics,
        tracing,
      }) =>
        serverPart({
          name: 'migrations',
          port: MIGRATIONS_PORT,
          portVariable: 'MIGRATIONS_PORT',
          host: LISTEN_HOST,
          endpoints: migrationsEndpoints({ store, migrations }),
          authenticate: internalAuthentication(internalKeys),
          log,
          ready: readiness(projects, platform, store),
          metrics,
          tracing,
        }),
    ),
  );
});
