import type pg from 'pg';
import { unavailable } from '../../application/errors.ts';
import type {
  BegunWork,
  WorkBoard,
  WorkEnd,
  WorkName,
  WorkProgress,
  WorkReport,
} from '../../application/background/work-board.ts';

const WRITE_EVERY_MS = 250;
const LOCK = `hashtextextended('operator-work ' || $1, 0)`;
/** whose lock nobody holds has died: a session's locks end with it, however it ends */
const READ = `SELECT *, state = 'running' AND NOT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) | objid::bigint = hashtextextended('operator-work ' || work, 0)
  ) AS lost
  FROM progress.work ORDER BY work`;
const DIED = 'the process that was at it ended before it was done; it can be begun again';

interface Row {
  readonly work: WorkName;
  readonly state: WorkReport['state'];
  readonly started_by: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly progress: WorkProgress | null;
  readonly result: unknown;
  readonly error: string | null;
  readonly told_at: Date;
  readonly lost: boolean;
}

/** In a table that any process of the platform reads, and that survives all of them. */
export class PostgresWorkBoard implements WorkBoard {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async begin(work: WorkName, by: string, startedAt: Date): Promise<BegunWork | undefined> {
    const session = await this.#pool.connect().catch(away);
    // a session that is lost shows at the next query, and its lock is gone; with this listener it is closed, not given back
    session.on('error', () => {});
    try {
      const { rows: locked } = await session.query<{ won: boolean }>(
        `SELECT pg_try_advisory_lock(${LOCK}) AS won`,
        [work],
      );
      if (locked[0]?.won !== true) {
        session.release(true);
        return undefined;
      }
      const { rows } = await session.query<{ run: string }>(
        `INSERT INTO progress.work (work, state, started_by, started_at) VALUES ($1, 'running', $2, $3)
         ON CONFLICT (work) DO UPDATE
         SET (run, state, started_by, started_at, ended_at, progress, result, error, told_at) =
             (excluded.run, 'running', excluded.started_by, excluded.started_at, NULL, NULL, NULL, NULL, now())
         RETURNING run`,
        [work, by, startedAt],
      );
      return new Begun(this.#pool, session, work, rows[0]?.run ?? '');
    } catch (error) {
      session.release(true);
      return away(error);
    }
  }

  async read(): Promise<readonly WorkReport[]> {
    const { rows } = await this.#pool.query<Row>(READ).catch(away);
    return rows.map(({ work, started_by: by, started_at: startedAt, progress, result, lost, ...row }) => ({
      work,
      by,
      startedAt,
      progress,
      result,
      state: lost ? 'failed' : row.state,
      endedAt: lost ? row.told_at : row.ended_at,
      error: lost ? DIED : row.error,
    }));
  }
}

class Begun implements BegunWork {
  readonly #pool: pg.Pool;
  /** holds the lock */
  readonly #session: pg.PoolClient;
  readonly #work: WorkName;
  readonly #run: string;
  #word: WorkProgress | undefined;
  #writing: Promise<void> | undefined;

  constructor(pool: pg.Pool, session: pg.PoolClient, work: WorkName, run: string) {
    this.#pool = pool;
    this.#session = session;
    this.#work = work;
    this.#run = run;
  }

  tell(progress: WorkProgress): void {
    this.#word = progress;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async end({ state, result, error, endedAt }: WorkEnd): Promise<void> {
    this.#word = undefined;
    await this.#writing;
    try {
      await this.#pool.query(
        `UPDATE progress.work SET (state, result, error, ended_at) = ($2, $3::jsonb, $4, $5) WHERE run = $1`,
        [this.#run, state, JSON.stringify(result ?? null), error, endedAt],
      );
    } catch (problem) {
      away(problem);
    } finally {
      await this.#unlock();
    }
  }

  /** Unlocked before it is closed, which nobody can wait for: the next may begin as soon as this is over. */
  async #unlock(): Promise<void> {
    await this.#session.query(`SELECT pg_advisory_unlock(${LOCK})`, [this.#work]).catch(() => {});
    this.#session.release(true);
  }

  async #writeAll(): Promise<void> {
    while (this.#word) {
      const word = this.#word;
      this.#word = undefined;
      // what cannot be written now comes again with the next word
      await this.#pool
        .query('UPDATE progress.work SET (progress, told_at) = ($2, now()) WHERE run = $1', [
          this.#run,
          JSON.stringify(word),
        ])
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, WRITE_EVERY_MS));
    }
  }
}

const away = (error: unknown): never => {
  throw unavailable('platform_postgres', 'look at the work of operators', error);
};
