/** The fold: what each event makes of a project. */
import type { Recorded } from '../decider.ts';
import { PLATFORM_LIMITS, type EffectEvent, type ProjectEvent } from './events.ts';
import { begin, failed, proceeded, retried } from '../process/process-run.ts';
import { processStartedBy, rulesOf } from './project-processes.ts';
import { traitsOf } from './project-status.ts';
import { claimed, NOBODY } from './spare.ts';
import { NO_SIGNING_KEYS, taken, withoutKeys, withSigningKey } from './signing-keys.ts';
import type { ExistingProject, Project, ProjectRun, ProjectStatus, Resources } from './project.ts';

export function evolveProject(state: Project, event: Recorded<ProjectEvent>): Project {
  if (event.type === 'ProjectRequested') return born(event, event.data);
  if (event.type === 'SpareRequested')
    return born(event, { ...event.data, ownerId: NOBODY, name: '', displayName: '' });
  if (state.kind !== 'project') {
    if (event.type === 'SpareChosen') return { kind: 'choosing', spare: event.data.spare };
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
    case 'SpareGivenUp':
      return begun(next, event);
    case 'ProjectDeletionRequested':
      return { ...begun(next, event), purgeAfter: new Date(event.data.purgeAfter) };
    case 'ProjectUndeleteRequested':
      return { ...begun(next, event), purgeAfter: null };
    case 'DataApiSettingsChanged':
      return { ...next, dataApi: event.data.dataApi, run: applyingSettings(state, event) };
    case 'JwtSecretRotated':
    case 'PreviousJwtSecretRetired':
    case 'SigningKeyChanged':
    case 'SigningKeysRetired':
    case 'DatabasePasswordRotated':
      return { ...next, ...rotated(state, event) };
    case 'PostgrestReloaded':
      return { ...next, ...keysTaken(state), run: null };
    case 'DatabasePasswordInForce':
    case 'ProjectLimitsInForce':
      return { ...next, run: null };
    case 'SpareClaimed':
      return claimed(next, event);
    case 'ProjectActivated':
      return { ...next, status: 'active', run: null, activated: true };
    case 'ProjectResumed':
    case 'ProjectSlept':
    case 'ProjectKeptAwake':
    case 'ProjectWoken':
    case 'ProjectUndeleted':
    case 'ProvisioningFailed':
    case 'SparePrepared':
    case 'SpareLost':
    case 'ProjectPaused':
    case 'ProjectDeleted':
    case 'ProjectPurged':
      return { ...next, status: STATUS_AFTER[event.type], run: null };
    case 'ProjectSuspended':
      return { ...next, status: 'suspended' };
    case 'StepFailed':
      return { ...next, run: state.run && failed(state.run, event, undoes(state.run)) };
    case 'StepRetryRequested':
      return triedAgain(next, event);
    case 'DriftDetected':
      return { ...next, drift: [...new Set([...state.drift, event.data.what])] };
    case 'DriftRepaired':
      return { ...next, drift: state.drift.filter((what) => what !== event.data.what) };
    case 'ProjectRequestAbandoned':
    case 'SpareChosen':
      return next;
  }
}

/** Of a process that the project has a status for. */
function begun(project: ExistingProject, event: Recorded<Beginning>): ExistingProject {
  const run = began(event);
  return { ...project, status: rulesOf(run.process).during, run };
}

type Beginning = Extract<ProjectEvent, { type: Parameters<typeof processStartedBy>[0] }>;
const began = (event: Recorded<Beginning>): ProjectRun => begin(processStartedBy(event.type), event);

const undoes = ({ process }: ProjectRun): boolean => rulesOf(process).givesUp.kind === 'undo';

const STATUS_AFTER = {
  ProjectResumed: 'active',
  ProjectSlept: 'sleeping',
  ProjectKeptAwake: 'active',
  ProjectWoken: 'active',
  ProjectUndeleted: 'active',
  ProvisioningFailed: 'failed',
  SparePrepared: 'spare',
  SpareLost: 'purged',
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
  ProjectFilesRemoved: {},
  ProjectNameReleased: {},
};

const isEffect = (event: Recorded<ProjectEvent>): event is Recorded<Standing> =>
  Object.hasOwn(STANDING, event.type);

type Birth = Extract<ProjectEvent, { type: 'ProjectRequested' }>['data'];

function born(
  event: Recorded<Extract<Beginning, { type: 'ProjectRequested' | 'SpareRequested' }>>,
  { projectId: id, ...data }: Birth,
): ExistingProject {
  return {
    kind: 'project',
    ...data,
    id,
    requestedAs: id,
    status: 'provisioning',
    upgrade: null,
    keysIssuedAt: event.recordedAt,
    previousKeys: null,
    secretWaits: false,
    signingKeys: NO_SIGNING_KEYS,
    limits: PLATFORM_LIMITS,
    fill: null,
    resources: { database: false, users: false, pool: false, postgrest: false },
    activated: false,
    run: began(event),
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
  const run = project.run && proceeded(project.run, event);
  const templateVersion = event.type === 'SchemaMigrated' ? event.data.version : project.templateVersion;
  // one that was started knows them all, and while there is none nobody has to
  const keys = change.postgrest === undefined ? {} : keysTaken(project);
  return { ...project, ...keys, templateVersion, resources: { ...project.resources, ...change }, run };
}

const keysTaken = ({
  signingKeys,
}: ExistingProject): Pick<ExistingProject, 'secretWaits' | 'signingKeys'> => ({
  secretWaits: false,
  signingKeys: taken(signingKeys),
});

type Rotation = Extract<
  ProjectEvent,
  {
    type:
      | 'JwtSecretRotated'
      | 'PreviousJwtSecretRetired'
      | 'SigningKeyChanged'
      | 'SigningKeysRetired'
      | 'DatabasePasswordRotated';
  }
>;

function rotated(state: ExistingProject, event: Recorded<Rotation>): Partial<ExistingProject> {
  switch (event.type) {
    case 'JwtSecretRotated': {
      const until = new Date(event.data.overlapUntil);
      return {
        secrets: event.data.secrets,
        keysIssuedAt: event.recordedAt,
        // without an overlap the first reload already leaves the old keys out: nobody has to come and retire them
        previousKeys:
          until > event.recordedAt ? { secrets: state.secrets, until, issuedAt: state.keysIssuedAt } : null,
        secretWaits: state.status === 'active',
        run: applying(state, event),
      };
    }
    case 'PreviousJwtSecretRetired':
      return { previousKeys: null, run: applying(state, event) };
    case 'SigningKeyChanged': {
      const waits = state.status === 'active';
      const signingKeys = withSigningKey(state.signingKeys, event.data, event.recordedAt, waits);
      return { signingKeys, run: applying(state, event) };
    }
    case 'SigningKeysRetired':
      return {
        signingKeys: withoutKeys(state.signingKeys, event.data.kids),
        run: applying(state, event),
      };
    case 'DatabasePasswordRotated':
      return { secrets: event.data.secrets, run: began(event) };
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
      return { upgrade, secrets, run: began(event) };
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
const applying = (state: ExistingProject, event: Recorded<Beginning>): ProjectRun | null =>
  state.status === 'active' ? began(event) : state.run;

/** By another route it has another pool entry, and that stands while it sleeps, too. */
const applyingSettings = (
  state: ExistingProject,
  event: Recorded<Extract<ProjectEvent, { type: 'DataApiSettingsChanged' }>>,
): ProjectRun | null => {
  const rerouted = event.data.dataApi.route !== state.dataApi.route && traitsOf(state.status).changeable;
  return rerouted ? began(event) : applying(state, event);
};

type Limiting = Extract<ProjectEvent, { type: 'ProjectLimitsChanged' | `DatabaseSize${string}` }>;

const isLimiting = (event: Recorded<ProjectEvent>): event is Recorded<Limiting> =>
  event.type === 'ProjectLimitsChanged' || event.type.startsWith('DatabaseSize');

function limited(state: ExistingProject, event: Recorded<Limiting>): Partial<ExistingProject> {
  // one out of service takes its limits up when it comes back
  const applied = (by: Recorded<Limiting & Beginning>) =>
    traitsOf(state.status).changeable ? began(by) : state.run;
  if (event.type === 'ProjectLimitsChanged') return { limits: event.data.limits, run: applied(event) };
  if (event.type === 'DatabaseSizeRelaxed') return { fill: null };
  const { bytes, limitBytes } = event.data;
  const level = LEVEL_AFTER[event.type];
  const fill = limitBytes === null ? null : { level, bytes, limitBytes, since: event.recordedAt };
  return event.type === 'DatabaseSizeWarned' ? { fill } : { fill, run: applied(event) };
}

const LEVEL_AFTER = {
  DatabaseSizeWarned: 'near-limit',
  DatabaseSizeBackWithinLimit: 'near-limit',
  DatabaseSizeExceeded: 'read-only',
  DatabaseSizeOverrun: 'cut-off',
} as const;

function triedAgain(
  project: ExistingProject,
  event: Recorded<Extract<ProjectEvent, { type: 'StepRetryRequested' }>>,
): ExistingProject {
  if (!project.run) return project;
  const run = retried(project.run, event);
  if (project.status !== 'suspended') return { ...project, run };
  const { letsSleep, during } = rulesOf(project.run.process);
  const asleep = letsSleep === true && !project.resources.postgrest;
  return { ...project, status: asleep ? 'sleeping' : during, run };
}
