import type pg from 'pg';
import type { ProcessName } from '../../domain/project/events.ts';
import type { RunRow } from './process-run.ts';

/** The median of some durations. */
export interface Usual {
  readonly ms: number;
  readonly samples: number;
}

type Done = Pick<RunRow, 'steps' | 'started_at'> & { readonly ended_at: Date };

/** of the latest ones: what was slow a year ago says nothing of now */
const SAMPLES = 100;

/** How long the latest runs of a process that came to a good end took, as a whole and each of their steps. */
export async function usualTimes(
  pool: pg.Pool,
  process: ProcessName,
): Promise<{ readonly whole: Usual | undefined; readonly steps: ReadonlyMap<string, Usual> }> {
  const { rows } = await pool.query<Done>(
    `SELECT steps, started_at, ended_at FROM view_process_runs.runs
     WHERE process = $1 AND state = 'done' ORDER BY ended_at DESC LIMIT $2`,
    [process, SAMPLES],
  );
  const ofSteps = Map.groupBy(
    rows.flatMap(({ steps }) =>
      steps.flatMap(({ step, startedAt, endedAt }) =>
        startedAt === null || endedAt === null ? [] : [{ step, ms: between(startedAt, endedAt) }],
      ),
    ),
    ({ step }) => step,
  );
  const steps = [...ofSteps].flatMap(([step, times]) => {
    const usual = usualOf(times.map(({ ms }) => ms));
    return usual ? [[step, usual] as const] : [];
  });
  return {
    whole: usualOf(rows.map(({ started_at, ended_at }) => between(started_at, ended_at))),
    steps: new Map(steps),
  };
}

/** None is below 0, whatever somebody did to the clock meanwhile. */
const between = (from: Date | string, to: Date | string): number =>
  Math.max(0, new Date(to).getTime() - new Date(from).getTime());

function usualOf(times: readonly number[]): Usual | undefined {
  const sorted = times.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) return undefined;
  return { ms: Math.round((low + high) / 2), samples: sorted.length };
}
