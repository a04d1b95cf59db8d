/**
 * What becomes of logins whose sessions were ended: at first nothing more, since it may have been a mistake. Who does it
 * again within an hour gets no session for a while (who had too many: no more than their share), each time for longer;
 * else a program that connects anew at once would have the server more often than not.
 */
import pg from 'pg';
import { databaseName, projectOfLogin } from '../../domain/project/project-id.ts';
import { HELD_UNTIL } from './project-logins.ts';
import type { PostgresServer } from './postgres-server.ts';
import { pauseAfter } from '../../application/background/back-off.ts';

const FORGET_AFTER_MS = 3_600_000;
const HOLDS = { firstMs: 30_000, longestMs: 900_000 };

interface Hold {
  readonly sessions: number;
  readonly holdMs: number;
  /** when it is not tried any more, such as for a project that is gone */
  readonly dueUntilMs: number;
}

export class Offenders {
  readonly #server: PostgresServer;
  readonly #known = new Map<string, { times: number; atMs: number }>();
  /** to be held, and not yet: what they took may still be in the way of it */
  readonly #due = new Map<string, Hold>();

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  /**
   * @param sessions as many the login may have while it is held
   * @returns for how long it is to be held, from {@link holdAll} on
   */
  offended(login: string, sessions: number): number {
    const now = performance.now();
    for (const [name, { atMs }] of this.#known) if (now - atMs > FORGET_AFTER_MS) this.#known.delete(name);
    const times = (this.#known.get(login)?.times ?? 0) + 1;
    this.#known.set(login, { times, atMs: now });
    if (times === 1) return 0;
    const holdMs = pauseAfter(times - 1, HOLDS);
    this.#due.set(login, { sessions, holdMs, dueUntilMs: now + holdMs });
    return holdMs;
  }

  /** Holds those who are to be. @throws {Unavailable} some are not held yet: call it again */
  async holdAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const [login, hold] of this.#due) {
      const held = await this.#hold(login, hold).then(
        () => true,
        (error: unknown) => void failures.push(error),
      );
      if (held || performance.now() > hold.dueUntilMs) this.#due.delete(login);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Whatever compares logins with what they shall be gives the connections back when the time is over. */
  async #hold(login: string, { sessions, holdMs }: Hold): Promise<void> {
    const role = pg.escapeIdentifier(login);
    const database = pg.escapeIdentifier(databaseName(projectOfLogin(login)));
    await this.#server.administer(`hold the login ${login}`, async (client) => {
      const { rows } = await client.query<{ until: string; most: number }>(
        `SELECT round(extract(epoch FROM clock_timestamp()) * 1000 + $1)::bigint::text AS until,
           least(rolconnlimit, $2::int) AS most FROM pg_authid WHERE rolname = $3`,
        [holdMs, sessions, login],
      );
      const [hold] = rows;
      if (!hold) return;
      await client.query(`ALTER ROLE ${role} CONNECTION LIMIT ${hold.most};
        ALTER ROLE ${role} IN DATABASE ${database} SET ${HELD_UNTIL} = '${hold.until}'`);
      if (hold.most > 0) return;
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
        login,
      ]);
    });
  }
}
