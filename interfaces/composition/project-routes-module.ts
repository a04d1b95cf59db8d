import { ContainerModule } from 'inversify';
import type { ProcessName } from '../../domain/project/events.ts';
import { MAIN_SERVER, type ServerName } from '../../domain/project/server-name.ts';
import { sqlByServer } from '../../infrastructure/postgres/by-server.ts';
import { PostgresProjectSql } from '../../infrastructure/postgres/postgres-project-sql.ts';
import { PostgresMeasuredSizes } from '../../infrastructure/postgres/postgres-measured-sizes.ts';
import { readingPool } from '../../infrastructure/postgres/reading-pool.ts';
import { RecentAccesses } from '../../application/project/recent-accesses.ts';
import { LogVerification } from '../../application/audit-log.ts';
import { auditTrail } from '../../projections/audit-trail/audit-trail.ts';
import { furthestCheckpoint } from '../../projections/checkpoints.ts';
import { usualTimes } from '../../projections/process-runs/usual-times.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import { auditEndpoints } from '../platform-api/audit.ts';
import { projectAccessEndpoints, type ClientsPlace } from '../platform-api/project-access.ts';
import { projectMailboxEndpoints } from '../platform-api/project-mailbox.ts';
import { projectAuthEndpoints } from '../platform-api/project-auth.ts';
import { projectStorageEndpoints } from '../platform-api/project-storage.ts';
import { projectExtensionsEndpoints } from '../platform-api/project-extensions.ts';
import { projectHistoryEndpoints } from '../platform-api/project-history.ts';
import { projectPastEndpoints } from '../platform-api/project-past.ts';
import { ProjectBodies } from '../platform-api/project-view.ts';
import { serviceTokenEndpoints } from '../platform-api/service-token.ts';
import { projectCommandEndpoints } from '../platform-api/project-commands.ts';
import { projectEndpoints } from '../platform-api/projects.ts';
import { signingKeyEndpoints } from '../platform-api/signing-keys.ts';
import { byServer, type ProjectsServers } from './projects-servers.ts';
import { hasDirectRoute, type Config } from '../config.ts';
import { needs } from './needs.ts';
import { processes } from './process-table.ts';
import { TOKENS } from './tokens.ts';

const LIST_WITHIN_MS = 250;
const VIEW_WITHIN_MS = 5_000;
const RUNS = 'process-runs';
const RUNS_WITHIN_MS = 2_000;

/** What the operator says of the outside; otherwise where the platform itself reaches it. */
const toldPlace = (said: ClientsPlace | null | undefined, own: ClientsPlace | null): ClientsPlace | null =>
  said === undefined ? own : said;

/** What the operator says is said of the server that DATABASE_URL names: of others nobody has told. */
function databasePlace(
  servers: ProjectsServers,
  { PUBLIC_DATABASE_URL: said }: Config,
  name: ServerName,
): ClientsPlace | null {
  const own = servers.get(name)?.address ?? null;
  return toldPlace(name === MAIN_SERVER || said === undefined ? said : null, own);
}

export const projectRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.publicUrl).toResolvedValue(
    ({ PUBLIC_URL, GATEWAY_PORT }) => (PUBLIC_URL ?? `http://localhost:${GATEWAY_PORT}`).replace(/\/+$/, ''),
    [TOKENS.config],
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        secrets: TOKENS.secrets,
        migrations: TOKENS.migrations,
        watch: TOKENS.watch,
        pool: TOKENS.platformPool,
        checkpoints: TOKENS.checkpoints,
        admissions: TOKENS.admissions,
        sizes: TOKENS.databaseSizes,
        sizeMb: TOKENS.projectSizeMb,
        schemas: TOKENS.schemaChanges,
        files: TOKENS.projectFiles,
        place: TOKENS.place,
        capacity: TOKENS.capacity,
        spares: TOKENS.spares,
        usage: TOKENS.projectUsage,
        config: TOKENS.config,
      },
      ({ pool, checkpoints, sizes, sizeMb, files, capacity, usage, config, ...given }) => {
        const { store, clock, admissions, schemas } = given;
        const waitForList = async (position: bigint) =>
          void (await checkpoints.waitFor(projectList.name, position, VIEW_WITHIN_MS));
        const untilListIsNew = async () => {
          // an older list is better than none
          const head = await store.head().catch(() => 0n);
          await checkpoints.waitFor(projectList.name, head, LIST_WITHIN_MS).catch(() => {});
        };
        const bodies = new ProjectBodies({
          sizes,
          measured: new PostgresMeasuredSizes(pool),
          used: usage,
          platformSizeMb: sizeMb,
          schemas,
          files,
        });
        const views = readingPool(pool);
        const usual = async (process: ProcessName) => {
          // what has just ended here is among them; a plan without times is better than none
          await checkpoints.waitFor(RUNS, await store.head(), RUNS_WITHIN_MS).catch(() => {});
          return usualTimes(views, process);
        };
        const plans = { store, clock, admissions, capacity, processes, usual };
        const made = { waitForList, untilListIsNew, bodies, plans, hasDirectRoute: hasDirectRoute(config) };
        const dependencies = { ...given, ...made, pool: views };
        return [...projectEndpoints(dependencies), ...projectCommandEndpoints(dependencies)];
      },
    ),
  );
});

/** What is in a project, and what happened to it. */
export const accessRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        watch: TOKENS.watch,
        secrets: TOKENS.secrets,
        dataApis: TOKENS.dataApis,
        pooler: TOKENS.pooler,
        servers: TOKENS.projectsServers,
        serverOf: TOKENS.serverOf,
        publicUrl: TOKENS.publicUrl,
        config: TOKENS.config,
      },
      ({ store, ids, clock, watch, secrets, dataApis, pooler, servers, serverOf, publicUrl, config }) => {
        const recorded = { store, ids, clock, secrets, recent: new RecentAccesses(clock) };
        const access = projectAccessEndpoints({
          ...recorded,
          watch,
          dataApis,
          sql: sqlByServer(byServer(servers, serverOf, (server) => new PostgresProjectSql(server))),
          publicUrl,
          database: (name) => databasePlace(servers, config, name),
          pooler: toldPlace(config.PUBLIC_POOLER_URL, pooler ?? null),
        });
        return [...access, ...serviceTokenEndpoints(recorded)];
      },
    ),
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        watch: TOKENS.watch,
        pool: TOKENS.platformPool,
        checkpoints: TOKENS.checkpoints,
        clock: TOKENS.clock,
        vault: TOKENS.authSecretVault,
        platformSizeMb: TOKENS.projectSizeMb,
      },
      ({ store, watch, pool, checkpoints, clock, vault, platformSizeMb }) => {
        const waitForView = async (view: string) => {
          await checkpoints.waitFor(view, await store.head(), VIEW_WITHIN_MS);
        };
        const verification = new LogVerification(store, () => furthestCheckpoint(pool));
        const views = readingPool(pool);
        const waitForTrail = () => waitForView(auditTrail.name);
        return [
          ...projectPastEndpoints({ store, clock, vault, pool: views, platformSizeMb, waitForTrail }),
          ...projectHistoryEndpoints({ store, watch, pool: views, processes, waitForView }),
          ...auditEndpoints({ store, pool: views, verification, waitForTrail }),
        ];
      },
    ),
  );
});

export const signingKeyRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.routes).toResolvedValue(
    (store, ids, clock, watch, signingKeys) => signingKeyEndpoints({ store, ids, clock, watch, signingKeys }),
    [TOKENS.store, TOKENS.ids, TOKENS.clock, TOKENS.watch, TOKENS.signingKeys],
  );
});

export const extensionRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.routes).toResolvedValue(
    (store, connections, allowedExtensions) =>
      projectExtensionsEndpoints({ store, connections, allowedExtensions }),
    [TOKENS.store, TOKENS.tenantConnections, TOKENS.allowedExtensions],
  );
});

export const storageSettingsRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        s3Keys: TOKENS.s3Keys,
        limits: TOKENS.storageLimits,
        publicUrl: TOKENS.publicUrl,
      },
      projectStorageEndpoints,
    ),
  );
});

export const authSettingsRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        vault: TOKENS.authSecretVault,
        publicUrl: TOKENS.publicUrl,
      },
      projectAuthEndpoints,
    ),
  );
  bind(TOKENS.routes).toResolvedValue(
    (store, mailOutbox) => projectMailboxEndpoints({ store, mailOutbox }),
    [TOKENS.store, TOKENS.mailOutbox],
  );
});
