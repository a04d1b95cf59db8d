import { ContainerModule } from 'inversify';
import { ownerMigrationsByServer } from '../../infrastructure/postgres/by-server.ts';
import {
  checksumOf,
  PostgresOwnerMigrations,
} from '../../infrastructure/postgres/postgres-owner-migrations.ts';
import { migrationEndpoints } from '../platform-api/migrations.ts';
import { byServer } from './projects-servers.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

export const migrationRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.ownerMigrations).toResolvedValue(
    (servers, serverOf) =>
      ownerMigrationsByServer(
        byServer(servers, serverOf, (server) => new PostgresOwnerMigrations(server)),
        checksumOf,
      ),
    [TOKENS.projectsServers, TOKENS.serverOf],
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        secrets: TOKENS.secrets,
        dataApis: TOKENS.dataApis,
        ownerMigrations: TOKENS.ownerMigrations,
      },
      ({ store, ids, secrets, dataApis, ownerMigrations }) =>
        migrationEndpoints({ store, ids, secrets, dataApis, ownerMigrations }),
    ),
  );
});
