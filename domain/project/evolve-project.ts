/** The fold: what each event makes of a project. */
import type { Recorded } from '../decider.ts';
import { PLATFORM_LIMITS, type EffectEvent, type ProcessName, type ProjectEvent } from './events.ts';
import { begin, failed, type ProcessRun } from './process-run.ts';
import { traitsOf } from './project-status.ts';
import type { ExistingProject, Project, ProjectStatus, Resources } from './project.ts';

export function evolveProject(state: Project, event: Recorded<ProjectEvent>): Project {
  if (event.type === 'ProjectRequested') return born(event);
  if (state.kind !== 'project') {
    return event.type === 'ProjectRequestAbandoned' ? { kind: 'abandoned' } : state;
  }
  const next: ExistingProject = { ...state, revision: event.revision, updatedAt: event.recordedAt };
  if (isEffect(event)) return standing(next, STANDING[event.type], event);
  if (isLimiting(event)) return { ...next, ...limited(state, event) };
  if (isAboutUpgrade(event)) return { ...next, ...upgraded(state, event) };
  switch (event.type) {
    case 'ProjectRenamed':
      return { ...next, displayName: event.data.displayName };
    case 'ProjectPauseRequested':
    case 'ProjectResumeRequested':
    case 'ProjectSleepRequested':
    case 'ProjectWakeRequested':
    case 'ProjectPurgeRequested':
      return begun(next, BEGINS[event.type], event);
    case 'ProjectDeletionRequested':
      return { ...begun(next, 'delete', event), purgeAfter: new Date(event.data.purgeAfter) };
    case 'ProjectUndeleteRequested':
      return { ...begun(next, 'undelete', event), purgeAfter: null };
    case 'DataApiSettingsChanged':
      return { ...next, dataApi: event.data.dataApi, run: applying(state, event) };
    case 'JwtSecretRotated':
    case 'PreviousJwtSecretRetired':
    case 'DatabasePasswordRotated':
      return { ...next, ...rotated(state, event) };
    case 'PostgrestReloaded':
    case 'DatabasePasswordInForce':
    case 'ProjectLimitsInForce':
      return { ...next, run: null };
    case 'ProjectActivated':
      return { ...next, status: 'active', run: null, activated: true };
    case 'ProjectResumed':
    case 'ProjectSlept':
    case 'ProjectKeptAwake':
    case 'ProjectWoken':
    case 'ProjectUndeleted':
    case 'ProvisioningFailed':
    case 'ProjectPaused':
    case 'ProjectDeleted':
    case 'ProjectPurged':
      return { ...next, status: STATUS_AFTER[event.type], run: null };
    case 'ProjectSuspended':
      return { ...next, status: 'suspended' };
    case 'StepFailed':
      return { ...next, run: failed(state.run, event) };
    case 'StepRetryRequested':
      return retried(next, event);
    case 'DriftDetected':
      return { ...next, drift: [...new Set([...state.drift, event.data.what])] };
    case 'DriftRepaired':
      return { ...next, drift: state.drift.filter((what) => what !== event.data.what) };
    case 'ProjectRequestAbandoned':
      return next;
  }
}

const BEGINS = {
  ProjectPauseRequested: 'pause',
  ProjectResumeRequested: 'resume',
  ProjectSleepRequested: 'sleep',
  ProjectWakeRequested: 'wake',
  ProjectPurgeRequested: 'purge',
} as const satisfies Readonly<Partial<Record<ProjectEvent['type'], ProcessName>>>;

const begun = (project: ExistingProject, process: ProcessName, event: Recorded<ProjectEvent>) => ({
  ...project,
  status: STATUS_DURING[process],
  run: begin(process, event),
});

const STATUS_AFTER = {
  ProjectResumed: 'active',
  ProjectSlept: 'sleeping',
  ProjectKeptAwake: 'active',
  ProjectWoken: 'active',
  ProjectUndeleted: 'active',
  ProvisioningFailed: 'failed',
  ProjectPaused: 'paused',
  ProjectDeleted: 'deleted',
  ProjectPurged: 'purged',
} as const satisfies Readonly<Partial<Record<ProjectEvent['type'], ProjectStatus>>>;

type Standing = Exclude<EffectEvent, { type: 'PostgrestReloaded' }>;

/** What each effect means for what stands outside. */
const STANDING: Readonly<Record<Standing['type'], Partial<Resources>>> = {
  DatabaseCreated: { database: true },
  DatabaseDropped: { database: false },
  DatabaseUsersCreated: { users: true },
  DatabaseUsersRemoved: { users: false },
  DatabasePasswordChanged: {},
  DatabaseUsersBounded: {},
  SchemaMigrated: {},
  DatabaseOpened: {},
  DatabaseClosed: {},
  PoolRegistered: { pool: true },
  PoolUnregistered: { pool: false },
  PostgrestSpawned: { postgrest: true },
  PostgrestRemoved: { postgrest: false },
  ProjectNameReleased: {},
};

const isEffect = (event: Recorded<ProjectEvent>): event is Recorded<Standing> =>
  Object.hasOwn(STANDING, event.type);

function born(event: Recorded<Extract<ProjectEvent, { type: 'ProjectRequested' }>>): ExistingProject {
  const { projectId: id, ...data } = event.data;
  return {
    kind: 'project',
    ...data,
    id,
    status: 'provisioning',
    upgrade: null,
    keysIssuedAt: event.recordedAt,
    previousKeys: null,
    limits: PLATFORM_LIMITS,
    fill: null,
    resources: { database: false, users: false, pool: false, postgrest: false },
    activated: false,
    run: begin('provision', event),
    drift: [],
    purgeAfter: null,
    revision: event.revision,
    createdAt: event.recordedAt,
    updatedAt: event.recordedAt,
  };
}

function standing(
  project: ExistingProject,
  change: Partial<Resources>,
  event: Recorded<ProjectEvent>,
): ExistingProject {
  const run = project.run && {
    ...project.run,
    recorded: new Set([...project.run.recorded, event.type]),
    stepSince: event.recordedAt,
    trouble: null,
  };
  const templateVersion = event.type === 'SchemaMigrated' ? event.data.version : project.templateVersion;
  return { ...project, templateVersion, resources: { ...project.resources, ...change }, run };
}

type Rotation = Extract<
  ProjectEvent,
  { type: 'JwtSecretRotated' | 'PreviousJwtSecretRetired' | 'DatabasePasswordRotated' }
>;

function rotated(state: ExistingProject, event: Recorded<Rotation>): Partial<ExistingProject> {
  switch (event.type) {
    case 'JwtSecretRotated': {
      const until = new Date(event.data.overlapUntil);
      return {
        secrets: event.data.secrets,
        keysIssuedAt: event.recordedAt,
        // without an overlap the first reload already leaves the old keys out: nobody has to come and retire them
        previousKeys: until > event.recordedAt ? { secrets: state.secrets, until } : null,
        run: applying(state, event),
      };
    }
    case 'PreviousJwtSecretRetired':
      return { previousKeys: null, run: applying(state, event) };
    case 'DatabasePasswordRotated':
      return { secrets: event.data.secrets, run: begin('change-password', event) };
  }
}

type AboutUpgrade = Extract<
  ProjectEvent,
  { type: 'ProjectUpgradeRequested' | 'ProjectUpgraded' | 'ProjectUpgradeFailed' }
>;
const ABOUT_UPGRADE: readonly ProjectEvent['type'][] = [
  'ProjectUpgradeRequested',
  'ProjectUpgraded',
  'ProjectUpgradeFailed',
] satisfies readonly AboutUpgrade['type'][];

const isAboutUpgrade = (event: Recorded<ProjectEvent>): event is Recorded<AboutUpgrade> =>
  ABOUT_UPGRADE.includes(event.type);

/** The project stays what it is, awake or asleep, and is served all the while. */
function upgraded(state: ExistingProject, event: Recorded<AboutUpgrade>): Partial<ExistingProject> {
  switch (event.type) {
    case 'ProjectUpgradeRequested': {
      const { version: to, secrets = state.secrets } = event.data;
      const upgrade = { from: state.templateVersion, to, failure: null };
      return { upgrade, secrets, run: begin('upgrade', event) };
    }
    case 'ProjectUpgraded':
      return { upgrade: null, run: null };
    case 'ProjectUpgradeFailed': {
      const { version: to, step, reason } = event.data;
      return { upgrade: { from: state.templateVersion, to, failure: { step, reason } }, run: null };
    }
  }
}

/** A paused project takes changes up when it resumes, a sleeping one when it wakes; there is nothing to reload now. */
const applying = (state: ExistingProject, event: Recorded<ProjectEvent>): ProcessRun | null =>
  state.status === 'active' ? begin('apply-settings', event) : state.run;

type Limiting = Extract<ProjectEvent, { type: 'ProjectLimitsChanged' | `DatabaseSize${string}` }>;

const isLimiting = (event: Recorded<ProjectEvent>): event is Recorded<Limiting> =>
  event.type === 'ProjectLimitsChanged' || event.type.startsWith('DatabaseSize');

function limited(state: ExistingProject, event: Recorded<Limiting>): Partial<ExistingProject> {
  // one out of service takes its limits up when it comes back
  const run = traitsOf(state.status).changeable ? begin('apply-limits', event) : state.run;
  if (event.type === 'ProjectLimitsChanged') return { limits: event.data.limits, run };
  const { bytes, limitBytes } = event.data;
  if (event.type === 'DatabaseSizeRelaxed') return { fill: null };
  const level = LEVEL_AFTER[event.type];
  const fill = limitBytes === null ? null : { level, bytes, limitBytes, since: event.recordedAt };
  return event.type === 'DatabaseSizeWarned' ? { fill } : { fill, run };
}

const LEVEL_AFTER = {
  DatabaseSizeWarned: 'near-limit',
  DatabaseSizeBackWithinLimit: 'near-limit',
  DatabaseSizeExceeded: 'read-only',
  DatabaseSizeOverrun: 'cut-off',
} as const;

function retried(project: ExistingProject, event: Recorded<ProjectEvent>): ExistingProject {
  if (!project.run) return project;
  const run = { ...project.run, trouble: null, stepSince: event.recordedAt };
  const asleep = STAYS_ASLEEP.has(run.process) && !project.resources.postgrest;
  return { ...project, status: asleep ? 'sleeping' : STATUS_DURING[run.process], run };
}

/** Processes that do not care whether the project sleeps. */
const STAYS_ASLEEP: ReadonlySet<ProcessName> = new Set(['change-password', 'apply-limits', 'upgrade']);

const STATUS_DURING: Readonly<Record<ProcessName, ProjectStatus>> = {
  provision: 'provisioning',
  pause: 'pausing',
  resume: 'resuming',
  sleep: 'sleeping',
  wake: 'waking',
  delete: 'deleting',
  undelete: 'resuming',
  purge: 'purging',
  'apply-settings': 'active',
  'change-password': 'active',
  'apply-limits': 'active',
  upgrade: 'active',
};
