/** What steps act upon. The pooler's entries and REST APIs are the manager's: here, or asked for from afar. */
import { ContainerModule } from 'inversify';
import { handle } from '../../application/handle.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Ids } from '../../application/ports/ids.ts';
import { serverOfProject } from '../../application/project/server-of-project.ts';
import type { World } from '../../application/desired/world.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { projectNameDecider, projectNameStream } from '../../domain/project/project-name.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import {
  databasesByServer,
  schemaChangesByServer,
  sizesByServer,
} from '../../infrastructure/postgres/by-server.ts';
import { PostgresDatabaseSizes } from '../../infrastructure/postgres/postgres-database-sizes.ts';
import { PostgresSchemaChanges } from '../../infrastructure/postgres/postgres-schema-changes.ts';
import { PostgresDatabases } from '../../infrastructure/postgres/postgres-databases.ts';
import { diskSizeMb } from '../../infrastructure/process/disk-size.ts';
import type { Config } from '../config.ts';
import { byServer } from './projects-servers.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

export const dataPlaneModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.serverOf).toResolvedValue(serverOfProject, [TOKENS.store]);
  bind(TOKENS.place).toConstantValue(() => MAIN_SERVER);
  bind(TOKENS.databases).toResolvedValue(
    (servers, serverOf, logins) =>
      databasesByServer(byServer(servers, serverOf, (server) => new PostgresDatabases(server, logins))),
    [TOKENS.projectsServers, TOKENS.serverOf, TOKENS.projectLogins],
  );
  bind(TOKENS.databaseSizes).toResolvedValue(
    (servers, serverOf) =>
      sizesByServer(byServer(servers, serverOf, (server) => new PostgresDatabaseSizes(server))),
    [TOKENS.projectsServers, TOKENS.serverOf],
  );
  bind(TOKENS.schemaChanges).toResolvedValue(
    (servers, serverOf) =>
      schemaChangesByServer(byServer(servers, serverOf, (server) => new PostgresSchemaChanges(server))),
    [TOKENS.projectsServers, TOKENS.serverOf],
  );
  bind(TOKENS.projectSizeMb).toResolvedValue(projectSizeMb, [TOKENS.config]);
  bind(TOKENS.internalKeys).toResolvedValue(
    ({ INTERNAL_API_KEY }, { directory }) =>
      INTERNAL_API_KEY ?? [derivedPassword(directory.masterKey, 'internal-api-key')],
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.world).toResolvedValue(
    ...needs(
      {
        databases: TOKENS.databases,
        migrations: TOKENS.migrations,
        pools: TOKENS.pools,
        dataApis: TOKENS.dataApis,
        secrets: TOKENS.secrets,
        logins: TOKENS.projectLogins,
        files: TOKENS.projectFiles,
        store: TOKENS.store,
        ids: TOKENS.ids,
        config: TOKENS.config,
      },
      ({ store, ids, config, ...world }): World => ({
        ...world,
        route: config.DATA_API_ROUTE,
        releaseName: releaseName(store, ids),
      }),
    ),
  );
});

/** how many projects fill the disk at the least */
const SHARES_OF_DISK = 5;

/** Where PostgreSQL is ours we see its disk, and nobody shall fill it alone. */
async function projectSizeMb({
  PROJECT_DATABASE_SIZE_MB: given,
  DATABASE_URL,
  LAUNCHDB_DATA_DIR,
}: Config): Promise<number> {
  if (given !== undefined) return given;
  return DATABASE_URL === undefined ? Math.floor((await diskSizeMb(LAUNCHDB_DATA_DIR)) / SHARES_OF_DISK) : 0;
}

const releaseName =
  (store: EventStore, ids: Ids): World['releaseName'] =>
  async ({ id, requestedAs, ownerId, name }) => {
    const metadata = {
      correlationId: id,
      causationId: null,
      actor: { kind: 'process', id: 'purge' },
      reason: 'purge: release-name',
    } as const;
    const holder = { projectId: id, ...(requestedAs !== id && { requestedAs }) };
    const command = { kind: 'FreeName', holder } as const;
    await handle({ store, ids }, projectNameDecider, projectNameStream(ownerId, name), command, metadata);
  };
