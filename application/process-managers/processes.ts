/** The processes that take an existing project down, bring it back, change or remove it. */
import { boundsOf } from '../../domain/project/limits.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { dataApiOf, poolOf } from '../desired/desired-project.ts';
import type { World } from '../desired/world.ts';
import {
  projectAggregate,
  projectProcess,
  type ProjectHost,
  type ProjectProcess,
} from './project-process.ts';
import { prepareSpare, provisionProject } from './provision-project.ts';
import {
  closeDatabase,
  conclude,
  createDatabaseUsers,
  dropDatabase,
  ensureLogins,
  migrateSchema,
  openDatabase,
  registerPool,
  removeDatabaseUsers,
  removePostgrest,
  retirePostgrest,
  SLOW_MS,
  spawnPostgrest,
  unregisterPool,
  verifyDataApi,
} from './steps.ts';

const DAY_MS = 24 * 3_600_000;

const pauseProject = (world: World): ProjectProcess =>
  projectProcess('pause', [
    removePostgrest(world),
    unregisterPool(world),
    closeDatabase(world),
    conclude('conclude-pause', 'Record that it is paused', 'ProjectPaused'),
  ]);

const resumeProject = (world: World): ProjectProcess =>
  projectProcess('resume', [
    openDatabase(world),
    createDatabaseUsers(world),
    { ...registerPool(world), beside: true },
    spawnPostgrest(world),
    verifyDataApi(world, 'ProjectResumed'),
  ]);

/** Database, logins and pool entry stay: who connects directly notices nothing. */
const sleepProject = (world: World): ProjectProcess =>
  projectProcess('sleep', [
    retirePostgrest(world),
    conclude('conclude-sleep', 'Record that it sleeps', 'ProjectSlept'),
  ]);

/** Somebody waits for this one: no step but what a REST API needs. */
const wakeProject = (world: World): ProjectProcess =>
  projectProcess('wake', [spawnPostgrest(world), verifyDataApi(world, 'ProjectWoken')]);

/** Takes the project out of service and keeps its data for the retention. */
const deleteProject = (world: World): ProjectProcess =>
  projectProcess('delete', [
    removePostgrest(world),
    unregisterPool(world),
    closeDatabase(world),
    conclude('conclude-deletion', 'Record that it is deleted, with its data kept', 'ProjectDeleted'),
  ]);

const undeleteProject = (world: World): ProjectProcess =>
  projectProcess('undelete', [
    openDatabase(world),
    createDatabaseUsers(world),
    { ...registerPool(world), beside: true },
    spawnPostgrest(world),
    verifyDataApi(world, 'ProjectUndeleted'),
  ]);

/** Leaves nothing of the project but its events. */
const purgeProject = (world: World): ProjectProcess =>
  projectProcess('purge', [
    removePostgrest(world),
    unregisterPool(world),
    dropDatabase(world),
    {
      // when no row can be written any more that would name one
      name: 'remove-files',
      text: 'Remove its files',
      records: 'ProjectFilesRemoved',
      // there may be millions
      timeoutMs: Infinity,
      deadlineMs: DAY_MS,
      async do({ id }, signal) {
        await world.files.removeAll(id, signal);
        return { type: 'ProjectFilesRemoved', data: {} };
      },
    },
    removeDatabaseUsers(world),
    {
      name: 'release-name',
      text: 'Free its name',
      records: 'ProjectNameReleased',
      async do(project) {
        await world.releaseName(project);
        return { type: 'ProjectNameReleased', data: {} };
      },
    },
    conclude('conclude-purge', 'Record that only its history is left', 'ProjectPurged'),
  ]);

/** Nobody has put anything into it: there are no files, and no name. */
const giveUpSpare = (world: World): ProjectProcess =>
  projectProcess('give-up-spare', [
    removePostgrest(world),
    unregisterPool(world),
    dropDatabase(world),
    removeDatabaseUsers(world),
    conclude('conclude-purge', 'Record that only its history is left', 'ProjectPurged'),
  ]);

const applySettings = (world: World): ProjectProcess =>
  projectProcess('apply-settings', [
    {
      name: 'reload-postgrest',
      text: 'Have the REST API read its settings again',
      records: 'PostgrestReloaded',
      timeoutMs: SLOW_MS,
      async do(project, signal) {
        // the entry leaves room for those of its REST API that do not come by it; it costs nothing where that stays as it is
        await world.pools.register(poolOf(world, project), signal);
        // one that sleeps wakes with what is true then
        if (project.resources.postgrest) await world.dataApis.ensure(dataApiOf(world, project), signal);
        return { type: 'PostgrestReloaded', data: {} };
      },
    },
  ]);

/** The old password is good until the first step, the new one from the second on, also through the pooler. */
const changePassword = (world: World): ProjectProcess =>
  projectProcess('change-password', [
    {
      name: 'change-database-password',
      text: 'Set the new password in PostgreSQL',
      records: 'DatabasePasswordChanged',
      async do(project, signal) {
        await ensureLogins(world, project, signal);
        return { type: 'DatabasePasswordChanged', data: {} };
      },
    },
    registerPool(world),
    conclude(
      'conclude-password-change',
      'Record that the new password is in force',
      'DatabasePasswordInForce',
    ),
  ]);

/** What a project may use, and whether it may write: first for whoever connects, then for its REST API. */
const applyLimits = (world: World): ProjectProcess =>
  projectProcess('apply-limits', [
    {
      name: 'bound-database-users',
      text: 'Give its logins their limits',
      records: 'DatabaseUsersBounded',
      async do(project, signal) {
        await ensureLogins(world, project, signal);
        await world.databases.endOwnerSessions(
          project.id,
          isBecomingReadOnly(project) ? 'all' : 'idle',
          signal,
        );
        return { type: 'DatabaseUsersBounded', data: {} };
      },
    },
    {
      name: 'bound-data-api',
      text: 'Give the REST API its limits',
      records: 'ProjectLimitsInForce',
      timeoutMs: SLOW_MS,
      async do(project, signal) {
        // one that sleeps wakes with what is true then
        if (project.resources.postgrest) await world.dataApis.ensure(dataApiOf(world, project), signal);
        return { type: 'ProjectLimitsInForce', data: {} };
      },
    },
  ]);

/** By this run and no earlier one: what the owner does to get below their limit must not be ended by the next run. */
const isBecomingReadOnly = (project: ExistingProject): boolean =>
  boundsOf(project).readOnly && project.fill?.since.getTime() === project.run?.startedAt.getTime();

/**
 * Nobody notices it: sessions stay, each file is a transaction, and the manager sees by itself that the REST API has
 * to read its tables again. What fails leaves the project as it was.
 */
const upgradeProject = (world: World): ProjectProcess =>
  projectProcess('upgrade', [
    // first, those that come with the version, too: the files may speak of what a release gives to logins
    createDatabaseUsers(world),
    registerPool(world),
    migrateSchema(world),
    {
      name: 'conclude-upgrade',
      text: 'Record its new version',
      records: 'ProjectUpgraded',
      quick: true,
      do: ({ upgrade, templateVersion: to }) =>
        Promise.resolve({ type: 'ProjectUpgraded', data: { from: upgrade?.from ?? to, to } }),
    },
  ]);

export const allProcesses = (world: World): ProjectHost['processes'] => ({
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
  'prepare-spare': prepareSpare(world),
  'give-up-spare': giveUpSpare(world),
});

export const projectHost = (world: World): ProjectHost => ({
  aggregate: projectAggregate,
  processes: allProcesses(world),
});
