import type pg from 'pg';
import { unavailable } from '../../application/errors.ts';
import type { TaskReport } from '../../application/background/background.ts';
import type { TaskBoard, ToldTask } from '../../application/background/task-board.ts';

interface Row {
  readonly process: string;
  readonly task: string;
  readonly runs: string;
  readonly failures: string;
  readonly ended_at: Date | null;
  readonly took_ms: number | null;
  readonly failure: string | null;
  readonly next_at: Date | null;
}

/** In a table that any process of the platform reads. What nobody has told of for a while is nobody's any more. */
export class PostgresTaskBoard implements TaskBoard {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async tell(process: string, tasks: readonly TaskReport[]): Promise<void> {
    if (tasks.length === 0) return;
    const rows = tasks.map(({ name: task, runs, failures, last }) => ({
      process,
      task,
      runs,
      failures,
      ended_at: last?.endedAt ?? null,
      took_ms: last?.tookMs ?? null,
      failure: last?.failure ?? null,
      next_at: last?.nextAt ?? null,
      told_at: 'now',
    }));
    await this.#pool
      .query(
        `INSERT INTO progress.tasks SELECT * FROM json_populate_recordset(NULL::progress.tasks, $1)
         ON CONFLICT (process, task) DO UPDATE
         SET (runs, failures, ended_at, took_ms, failure, next_at, told_at) =
             (excluded.runs, excluded.failures, excluded.ended_at, excluded.took_ms, excluded.failure,
              excluded.next_at, excluded.told_at)`,
        [JSON.stringify(rows)],
      )
      .catch(away);
  }

  async read(): Promise<readonly ToldTask[]> {
    const { rows } = await this.#pool
      .query<Row>(
        `SELECT * FROM progress.tasks WHERE told_at > now() - interval '2 minutes' ORDER BY process, task`,
      )
      .catch(away);
    return rows.map(toTask);
  }
}

function toTask({ process, task: name, runs, failures, ended_at, took_ms, failure, next_at }: Row): ToldTask {
  const last =
    ended_at && next_at ? { endedAt: ended_at, tookMs: took_ms ?? 0, failure, nextAt: next_at } : undefined;
  return { process, name, runs: Number(runs), failures: Number(failures), last };
}

const away = (error: unknown): never => {
  throw unavailable('platform_postgres', 'look at what runs in the background', error);
};
