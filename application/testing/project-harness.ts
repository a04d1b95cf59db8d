/** For tests: a world in memory, its log, how much of it stands, and projects whose processes are taken to their end. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ExistingProject, ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { AesSecrets } from '../../infrastructure/crypto/aes-secrets.ts';
import { AesSigningKeys } from '../../infrastructure/crypto/aes-signing-keys.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { InMemoryEventStore } from '../../infrastructure/event-store/memory/in-memory-event-store.ts';
import { InMemoryConnectionPools } from '../../infrastructure/pgbouncer/in-memory-connection-pools.ts';
import { InMemoryDatabases } from '../../infrastructure/postgres/in-memory-databases.ts';
import { InMemoryDataApis } from '../../infrastructure/process/in-memory-data-apis.ts';
import { InMemoryProjectFiles } from '../../infrastructure/storage/in-memory-project-files.ts';
import type { ManagedWorld, World } from '../desired/world.ts';
import { handle } from '../handle.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import { JumpingClock, turnsToRest, type Disturbance, type EngineHarness } from './process-properties.ts';
import { loadProject } from '../project/load-project.ts';
import { projectHost } from '../process-managers/processes.ts';

export const secrets = new AesSecrets(randomBytes(32));
export const signingKeys = new AesSigningKeys(randomBytes(32));
export const issued = await secrets.issue();

export function makeHarness() {
  const clock = new JumpingClock();
  const databases = new InMemoryDatabases();
  const pools = new InMemoryConnectionPools();
  const dataApis = new InMemoryDataApis();
  const files = new InMemoryProjectFiles();
  const world: World & ManagedWorld = {
    databases,
    migrations: { latestVersion: 1, migrate: () => Promise.resolve([]) },
    pools,
    dataApis,
    secrets,
    logins: PROJECT_LOGINS,
    route: 'pooler',
    files,
    releaseName: () => Promise.resolve(),
  };
  const store = new InMemoryEventStore({ catalogue: eventCatalogue, now: clock.now });
  return { store, ids: new RandomIds(randomBytes(32)), clock, world, databases, pools, dataApis, files };
}
export type Harness = ReturnType<typeof makeHarness>;

export async function standing({ world, databases }: Harness) {
  return {
    databases: (await world.databases.list()).length,
    users: databases.users.size,
    pools: (await world.pools.list()).length,
    dataApis: (await world.dataApis.list()).length,
  };
}
export const everything = { databases: 1, users: 1, pools: 1, dataApis: 1 };
export const nothing = { databases: 0, users: 0, pools: 0, dataApis: 0 };
/** asleep: everything but what the next request starts */
export const reachable = { databases: 1, users: 1, pools: 1, dataApis: 0 };
export const dataOnly = { databases: 1, users: 1, pools: 0, dataApis: 0 };

export const request = (id: ProjectId, name = 'shop'): ProjectCommand => ({
  kind: 'RequestProject',
  projectId: id,
  ownerId: 'own_test',
  name,
  displayName: 'Shop',
  templateVersion: 1,
  server: 'main',
  secrets: secrets.seal(id, issued),
  dataApi: DEFAULT_DATA_API_SETTINGS,
});

export const requestSpare = (id: ProjectId): ProjectCommand => ({
  kind: 'RequestSpare',
  projectId: id,
  templateVersion: 1,
  server: 'main',
  secrets: secrets.seal(id, issued),
  dataApi: DEFAULT_DATA_API_SETTINGS,
});

export interface ProcessHarness extends EngineHarness {
  readonly world: World;
}

export const METADATA: EventMetadata = {
  correlationId: 'test',
  causationId: null,
  actor: { kind: 'owner', id: 'own_test' },
  reason: 'test',
};

export async function command(harness: EngineHarness, id: ProjectId, asked: ProjectCommand): Promise<void> {
  await handle(harness, projectDecider, projectStream(id), asked, METADATA);
}

/** Takes turns until nothing is left to do, starting over after each crash as a new process would. */
export async function runToRest(
  harness: ProcessHarness,
  id: ProjectId,
  disturbance: Disturbance = {},
): Promise<ExistingProject> {
  await turnsToRest(harness, projectHost(harness.world), projectStream(id), disturbance);
  return stateOf(harness, id);
}

export async function stateOf(harness: EngineHarness, id: ProjectId): Promise<ExistingProject> {
  const loaded = await loadProject(harness.store, id);
  if (!loaded) throw new Error('no such project');
  return loaded.project;
}
