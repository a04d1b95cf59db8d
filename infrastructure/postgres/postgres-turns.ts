import type pg from 'pg';
import { unavailable } from '../../application/errors.ts';
import type { Turns } from '../../application/ports/turns.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

const WAIT_WITHIN_MS = 20_000;

/**
 * By an advisory lock, in a session of the pool's. Those of this process stand in line here first: were each of them to
 * wait in a session, none would be left for the work.
 */
export class PostgresTurns implements Turns {
  readonly #pool: pg.Pool;
  readonly #turns = new KeyedQueue<string>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const givenUp = AbortSignal.timeout(WAIT_WITHIN_MS);
    return this.#turns.run(name, async () => {
      if (givenUp.aborted) throw unavailable('platform_postgres', `wait longer for the turn "${name}"`);
      return this.#locked(name, work);
    });
  }

  async #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const givenUp = (error: unknown) => {
      throw unavailable('platform_postgres', `take the turn "${name}"`, error);
    };
    const session = await this.#pool.connect().catch(givenUp);
    const key = [`launchdb turn ${name}`];
    try {
      await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', key).catch(givenUp);
      return await work();
    } finally {
      // a session that cannot give the lock back is ended, and with it the lock
      const unlocked = session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', key);
      await unlocked.then(
        () => session.release(),
        () => session.release(true),
      );
    }
  }
}
