import { ContainerModule } from 'inversify';
import { PostgresOwnerMigrations } from '../../infrastructure/postgres/postgres-owner-migrations.ts';
import { migrationEndpoints } from '../platform-api/migrations.ts';
import { TOKENS } from './tokens.ts';

export const migrationRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.ownerMigrations).toResolvedValue(
    (server) => new PostgresOwnerMigrations(server),
    [TOKENS.projectsServer],
  );
  bind(TOKENS.routes).toResolvedValue(
    (store, ids, secrets, dataApis, ownerMigrations) =>
      migrationEndpoints({ store, ids, secrets, dataApis, ownerMigrations }),
    [TOKENS.store, TOKENS.ids, TOKENS.secrets, TOKENS.dataApis, TOKENS.ownerMigrations],
  );
});
