/** Steps that more than one process has. */
import type { ProjectEvent } from '../../domain/project/events.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { roleOf } from '../../domain/project/project-logins.ts';
import { dataApiOf, poolOf, standingOf } from '../desired/desired-project.ts';
import type { World } from '../desired/world.ts';
import type { ProjectStep } from './project-process.ts';

/** of steps that have more to wait for than the default allows */
export const SLOW_MS = 30_000;

/** Which logins, and within which bounds: what the adapters that make and grant them are told. */
export function loginsOf(world: World, project: ExistingProject) {
  const { logins, bounds } = standingOf(world, project);
  return [project.id, logins, bounds] as const;
}

/** The project's logins as it says they shall be. */
export const ensureLogins = (world: World, project: ExistingProject, signal: AbortSignal): Promise<void> =>
  world.databases.ensureUsers(...loginsOf(world, project), signal);

/** What is recorded when they are there. */
export const loginsMade = (world: World, { id, secrets }: ExistingProject): ProjectEvent => {
  const { logins } = world.secrets.open(id, secrets);
  const made = world.logins.filter(({ name }) => logins[name]);
  return { type: 'DatabaseUsersCreated', data: { roles: made.map((row) => roleOf(id, row)) } };
};

/** Also when a project comes back: whatever became of its logins meanwhile, they are as they should be. */
export const createDatabaseUsers = (world: World): ProjectStep => ({
  name: 'create-database-users',
  text: 'Make its logins and set their limits',
  records: 'DatabaseUsersCreated',
  async do(project, signal) {
    await ensureLogins(world, project, signal);
    return loginsMade(world, project);
  },
  undo: { records: 'DatabaseUsersRemoved', run: ({ id }, signal) => world.databases.removeUsers(id, signal) },
});

/** To the version that it was asked to be upgraded to, or else to the one that it was made with. */
export const migrateSchema = (world: World): ProjectStep => ({
  name: 'migrate-schema',
  text: "Bring the platform's part of the database to its version",
  records: 'SchemaMigrated',
  timeoutMs: SLOW_MS,
  async do({ id, templateVersion, upgrade }, signal) {
    const version = upgrade?.to ?? templateVersion;
    await world.migrations.migrate(id, version, signal);
    return { type: 'SchemaMigrated', data: { version } };
  },
});

export const registerPool = (world: World): ProjectStep => ({
  name: 'register-pool',
  text: 'Add the database to the connection pooler',
  records: 'PoolRegistered',
  async do(project, signal) {
    await world.pools.register(poolOf(world, project), signal);
    return { type: 'PoolRegistered', data: {} };
  },
  undo: { records: 'PoolUnregistered', run: ({ id }, signal) => world.pools.unregister(id, signal) },
});

export const spawnPostgrest = (world: World): ProjectStep => ({
  name: 'spawn-postgrest',
  text: 'Start its REST API',
  records: 'PostgrestSpawned',
  timeoutMs: SLOW_MS,
  async do(project, signal) {
    await world.dataApis.ensure(dataApiOf(world, project), signal);
    return { type: 'PostgrestSpawned', data: {} };
  },
  undo: { records: 'PostgrestRemoved', run: ({ id }, signal) => world.dataApis.remove(id, signal) },
});

export const removePostgrest = (world: World): ProjectStep => ({
  name: 'remove-postgrest',
  text: 'Stop its REST API',
  records: 'PostgrestRemoved',
  timeoutMs: SLOW_MS,
  async do(project, signal) {
    await world.dataApis.remove(project.id, signal);
    return { type: 'PostgrestRemoved', data: {} };
  },
});

/** Nobody's request is cut off: one that takes long keeps the project awake. */
export const retirePostgrest = (world: World): ProjectStep => ({
  name: 'retire-postgrest',
  text: 'Stop its REST API when no request is under way',
  records: 'PostgrestRemoved',
  timeoutMs: SLOW_MS,
  async do(project, signal) {
    const retired = await world.dataApis.retire(project.id, signal);
    return { type: retired ? 'PostgrestRemoved' : 'ProjectKeptAwake', data: {} };
  },
});

export const unregisterPool = (world: World): ProjectStep => ({
  name: 'unregister-pool',
  text: 'Take the database out of the connection pooler',
  records: 'PoolUnregistered',
  async do(project, signal) {
    await world.pools.unregister(project.id, signal);
    return { type: 'PoolUnregistered', data: {} };
  },
});

export const openDatabase = (world: World): ProjectStep => ({
  name: 'open-database',
  text: 'Open the database to connections',
  records: 'DatabaseOpened',
  async do(project, signal) {
    await world.databases.allowConnections(project.id, signal);
    return { type: 'DatabaseOpened', data: {} };
  },
});

export const closeDatabase = (world: World): ProjectStep => ({
  name: 'close-database',
  text: 'Close the database and end its open connections',
  records: 'DatabaseClosed',
  async do(project, signal) {
    await world.databases.refuseConnections(project.id, signal);
    return { type: 'DatabaseClosed', data: {} };
  },
});

/** The last step of a process that brings a project up: the outcome is said only after its REST API answered. */
export const verifyDataApi = (
  world: World,
  records: 'ProjectActivated' | 'SparePrepared' | 'ProjectResumed' | 'ProjectUndeleted' | 'ProjectWoken',
): ProjectStep => ({
  name: 'verify-data-api',
  text: 'Wait until the REST API answers',
  records,
  quick: true,
  async do(project, signal) {
    await world.dataApis.probe(project.id, signal);
    return { type: records, data: {} };
  },
});

/** With every session that is in it. */
export const dropDatabase = (world: World): ProjectStep => ({
  name: 'drop-database',
  text: 'Drop the database with everything in it',
  records: 'DatabaseDropped',
  timeoutMs: SLOW_MS,
  async do({ id }, signal) {
    await world.databases.dropDatabase(id, signal);
    return { type: 'DatabaseDropped', data: {} };
  },
});

export const removeDatabaseUsers = (world: World): ProjectStep => ({
  name: 'remove-database-users',
  text: 'Remove its logins',
  records: 'DatabaseUsersRemoved',
  async do({ id }, signal) {
    await world.databases.removeUsers(id, signal);
    return { type: 'DatabaseUsersRemoved', data: {} };
  },
});

/** The last step of a process that takes things away: by now nothing is left to do but to say so. */
export const conclude = (
  name: string,
  text: string,
  records: 'ProjectPaused' | 'ProjectSlept' | 'ProjectDeleted' | 'ProjectPurged' | 'DatabasePasswordInForce',
): ProjectStep => ({
  name,
  text,
  records,
  quick: true,
  do: () => Promise.resolve({ type: records, data: {} }),
});
