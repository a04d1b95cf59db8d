/** The processes that take an existing project down, bring it back, change or remove it. */
import type { ProcessName } from '../../domain/project/events.ts';
import { boundsOf } from '../../domain/project/limits.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { Process } from './process.ts';
import { provisionProject } from './provision-project.ts';
import {
  closeDatabase,
  conclude,
  createDatabaseUsers,
  ensureLogins,
  migrateSchema,
  openDatabase,
  QUICK_MS,
  registerPool,
  removePostgrest,
  retirePostgrest,
  SLOW_MS,
  spawnPostgrest,
  unregisterPool,
  verifyDataApi,
} from './steps.ts';
import { dataApiOf } from '../desired/desired-project.ts';
import type { World } from '../desired/world.ts';

export const pauseProject = (world: World): Process => ({
  name: 'pause',
  startedBy: ['ProjectPauseRequested'],
  steps: [
    removePostgrest(world),
    unregisterPool(world),
    closeDatabase(world),
    conclude('conclude-pause', 'ProjectPaused'),
  ],
});

export const resumeProject = (world: World): Process => ({
  name: 'resume',
  startedBy: ['ProjectResumeRequested'],
  steps: [
    openDatabase(world),
    createDatabaseUsers(world),
    registerPool(world),
    spawnPostgrest(world),
    verifyDataApi(world, 'ProjectResumed'),
  ],
});

/** Database, logins and pool entry stay: who connects directly notices nothing. */
export const sleepProject = (world: World): Process => ({
  name: 'sleep',
  startedBy: ['ProjectSleepRequested'],
  steps: [retirePostgrest(world), conclude('conclude-sleep', 'ProjectSlept')],
});

/** Somebody waits for this one: no step but what a REST API needs. */
export const wakeProject = (world: World): Process => ({
  name: 'wake',
  startedBy: ['ProjectWakeRequested'],
  steps: [spawnPostgrest(world), verifyDataApi(world, 'ProjectWoken')],
});

/** Takes the project out of service and keeps its data for the retention. */
export const deleteProject = (world: World): Process => ({
  name: 'delete',
  startedBy: ['ProjectDeletionRequested'],
  steps: [
    removePostgrest(world),
    unregisterPool(world),
    closeDatabase(world),
    conclude('conclude-deletion', 'ProjectDeleted'),
  ],
});

export const undeleteProject = (world: World): Process => ({
  name: 'undelete',
  startedBy: ['ProjectUndeleteRequested'],
  steps: [
    openDatabase(world),
    createDatabaseUsers(world),
    registerPool(world),
    spawnPostgrest(world),
    verifyDataApi(world, 'ProjectUndeleted'),
  ],
});

/** Leaves nothing of the project but its events. */
export const purgeProject = (world: World): Process => ({
  name: 'purge',
  startedBy: ['ProjectPurgeRequested'],
  steps: [
    removePostgrest(world),
    unregisterPool(world),
    {
      name: 'drop-database',
      records: 'DatabaseDropped',
      timeoutMs: SLOW_MS,
      async do({ id }) {
        await world.databases.dropDatabase(id);
        return { type: 'DatabaseDropped', data: {} };
      },
      undo: null,
    },
    {
      name: 'remove-database-users',
      records: 'DatabaseUsersRemoved',
      timeoutMs: QUICK_MS,
      async do({ id }) {
        await world.databases.removeUsers(id);
        return { type: 'DatabaseUsersRemoved', data: {} };
      },
      undo: null,
    },
    {
      name: 'release-name',
      records: 'ProjectNameReleased',
      timeoutMs: QUICK_MS,
      async do(project) {
        await world.releaseName(project);
        return { type: 'ProjectNameReleased', data: {} };
      },
      undo: null,
    },
    conclude('conclude-purge', 'ProjectPurged'),
  ],
});

export const applySettings = (world: World): Process => ({
  name: 'apply-settings',
  startedBy: ['DataApiSettingsChanged', 'JwtSecretRotated', 'PreviousJwtSecretRetired'],
  steps: [
    {
      name: 'reload-postgrest',
      records: 'PostgrestReloaded',
      timeoutMs: SLOW_MS,
      async do(project) {
        await world.dataApis.ensure(dataApiOf(world.secrets, project));
        return { type: 'PostgrestReloaded', data: {} };
      },
      undo: null,
    },
  ],
});

/** The old password is good until the first step, the new one from the second on, also through the pooler. */
export const changePassword = (world: World): Process => ({
  name: 'change-password',
  startedBy: ['DatabasePasswordRotated'],
  steps: [
    {
      name: 'change-database-password',
      records: 'DatabasePasswordChanged',
      timeoutMs: QUICK_MS,
      async do(project) {
        await ensureLogins(world, project);
        return { type: 'DatabasePasswordChanged', data: {} };
      },
      undo: null,
    },
    registerPool(world),
    conclude('conclude-password-change', 'DatabasePasswordInForce'),
  ],
});

/** What a project may use, and whether it may write: first for whoever connects, then for its REST API. */
export const applyLimits = (world: World): Process => ({
  name: 'apply-limits',
  startedBy: [
    'ProjectLimitsChanged',
    'DatabaseSizeExceeded',
    'DatabaseSizeOverrun',
    'DatabaseSizeBackWithinLimit',
  ],
  steps: [
    {
      name: 'bound-database-users',
      records: 'DatabaseUsersBounded',
      timeoutMs: QUICK_MS,
      async do(project) {
        await ensureLogins(world, project);
        await world.databases.endOwnerSessions(project.id, isBecomingReadOnly(project) ? 'all' : 'idle');
        return { type: 'DatabaseUsersBounded', data: {} };
      },
      undo: null,
    },
    {
      name: 'bound-data-api',
      records: 'ProjectLimitsInForce',
      timeoutMs: SLOW_MS,
      async do(project) {
        // one that sleeps wakes with what is true then
        if (project.resources.postgrest) await world.dataApis.ensure(dataApiOf(world.secrets, project));
        return { type: 'ProjectLimitsInForce', data: {} };
      },
      undo: null,
    },
  ],
});

/** By this run and no earlier one: what the owner does to get below his limit must not be ended by the next run. */
const isBecomingReadOnly = (project: ExistingProject): boolean =>
  boundsOf(project).readOnly && project.fill?.since.getTime() === project.run?.startedAt.getTime();

/**
 * Nobody notices it: sessions stay, each file is a transaction, and the manager sees by itself that the REST API has
 * to read its tables again. What fails leaves the project as it was.
 */
export const upgradeProject = (world: World): Process => ({
  name: 'upgrade',
  startedBy: ['ProjectUpgradeRequested'],
  steps: [
    // first, those that come with the version, too: the files may speak of what a release gives to logins
    createDatabaseUsers(world),
    registerPool(world),
    migrateSchema(world),
    {
      name: 'conclude-upgrade',
      records: 'ProjectUpgraded',
      timeoutMs: QUICK_MS,
      do: ({ upgrade, templateVersion: to }) =>
        Promise.resolve({ type: 'ProjectUpgraded', data: { from: upgrade?.from ?? to, to } }),
      undo: null,
    },
  ],
  giveUp: ({ upgrade, templateVersion }, step, reason) => ({
    type: 'ProjectUpgradeFailed',
    data: { version: upgrade?.to ?? templateVersion, step, reason },
  }),
});

export const allProcesses = (world: World): Readonly<Record<ProcessName, Process>> => ({
  provision: provisionProject(world),
  pause: pauseProject(world),
  resume: resumeProject(world),
  sleep: sleepProject(world),
  wake: wakeProject(world),
  delete: deleteProject(world),
  undelete: undeleteProject(world),
  purge: purgeProject(world),
  'apply-settings': applySettings(world),
  'change-password': changePassword(world),
  'apply-limits': applyLimits(world),
  upgrade: upgradeProject(world),
});
