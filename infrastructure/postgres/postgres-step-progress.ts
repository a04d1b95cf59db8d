import type pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import type { Progress, StepOf, StepProgress, ToldProgress } from '../../application/ports/step-progress.ts';

const WRITE_EVERY_MS = 1_000;

interface Word {
  readonly of: StepOf;
  readonly progress: Progress | undefined;
}

/** In a table that any process of the platform reads. Written once a second at most, one row for each aggregate. */
export class PostgresStepProgress implements StepProgress {
  readonly #pool: pg.Pool;
  /** not written yet */
  #words = new Map<string, Word>();
  #writing = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  tell(of: StepOf, progress: Progress | undefined): void {
    this.#words.set(`${of.aggregate} ${of.id}`, { of, progress });
    if (!this.#writing) void this.#writeAll();
  }

  async of(aggregate: string, id: string): Promise<ToldProgress | undefined> {
    const { rows } = await this.#pool
      .query<{ step: string; done: string; total: string | null; unit: string; told_at: Date }>(
        'SELECT step, done, total, unit, told_at FROM progress.steps WHERE aggregate = $1 AND id = $2',
        [aggregate, id],
      )
      .catch((error: unknown) => {
        throw new Unavailable('look how far a step is', error);
      });
    const [row] = rows;
    if (!row) return undefined;
    const total = row.total === null ? null : Number(row.total);
    return { step: row.step, done: Number(row.done), total, unit: row.unit, at: row.told_at };
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#words.size > 0) {
      const words = [...this.#words.values()];
      this.#words = new Map();
      // what cannot be written now comes again with the next word
      for (const word of words) await this.#write(word).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, WRITE_EVERY_MS).unref());
    }
    this.#writing = false;
  }

  #write({ of: { aggregate, id, step }, progress }: Word): Promise<unknown> {
    if (!progress)
      return this.#pool.query('DELETE FROM progress.steps WHERE aggregate = $1 AND id = $2', [aggregate, id]);
    const { done, total, unit } = progress;
    return this.#pool.query(
      `INSERT INTO progress.steps (aggregate, id, step, done, total, unit) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (aggregate, id) DO UPDATE
       SET (step, done, total, unit, told_at) = (excluded.step, excluded.done, excluded.total, excluded.unit, now())`,
      [aggregate, id, step, Math.round(done), total === null ? null : Math.round(total), unit],
    );
  }
}
