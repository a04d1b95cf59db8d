import type pg from 'pg';
import type { ProcessName } from '../../domain/project/events.ts';
import { SPARE_PROCESSES } from '../../domain/project/spare.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { RunRow, RunState, StepRow, StepState } from './process-run.ts';

export interface ProgressStep {
  readonly step: string;
  readonly state: StepState;
  readonly attempts: number;
  readonly lastError: string | null;
  /** when a `retrying` step is tried again; in the past: it is being tried */
  readonly nextAttemptAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** null until it has ended */
  readonly durationMs: number | null;
}

export interface ProgressRun {
  /** counts from 1 within the project */
  readonly run: number;
  readonly process: ProcessName;
  readonly state: RunState;
  /** there is work to do */
  readonly open: boolean;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** null until it has ended */
  readonly durationMs: number | null;
  readonly steps: readonly ProgressStep[];
}

const MOST_RUNS = 50;

/** Whether anybody waits for a project: something is under way that is not about spare ones. */
export async function somebodyWaits(pool: pg.Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    'SELECT FROM view_process_runs.runs WHERE open AND process <> ALL ($1) LIMIT 1',
    [SPARE_PROCESSES],
  );
  return rowCount !== 0;
}

/** The projects with a process under way that nobody has suspended, the longest waiting first. */
export async function openProcesses(pool: pg.Pool): Promise<readonly ProjectId[]> {
  const { rows } = await pool.query<{ project_id: ProjectId }>(
    'SELECT project_id FROM view_process_runs.runs WHERE open ORDER BY started_at, project_id',
  );
  return rows.map((row) => row.project_id);
}

/** Those of them that have a step which failed and is to be tried again, a bounded number. */
export async function retryingProjects(pool: pg.Pool): Promise<readonly ProjectId[]> {
  const { rows } = await pool.query<{ project_id: ProjectId }>(
    `SELECT project_id FROM view_process_runs.runs
     WHERE open AND EXISTS (SELECT FROM json_array_elements(steps) AS s WHERE s ->> 'state' = 'retrying')
     ORDER BY started_at, project_id LIMIT 100`,
  );
  return rows.map((row) => row.project_id);
}

/** For owners: the latest runs of a project since it was somebody's, at most 50, newest first; empty when there is no such project. */
export async function progressOf(pool: pg.Pool, id: ProjectId): Promise<readonly ProgressRun[]> {
  const { rows } = await pool.query<RunRow>(
    `SELECT * FROM view_process_runs.runs WHERE project_id = $1 AND process <> ALL ($3)
     ORDER BY run DESC LIMIT $2`,
    [id, MOST_RUNS, SPARE_PROCESSES],
  );
  return rows.map((row) => ({
    run: row.run,
    process: row.process,
    state: row.state,
    open: row.open,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: duration(row.started_at, row.ended_at),
    steps: row.steps.map(toStep),
  }));
}

function toStep({ nextAttemptAt, startedAt, endedAt, ...step }: StepRow): ProgressStep {
  const [from, to] = [date(startedAt), date(endedAt)];
  return {
    ...step,
    nextAttemptAt: date(nextAttemptAt),
    startedAt: from,
    endedAt: to,
    durationMs: duration(from, to),
  };
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text));

const duration = (from: Date | null, to: Date | null): number | null =>
  from && to && Math.max(to.getTime() - from.getTime(), 0);
