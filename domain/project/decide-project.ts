/** The rules: what a command on a project means, or why it is refused. */
import { Rejection } from '../rejection.ts';
import { changeDataApi, type DataApiChange } from './data-api-settings.ts';
import type { ProjectEvent, ProjectLimits } from './events.ts';
import { decideFill, LIMIT_BOUNDS, sizeLimitOf } from './limits.ts';
import { traitsOf } from './project-status.ts';
import { decideSpare, requireOwned } from './spare.ts';
import { chosenOf, MOST_SIGNING_KEYS, overdueKeys } from './signing-keys.ts';
import type { ExistingProject, Project, ProjectCommand, ProjectStatus, SpareCommand } from './project.ts';

export function decideProject(command: ProjectCommand, state: Project): readonly ProjectEvent[] {
  if (command.kind === 'ClaimSpare' || command.kind === 'GiveUpSpare') return decideSpare(command, state);
  return isRequesting(command) ? decideRequest(command, state) : decideExisting(command, state);
}

const REQUESTING = ['RequestProject', 'RequestSpare', 'ChooseSpare', 'AbandonRequest'] as const;
type Requesting = Extract<ProjectCommand, { kind: (typeof REQUESTING)[number] }>;

const isRequesting = (command: ProjectCommand): command is Requesting =>
  REQUESTING.some((kind) => kind === command.kind);

/** Before it is a project. Who chose a spare decides nothing else before that one is known to be lost to them. */
function decideRequest(command: Requesting, state: Project): readonly ProjectEvent[] {
  if (state.kind === 'project')
    throw new Rejection('project/already-exists', 'This project id is already in use.');
  if (state.kind === 'abandoned') {
    if (command.kind === 'AbandonRequest') return [];
    throw new Rejection('project/name-taken', 'Another request took this name meanwhile.');
  }
  if (command.kind === 'RequestSpare') {
    const { kind: _, ...data } = command;
    return [{ type: 'SpareRequested', data }];
  }
  if (state.kind === 'choosing' && state.spare !== command.instead) return [];
  return [begunBy(command)];
}

function begunBy(command: Exclude<Requesting, { kind: 'RequestSpare' }>): ProjectEvent {
  switch (command.kind) {
    case 'RequestProject': {
      const { kind: _, instead: __, ...data } = command;
      return { type: 'ProjectRequested', data };
    }
    case 'ChooseSpare':
      return { type: 'SpareChosen', data: { spare: command.spare } };
    case 'AbandonRequest':
      return { type: 'ProjectRequestAbandoned', data: { ownerId: command.ownerId, name: command.name } };
  }
}

type Existing = Exclude<ProjectCommand, Requesting | SpareCommand>;

function decideExisting(command: Existing, state: Project): readonly ProjectEvent[] {
  if (state.kind !== 'project' || state.status === 'purged')
    throw new Rejection('project/not-found', 'There is no such project.');
  if (!OF_SPARES_TOO.includes(command.kind)) requireOwned(state);
  switch (command.kind) {
    case 'RenameProject':
      return command.displayName === state.displayName
        ? []
        : [{ type: 'ProjectRenamed', data: { displayName: command.displayName } }];
    case 'ChangeDataApiSettings':
      return decideSettings(command.dataApi, state);
    case 'RotateJwtSecret':
    case 'RetireKeys':
    case 'RotateDatabasePassword':
    case 'ChangeSigningKey':
      return decideRotation(command, state);
    case 'PauseProject':
    case 'ResumeProject':
    case 'SleepProject':
    case 'WakeProject':
      return decideServing(command, state);
    case 'DeleteProject':
      if (traitsOf(state.status).leaving) return [];
      // nobody has put anything into a project that never was active: there is nothing to retain
      if (!state.activated) return [{ type: 'ProjectPurgeRequested', data: {} }];
      return [{ type: 'ProjectDeletionRequested', data: { purgeAfter: command.purgeAfter.toISOString() } }];
    case 'UndeleteProject':
      if (state.status === 'active' || state.status === 'resuming') return [];
      requireStatus(state, 'deleted', 'project/not-deleted');
      return [{ type: 'ProjectUndeleteRequested', data: {} }];
    case 'PurgeProject':
      return state.status === 'purging' ? [] : [{ type: 'ProjectPurgeRequested', data: {} }];
    case 'PurgeIfDue': {
      const due = state.status === 'deleted' && state.purgeAfter !== null && state.purgeAfter <= command.now;
      return due ? [{ type: 'ProjectPurgeRequested', data: {} }] : [];
    }
    case 'RetryStep':
    case 'RetryStepOnce':
      return decideRetry(command, state);
    case 'ChangeLimits':
    case 'ReportDatabaseSize':
      return decideLimits(command, state);
    case 'UpgradeProject':
      return decideUpgrade(command, state);
    case 'ReportDrift': {
      const { kind: _, ...data } = command;
      return state.drift.includes(data.what) ? [] : [{ type: 'DriftDetected', data }];
    }
    case 'ReportRepair':
      return state.drift.includes(command.what)
        ? [{ type: 'DriftRepaired', data: { what: command.what } }]
        : [];
  }
}

/** What befalls whatever stands, whoever has it. */
const OF_SPARES_TOO: readonly Existing['kind'][] = ['RetryStep', 'ReportDrift', 'ReportRepair'];

type Retry = Extract<ProjectCommand, { kind: 'RetryStep' | 'RetryStepOnce' }>;

function decideRetry(command: Retry, { status, run }: ExistingProject): readonly ProjectEvent[] {
  const trouble = run?.trouble;
  const waits = status === 'suspended' || (command.kind === 'RetryStepOnce' && trouble);
  if (!waits)
    throw new Rejection('project/nothing-to-retry', `The project is ${status}; nothing waits for a retry.`);
  if (command.kind === 'RetryStep') return [{ type: 'StepRetryRequested', data: {} }];
  // nothing, when it is being tried right now
  if (trouble?.retryAt && trouble.retryAt <= command.now) return [];
  return [{ type: 'StepRetryRequested', data: { once: true } }];
}

type Rotation = Extract<
  ProjectCommand,
  { kind: 'RotateJwtSecret' | 'RetireKeys' | 'RotateDatabasePassword' | 'ChangeSigningKey' }
>;

function decideRotation(command: Rotation, state: ExistingProject): readonly ProjectEvent[] {
  // while a process is at work it waits: the next sweep comes
  if (command.kind === 'RetireKeys') return state.run ? [] : retirements(state, command.now);
  if (command.kind === 'ChangeSigningKey') return decideSigningKey(command, state);
  requireChangeable(state);
  const { secrets } = command;
  if (command.kind === 'RotateDatabasePassword')
    return [{ type: 'DatabasePasswordRotated', data: { secrets } }];
  if (state.previousKeys) {
    const until = state.previousKeys.until.toISOString();
    throw new Rejection(
      'project/keys-overlap',
      `The keys before the current ones are good until ${until}; wait for that.`,
    );
  }
  const overlapUntil = command.overlapUntil.toISOString();
  return [{ type: 'JwtSecretRotated', data: { secrets, overlapUntil } }];
}

function retirements({ previousKeys, signingKeys }: ExistingProject, now: Date): readonly ProjectEvent[] {
  const kids = overdueKeys(signingKeys, now);
  const isOver = previousKeys !== null && previousKeys.until <= now;
  return [
    ...(isOver ? [{ type: 'PreviousJwtSecretRetired', data: {} } as const] : []),
    ...(kids.length > 0 ? [{ type: 'SigningKeysRetired', data: { kids } } as const] : []),
  ];
}

function decideSigningKey(
  { key, overlapUntil, now }: Extract<ProjectCommand, { kind: 'ChangeSigningKey' }>,
  state: ExistingProject,
): readonly ProjectEvent[] {
  const { held } = state.signingKeys;
  const endsNone = held.every((one) => one.until !== null && new Date(one.until) <= overlapUntil);
  if (key === null && chosenOf(state.signingKeys) === null && endsNone) return [];
  requireChangeable(state);
  if (key !== null && overlapUntil > now && held.length >= MOST_SIGNING_KEYS) {
    throw new Rejection(
      'project/keys-overlap',
      `Tokens of ${held.length} keys are still good: wait until one of them ends, or end them all by a new one without an overlap.`,
    );
  }
  return [{ type: 'SigningKeyChanged', data: { key, overlapUntil: overlapUntil.toISOString() } }];
}

/** from this one on the REST API can ask the database for a time-out of the project's own */
export const TIMEOUT_SINCE_TEMPLATE = 10;

function decideSettings(change: DataApiChange, state: ExistingProject): readonly ProjectEvent[] {
  const dataApi = changeDataApi(state.dataApi, change);
  if (JSON.stringify(dataApi) === JSON.stringify(state.dataApi)) return [];
  if (state.status !== 'paused') requireChangeable(state);
  if (dataApi.statementTimeoutS !== undefined && state.templateVersion < TIMEOUT_SINCE_TEMPLATE) {
    throw new Rejection(
      'project/upgrade-needed',
      'The database of the project has to be upgraded for a time-out of its own: POST .../upgrade does it.',
    );
  }
  return [{ type: 'DataApiSettingsChanged', data: { dataApi } }];
}

type Limiting = Extract<ProjectCommand, { kind: 'ChangeLimits' | 'ReportDatabaseSize' }>;

/** One that an older event does not have is the platform's, as null says, too. */
const LIMITS = Object.keys(LIMIT_BOUNDS) as readonly (keyof ProjectLimits)[];

function decideLimits(command: Limiting, state: ExistingProject): readonly ProjectEvent[] {
  if (command.kind === 'ReportDatabaseSize') {
    // one out of service does not grow, and what a process is at work on is looked at again soon
    if (state.run || !traitsOf(state.status).changeable) return [];
    return decideFill(state.fill, command.seen, sizeLimitOf(state.limits, command.platformSizeMb));
  }
  const limits = { ...state.limits, ...command.limits };
  if (LIMITS.every((name) => (limits[name] ?? null) === (state.limits[name] ?? null))) return [];
  requireStatus(state, state.status, 'project/not-active');
  return [{ type: 'ProjectLimitsChanged', data: { limits } }];
}

function decideUpgrade(
  { version, secrets }: Extract<ProjectCommand, { kind: 'UpgradeProject' }>,
  state: ExistingProject,
): readonly ProjectEvent[] {
  const goesTo = (isUpgrading(state) ? state.upgrade?.to : undefined) ?? state.templateVersion;
  if (goesTo >= version) return [];
  requireChangeable(state);
  return [{ type: 'ProjectUpgradeRequested', data: { version, ...(secrets && { secrets }) } }];
}

type Serving = Extract<
  ProjectCommand,
  { kind: 'PauseProject' | 'ResumeProject' | 'SleepProject' | 'WakeProject' }
>;

/** Whether a project's REST API shall run. */
function decideServing(command: Serving, state: ExistingProject): readonly ProjectEvent[] {
  switch (command.kind) {
    case 'PauseProject':
      if (state.status === 'paused' || state.status === 'pausing') return [];
      if (!isBetweenSleepAndWake(state)) requireChangeable(state);
      return [{ type: 'ProjectPauseRequested', data: {} }];
    case 'ResumeProject':
      if (state.status === 'resuming') return [];
      if (traitsOf(state.status).served) return wake(state);
      requireStatus(state, 'paused', 'project/not-paused');
      return [{ type: 'ProjectResumeRequested', data: {} }];
    case 'SleepProject': {
      const idle = state.status === 'active' && !state.run;
      const idleSince = command.idleSince.toISOString();
      return idle ? [{ type: 'ProjectSleepRequested', data: { idleSince } }] : [];
    }
    case 'WakeProject':
      return wake(state);
  }
}

/** Nothing to do for one that is awake or on its way; another process that is at work on it ends first. */
function wake(state: ExistingProject): readonly ProjectEvent[] {
  if (state.status === 'active' || state.status === 'waking') return [];
  if (state.status !== 'sleeping') requireStatus(state, 'sleeping', 'project/not-active');
  const falls = state.run?.process === 'sleep';
  return !state.run || falls || isUpgrading(state) ? [{ type: 'ProjectWakeRequested', data: {} }] : [];
}

/** What the platform does by itself: an owner's wish goes before it. */
const isBetweenSleepAndWake = ({ status, run }: ExistingProject): boolean =>
  status !== 'suspended' && (run?.process === 'sleep' || run?.process === 'wake');

/** Whatever is asked of a project goes before it: who wants the upgrade asks for it again. */
const isUpgrading = ({ run }: ExistingProject): boolean => run?.process === 'upgrade';

/** Awake, or asleep and so awake for whoever comes. */
const requireChangeable = (state: ExistingProject): void =>
  requireStatus(state, traitsOf(state.status).changeable ? state.status : 'active', 'project/not-active');

function requireStatus(
  state: ExistingProject,
  wanted: ProjectStatus,
  otherwise: 'project/not-active' | 'project/not-paused' | 'project/not-deleted',
): void {
  if (state.status === 'suspended') {
    throw new Rejection(
      'project/suspended',
      'The project is suspended: an operator has to look at it first.',
    );
  }
  if (state.run && !isUpgrading(state)) {
    throw new Rejection('project/busy', `The project is ${state.status}; try again when that has finished.`);
  }
  if (state.status !== wanted) {
    throw new Rejection(otherwise, `The project is ${state.status}; it has to be ${wanted} for this.`);
  }
}
