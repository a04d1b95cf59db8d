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

export class Offenders {
  readonly #server: PostgresServer;
  readonly #known = new Map<string, { times: number; atMs: number }>();

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  /**
   * @param sessions as many the login may have while it is held
   * @returns for how long it is held. @throws {Unavailable} it is not held then
   */
  async offended(login: string, sessions: number): Promise<number> {
    const now = performance.now();
    for (const [name, { atMs }] of this.#known) if (now - atMs > FORGET_AFTER_MS) this.#known.delete(name);
    const times = (this.#known.get(login)?.times ?? 0) + 1;
    this.#known.set(login, { times, atMs: now });
    if (times === 1) return 0;
    const holdMs = pauseAfter(times - 1, HOLDS);
    await this.#hold(login, sessions, holdMs);
    return holdMs;
  }

  /** Whatever compares logins with what they shall be gives the connections back when the time is over. */
  async #hold(login: string, sessions: number, holdMs: number): Promise<void> {
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
