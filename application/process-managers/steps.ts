/** Steps that more than one process has. */
import { boundsOf } from '../../domain/project/limits.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { roleOf } from '../../domain/project/project-logins.ts';
import type { Step } from './process.ts';
import { dataApiOf, poolOf } from '../desired/desired-project.ts';
import type { World } from '../desired/world.ts';

export const QUICK_MS = 15_000;
export const SLOW_MS = 30_000;

/** The project's logins as it says they shall be. */
export const ensureLogins = (world: World, project: ExistingProject): Promise<void> =>
  world.databases.ensureUsers(
    project.id,
    world.secrets.open(project.id, project.secrets).logins,
    boundsOf(project),
  );

/** Also when a project comes back: whatever became of its logins meanwhile, they are as they should be. */
export const createDatabaseUsers = (world: World): Step => ({
  name: 'create-database-users',
  records: 'DatabaseUsersCreated',
  timeoutMs: QUICK_MS,
  async do(project) {
    const { id, secrets } = project;
    await ensureLogins(world, project);
    const { logins } = world.secrets.open(id, secrets);
    const made = world.logins.filter(({ name }) => logins[name]);
    return { type: 'DatabaseUsersCreated', data: { roles: made.map((row) => roleOf(id, row)) } };
  },
  undo: { records: 'DatabaseUsersRemoved', run: ({ id }) => world.databases.removeUsers(id) },
});

/** To the version that it was asked to be upgraded to, or else to the one that it was made with. */
export const migrateSchema = (world: World): Step => ({
  name: 'migrate-schema',
  records: 'SchemaMigrated',
  timeoutMs: SLOW_MS,
  async do({ id, templateVersion, upgrade }) {
    const version = upgrade?.to ?? templateVersion;
    await world.migrations.migrate(id, version);
    return { type: 'SchemaMigrated', data: { version } };
  },
  undo: null,
});

export const registerPool = (world: World): Step => ({
  name: 'register-pool',
  records: 'PoolRegistered',
  timeoutMs: QUICK_MS,
  async do(project) {
    await world.pools.register(poolOf(world, project));
    return { type: 'PoolRegistered', data: {} };
  },
  undo: { records: 'PoolUnregistered', run: (project) => world.pools.unregister(project.id) },
});

export const spawnPostgrest = (world: World): Step => ({
  name: 'spawn-postgrest',
  records: 'PostgrestSpawned',
  timeoutMs: SLOW_MS,
  async do(project) {
    await world.dataApis.ensure(dataApiOf(world.secrets, project));
    return { type: 'PostgrestSpawned', data: {} };
  },
  undo: { records: 'PostgrestRemoved', run: (project) => world.dataApis.remove(project.id) },
});

export const removePostgrest = (world: World): Step => ({
  name: 'remove-postgrest',
  records: 'PostgrestRemoved',
  timeoutMs: SLOW_MS,
  async do(project) {
    await world.dataApis.remove(project.id);
    return { type: 'PostgrestRemoved', data: {} };
  },
  undo: null,
});

/** Nobody's request is cut off: one that takes long keeps the project awake. */
export const retirePostgrest = (world: World): Step => ({
  name: 'retire-postgrest',
  records: 'PostgrestRemoved',
  timeoutMs: SLOW_MS,
  async do(project) {
    const retired = await world.dataApis.retire(project.id);
    return { type: retired ? 'PostgrestRemoved' : 'ProjectKeptAwake', data: {} };
  },
  undo: null,
});

export const unregisterPool = (world: World): Step => ({
  name: 'unregister-pool',
  records: 'PoolUnregistered',
  timeoutMs: QUICK_MS,
  async do(project) {
    await world.pools.unregister(project.id);
    return { type: 'PoolUnregistered', data: {} };
  },
  undo: null,
});

export const openDatabase = (world: World): Step => ({
  name: 'open-database',
  records: 'DatabaseOpened',
  timeoutMs: QUICK_MS,
  async do(project) {
    await world.databases.allowConnections(project.id);
    return { type: 'DatabaseOpened', data: {} };
  },
  undo: null,
});

export const closeDatabase = (world: World): Step => ({
  name: 'close-database',
  records: 'DatabaseClosed',
  timeoutMs: QUICK_MS,
  async do(project) {
    await world.databases.refuseConnections(project.id);
    return { type: 'DatabaseClosed', data: {} };
  },
  undo: null,
});

/** The last step of a process that brings a project up: the outcome is said only after its REST API answered. */
export const verifyDataApi = (
  world: World,
  records: 'ProjectActivated' | 'ProjectResumed' | 'ProjectUndeleted' | 'ProjectWoken',
): Step => ({
  name: 'verify-data-api',
  records,
  timeoutMs: QUICK_MS,
  async do(project) {
    await world.dataApis.probe(project.id);
    return { type: records, data: {} };
  },
  undo: null,
});

/** The last step of a process that takes things away: by now nothing is left to do but to say so. */
export const conclude = (
  name: string,
  records: 'ProjectPaused' | 'ProjectSlept' | 'ProjectDeleted' | 'ProjectPurged' | 'DatabasePasswordInForce',
): Step => ({
  name,
  records,
  timeoutMs: QUICK_MS,
  do: () => Promise.resolve({ type: records, data: {} }),
  undo: null,
});
