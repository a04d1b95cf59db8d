/**
 * A project as its events tell it. `Project` is the folded state; `projectDecider` holds the rules. What a
 * process (provision, pause, purge ...) has done so far is part of the state, so a process manager needs
 * nothing but the stream to know its next step.
 */
import type { Decider, Recorded } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { DataApiSettings, EffectEvent, ProcessName, ProjectEvent, SealedSecrets } from './events.ts';
import { begin, failed, type ProcessRun } from './process-run.ts';
import type { ProjectId } from './project-id.ts';

export type ProjectStatus =
  | 'provisioning'
  | 'active'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'failed'
  | 'suspended'
  | 'deleting'
  | 'deleted'
  | 'purging'
  | 'purged';

/** What stands in the outside world, by the log. */
export interface Resources {
  readonly database: boolean;
  readonly users: boolean;
  readonly pool: boolean;
  readonly postgrest: boolean;
}

export interface ExistingProject {
  readonly kind: 'project';
  readonly id: ProjectId;
  readonly ownerId: string;
  readonly name: string;
  readonly displayName: string;
  readonly status: ProjectStatus;
  readonly templateVersion: number;
  readonly secrets: SealedSecrets;
  readonly dataApi: DataApiSettings;
  readonly resources: Resources;
  /** has been active once: there is something to keep, so a deletion can be taken back */
  readonly activated: boolean;
  readonly run: ProcessRun | null;
  /** what was found to differ from what shall stand, and is not repaired yet */
  readonly drift: readonly string[];
  readonly purgeAfter: Date | null;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `abandoned`: its caller died before it was requested, and its name went to somebody else. */
export type Project = { readonly kind: 'none' | 'abandoned' } | ExistingProject;

export type ProjectCommand =
  | {
      readonly kind: 'RequestProject';
      readonly projectId: ProjectId;
      readonly ownerId: string;
      readonly name: string;
      readonly displayName: string;
      readonly templateVersion: number;
      readonly secrets: SealedSecrets;
      readonly dataApi: DataApiSettings;
    }
  | { readonly kind: 'AbandonRequest'; readonly ownerId: string; readonly name: string }
  | { readonly kind: 'RenameProject'; readonly displayName: string }
  | { readonly kind: 'ChangeDataApiSettings'; readonly dataApi: DataApiSettings }
  | { readonly kind: 'PauseProject' }
  | { readonly kind: 'ResumeProject' }
  | { readonly kind: 'DeleteProject'; readonly purgeAfter: Date }
  | { readonly kind: 'UndeleteProject' }
  | { readonly kind: 'PurgeProject' }
  | { readonly kind: 'RetryStep' }
  | {
      readonly kind: 'ReportDrift';
      readonly what: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly kind: 'ReportRepair'; readonly what: string };

function decide(command: ProjectCommand, state: Project): readonly ProjectEvent[] {
  if (command.kind === 'RequestProject') {
    if (state.kind === 'abandoned')
      throw new Rejection('project/name-taken', 'Another request took this name meanwhile.');
    if (state.kind === 'project')
      throw new Rejection('project/already-exists', 'This project id is already in use.');
    const { kind: _, ...data } = command;
    return [{ type: 'ProjectRequested', data }];
  }
  if (command.kind === 'AbandonRequest') {
    if (state.kind === 'project') throw new Rejection('project/already-exists', 'The project was requested.');
    const { ownerId, name } = command;
    return state.kind === 'abandoned' ? [] : [{ type: 'ProjectRequestAbandoned', data: { ownerId, name } }];
  }
  if (state.kind !== 'project' || state.status === 'purged') {
    throw new Rejection('project/not-found', 'There is no such project.');
  }
  switch (command.kind) {
    case 'RenameProject':
      return command.displayName === state.displayName
        ? []
        : [{ type: 'ProjectRenamed', data: { displayName: command.displayName } }];
    case 'ChangeDataApiSettings':
      return decideSettings(command.dataApi, state);
    case 'PauseProject':
      if (state.status === 'paused' || state.status === 'pausing') return [];
      requireStatus(state, 'active', 'project/not-active');
      return [{ type: 'ProjectPauseRequested', data: {} }];
    case 'ResumeProject':
      if (state.status === 'active' || state.status === 'resuming') return [];
      requireStatus(state, 'paused', 'project/not-paused');
      return [{ type: 'ProjectResumeRequested', data: {} }];
    case 'DeleteProject':
      if (['deleting', 'deleted', 'purging'].includes(state.status)) return [];
      // nobody has put anything into a project that never was active: there is nothing to retain
      if (!state.activated) return [{ type: 'ProjectPurgeRequested', data: {} }];
      return [{ type: 'ProjectDeletionRequested', data: { purgeAfter: command.purgeAfter.toISOString() } }];
    case 'UndeleteProject':
      if (state.status === 'active' || state.status === 'resuming') return [];
      requireStatus(state, 'deleted', 'project/not-deleted');
      return [{ type: 'ProjectUndeleteRequested', data: {} }];
    case 'PurgeProject':
      return state.status === 'purging' ? [] : [{ type: 'ProjectPurgeRequested', data: {} }];
    case 'RetryStep':
      if (state.status !== 'suspended') {
        throw new Rejection(
          'project/nothing-to-retry',
          `The project is ${state.status}; nothing waits for a retry.`,
        );
      }
      return [{ type: 'StepRetryRequested', data: {} }];
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

function decideSettings(dataApi: DataApiSettings, state: ExistingProject): readonly ProjectEvent[] {
  if (JSON.stringify(dataApi) === JSON.stringify(state.dataApi)) return [];
  if (state.status !== 'paused') requireStatus(state, 'active', 'project/not-active');
  return [{ type: 'DataApiSettingsChanged', data: { dataApi } }];
}

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
  if (state.run) {
    throw new Rejection('project/busy', `The project is ${state.status}; try again when that has finished.`);
  }
  if (state.status !== wanted) {
    throw new Rejection(otherwise, `The project is ${state.status}; it has to be ${wanted} for this.`);
  }
}

function evolve(state: Project, event: Recorded<ProjectEvent>): Project {
  if (event.type === 'ProjectRequested') return born(event);
  if (state.kind !== 'project') {
    return event.type === 'ProjectRequestAbandoned' ? { kind: 'abandoned' } : state;
  }
  const next: ExistingProject = { ...state, revision: event.revision, updatedAt: event.recordedAt };
  switch (event.type) {
    case 'ProjectRenamed':
      return { ...next, displayName: event.data.displayName };
    case 'ProjectPauseRequested':
      return { ...next, status: 'pausing', run: begin('pause', event) };
    case 'ProjectResumeRequested':
      return { ...next, status: 'resuming', run: begin('resume', event) };
    case 'ProjectDeletionRequested':
      return {
        ...next,
        status: 'deleting',
        run: begin('delete', event),
        purgeAfter: new Date(event.data.purgeAfter),
      };
    case 'ProjectUndeleteRequested':
      return { ...next, status: 'resuming', run: begin('undelete', event), purgeAfter: null };
    case 'ProjectPurgeRequested':
      return { ...next, status: 'purging', run: begin('purge', event) };
    case 'DataApiSettingsChanged': {
      // A paused project takes the new settings up when it resumes; there is nothing to reload now.
      const run = state.status === 'active' ? begin('apply-settings', event) : state.run;
      return { ...next, dataApi: event.data.dataApi, run };
    }
    case 'DatabaseCreated':
    case 'DatabaseDropped':
    case 'DatabaseUsersCreated':
    case 'DatabaseUsersRemoved':
    case 'SchemaMigrated':
    case 'DatabaseOpened':
    case 'DatabaseClosed':
    case 'PoolRegistered':
    case 'PoolUnregistered':
    case 'PostgrestSpawned':
    case 'PostgrestRemoved':
    case 'ProjectNameReleased':
      return standing(next, STANDING[event.type], event);
    case 'PostgrestReloaded':
      return { ...next, run: null };
    case 'ProjectActivated':
      return { ...next, status: 'active', run: null, activated: true };
    case 'ProjectResumed':
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
    case 'SqlExecuted':
    case 'ProjectRequestAbandoned':
      return next;
  }
}

const STATUS_AFTER = {
  ProjectResumed: 'active',
  ProjectUndeleted: 'active',
  ProvisioningFailed: 'failed',
  ProjectPaused: 'paused',
  ProjectDeleted: 'deleted',
  ProjectPurged: 'purged',
} as const satisfies Readonly<Partial<Record<ProjectEvent['type'], ProjectStatus>>>;

/** What each effect means for what stands outside. */
const STANDING: Readonly<Record<Exclude<EffectEvent['type'], 'PostgrestReloaded'>, Partial<Resources>>> = {
  DatabaseCreated: { database: true },
  DatabaseDropped: { database: false },
  DatabaseUsersCreated: { users: true },
  DatabaseUsersRemoved: { users: false },
  SchemaMigrated: {},
  DatabaseOpened: {},
  DatabaseClosed: {},
  PoolRegistered: { pool: true },
  PoolUnregistered: { pool: false },
  PostgrestSpawned: { postgrest: true },
  PostgrestRemoved: { postgrest: false },
  ProjectNameReleased: {},
};

function born(event: Recorded<Extract<ProjectEvent, { type: 'ProjectRequested' }>>): ExistingProject {
  const { projectId: id, ...data } = event.data;
  return {
    kind: 'project',
    ...data,
    id,
    status: 'provisioning',
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
  return { ...project, resources: { ...project.resources, ...change }, run };
}

function retried(project: ExistingProject, event: Recorded<ProjectEvent>): ExistingProject {
  if (!project.run) return project;
  const run = { ...project.run, trouble: null, stepSince: event.recordedAt };
  return { ...project, status: STATUS_DURING[run.process], run };
}

const STATUS_DURING: Readonly<Record<ProcessName, ProjectStatus>> = {
  provision: 'provisioning',
  pause: 'pausing',
  resume: 'resuming',
  delete: 'deleting',
  undelete: 'resuming',
  purge: 'purging',
  'apply-settings': 'active',
};

export const projectDecider: Decider<Project, ProjectCommand, ProjectEvent> = {
  initial: { kind: 'none' },
  decide,
  evolve,
};
