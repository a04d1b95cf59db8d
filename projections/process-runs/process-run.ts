/** What a process has done for a project, step by step, as its events tell it. */
import type { ProcessName, ProjectEvent, ProjectEventType } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject, ProjectStatus } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { isoTime } from '../iso-time.ts';
import { evolveProject } from '../project-fold.ts';

/** The steps of every process in order; needed to show what is still to come. */
export type ProcessTable = Readonly<Record<ProcessName, readonly ProcessStep[]>>;

export interface ProcessStep {
  readonly step: string;
  /** begun at the same time as the one above it */
  readonly beside?: boolean;
  readonly records: ProjectEventType;
  /** null: nothing to take back */
  readonly undoes: ProjectEventType | null;
}

export type RunState = 'running' | 'undoing' | 'suspended' | 'done' | 'failed' | 'superseded';
export type StepState = 'pending' | 'running' | 'done' | 'retrying' | 'undone' | 'failed';

/** Times are RFC 3339: this is stored as JSON. */
export interface StepRow {
  readonly step: string;
  readonly state: StepState;
  /** tries begun, of doing it or, once that has begun, of undoing it */
  readonly attempts: number;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface RunRow {
  readonly project_id: ProjectId;
  readonly run: number;
  readonly process: ProcessName;
  readonly state: RunState;
  readonly open: boolean;
  readonly status: ProjectStatus;
  readonly failed_step: string | null;
  readonly steps: readonly StepRow[];
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly position: bigint | string;
}

type StepFailed = Extract<ProjectEvent, { type: 'StepFailed' }>['data'];

/**
 * @param latest the project's latest run
 * @returns the rows that changed, the latest last
 */
export function evolveRuns(
  processes: ProcessTable,
  latest: RunRow | undefined,
  event: StoredEvent,
): readonly RunRow[] {
  const project = evolveProject(latest && kept(latest), event);
  if (!project) return [];
  const underWay = latest !== undefined && latest.ended_at === null ? latest : undefined;
  if (project.run?.number === event.revision) {
    const { process } = project.run;
    const begun = begin({ process, table: processes[process] }, project, (latest?.run ?? 0) + 1, event);
    return underWay ? [supersede(underWay, event), begun] : [begun];
  }
  // it never came to an end, either
  if (underWay && event.type === 'ProjectKeptAwake')
    return [{ ...supersede(underWay, event), status: project.status }];
  return underWay ? [proceed(processes[underWay.process], underWay, project, event)] : [];
}

const kept = (row: RunRow) => ({
  id: row.project_id,
  status: row.status,
  process: row.ended_at === null ? row.process : null,
});

function begin(
  { process, table }: { readonly process: ProcessName; readonly table: readonly ProcessStep[] },
  project: ExistingProject,
  run: number,
  event: StoredEvent,
): RunRow {
  const steps = table.map<StepRow>(({ step }) => ({
    step,
    state: 'pending',
    attempts: 0,
    lastError: null,
    nextAttemptAt: null,
    startedAt: null,
    endedAt: null,
  }));
  return {
    project_id: project.id,
    run,
    process,
    state: 'running',
    open: true,
    status: project.status,
    failed_step: null,
    steps: startNext(table, steps, event),
    started_at: event.recordedAt,
    ended_at: null,
    position: event.position,
  };
}

/** Another process has taken over: what was under way never came to an end. */
function supersede(row: RunRow, event: StoredEvent): RunRow {
  const steps = row.steps.map((step) =>
    step.state === 'running' || step.state === 'retrying'
      ? { ...step, state: 'pending' as const, nextAttemptAt: null }
      : step,
  );
  return {
    ...row,
    state: 'superseded',
    open: false,
    steps,
    ended_at: event.recordedAt,
    position: event.position,
  };
}

function proceed(
  table: readonly ProcessStep[],
  row: RunRow,
  project: ExistingProject,
  event: StoredEvent,
): RunRow {
  const failed_step = project.run?.undoing?.step ?? row.failed_step;
  const ended = project.run === null;
  const suspended = project.status === 'suspended';
  return {
    ...row,
    state: ended ? endOf(event) : suspended ? 'suspended' : failed_step === null ? 'running' : 'undoing',
    open: !ended && !suspended,
    status: project.status,
    failed_step,
    steps: evolveSteps(table, row, event),
    ended_at: ended ? event.recordedAt : null,
    position: event.position,
  };
}

const FAILURES = ['ProvisioningFailed', 'ProjectUpgradeFailed', 'SpareLost'];

const endOf = ({ type }: StoredEvent): RunState => (FAILURES.includes(type) ? 'failed' : 'done');

function evolveSteps(table: readonly ProcessStep[], row: RunRow, event: StoredEvent): readonly StepRow[] {
  const { steps } = row;
  const at = isoTime(event.recordedAt);
  if (event.type === 'StepFailed') return failStep(steps, event.data as StepFailed, at);
  if (event.type === 'StepRetryRequested') return retryStep(steps, row.failed_step, event);
  if (event.type === 'ProvisioningFailed' || event.type === 'SpareLost') return forget(table, steps);
  const undoing = row.failed_step !== null;
  const meant = table.find(({ records, undoes }) => event.type === (undoing ? undoes : records))?.step;
  if (meant === undefined) return steps;
  const state = !undoing ? 'done' : meant === row.failed_step ? 'failed' : 'undone';
  const settled = change(steps, meant, (step) => ({
    ...step,
    state,
    attempts: step.state === 'retrying' || step.attempts === 0 ? step.attempts + 1 : step.attempts,
    nextAttemptAt: null,
    startedAt: step.startedAt ?? at,
    endedAt: at,
  }));
  return undoing ? settled : startNext(table, settled, event);
}

function failStep(
  steps: readonly StepRow[],
  { step: name, attempt, reason, retryAt }: StepFailed,
  at: string,
): readonly StepRow[] {
  return change(steps, name, (step) => ({
    ...step,
    state: retryAt === null ? 'failed' : 'retrying',
    attempts: attempt,
    lastError: reason,
    nextAttemptAt: retryAt,
    startedAt: step.startedAt ?? at,
    endedAt: retryAt === null ? at : null,
  }));
}

/**
 * The step whose doing or undoing had been given up is tried again: from the beginning, for an operator who has looked, or
 * once, for its owner, who may also not want to wait for the next try.
 */
function retryStep(
  steps: readonly StepRow[],
  failedStep: string | null,
  { data, recordedAt }: StoredEvent,
): readonly StepRow[] {
  const at = isoTime(recordedAt);
  const { once } = data as { readonly once?: true };
  const waiting = steps.find(({ state }) => state === 'retrying');
  if (once && waiting) return change(steps, waiting.step, (step) => ({ ...step, nextAttemptAt: at }));
  const given = steps.filter(({ state }) => state === 'failed').map(({ step }) => step);
  const name = given.find((step) => step !== failedStep) ?? given[0];
  if (name === undefined) return steps;
  return change(steps, name, (step) => ({
    ...step,
    state: 'running',
    attempts: once ? step.attempts + 1 : 1,
    startedAt: step.startedAt ?? at,
    endedAt: null,
  }));
}

/** What had nothing to take back is gone with the rest. */
function forget(table: readonly ProcessStep[], steps: readonly StepRow[]): readonly StepRow[] {
  const silent = new Set(table.filter(({ undoes }) => undoes === null).map(({ step }) => step));
  return steps.map((step) =>
    (step.state === 'done' || step.state === 'running') && silent.has(step.step)
      ? { ...step, state: 'undone' }
      : step,
  );
}

/** The next one and those beside it, when nothing is under way any more. */
function startNext(
  table: readonly ProcessStep[],
  steps: readonly StepRow[],
  event: StoredEvent,
): readonly StepRow[] {
  if (steps.some(({ state }) => state === 'running' || state === 'retrying')) return steps;
  const pending = steps.findIndex(({ state }) => state === 'pending');
  if (pending < 0) return steps;
  const isBeside = ({ step }: StepRow) => table.some((row) => row.step === step && row.beside);
  const others = steps.findIndex((step, at) => at > pending && !isBeside(step));
  const end = others < 0 ? steps.length : others;
  const startedAt = isoTime(event.recordedAt);
  return steps.map((step, at) =>
    at >= pending && at < end && step.state === 'pending'
      ? { ...step, state: 'running', attempts: 1, startedAt }
      : step,
  );
}

const change = (
  steps: readonly StepRow[],
  name: string,
  to: (step: StepRow) => StepRow,
): readonly StepRow[] => steps.map((step) => (step.step === name ? to(step) : step));
