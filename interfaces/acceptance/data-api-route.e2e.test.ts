/** A REST API that goes straight to PostgreSQL: what holds for one that goes through the pooler holds for it, too. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { processTable } from '../composition/process-table.ts';
import {
  CONNECTIONS_OF_LOGIN,
  pooledConnections,
  PROJECT_LOGINS,
} from '../../domain/project/project-logins.ts';
import { CrashRounds, EVERYTHING, MOMENTS, ONE_OF, REACHABLE } from './crash-points.ts';
import { patience } from './patience.ts';
import type { PlatformUnderTest } from './platform-under-test.ts';
import { readPostgrestConfig } from '../../infrastructure/postgrest/postgrest-config.ts';
import { sampled } from './test-tier.ts';

const PATIENCE = patience(100);
const IDLE_MS = 1_800;

type Route = 'pooler' | 'direct' | null;

/** A project with a table, on a platform of the crash rounds'. */
class Routed {
  readonly #rounds: CrashRounds;
  id = '';
  #key = '';

  constructor(rounds: CrashRounds) {
    this.#rounds = rounds;
  }

  get platform(): PlatformUnderTest {
    return this.#rounds.platform;
  }

  async make(): Promise<void> {
    const { token, platform } = this.#rounds;
    const made = await platform.call<{ id: string }>('POST', '/api/projects', {
      token,
      body: { name: 'routed' },
    });
    this.id = made.body.id;
    await this.sql('CREATE TABLE milk AS SELECT 1 AS id');
    this.#key = (await this.call<{ anon_key: string }>('GET', '/keys')).body.anon_key;
    await vi.waitFor(async () => {
      if ((await this.rest())[0] !== 200) throw new Error('its table is not there yet');
    }, PATIENCE);
  }

  call = <T = Record<string, unknown>>(method: string, below = '', body?: unknown) =>
    this.platform.call<T>(method, `/api/projects/${this.id}${below}`, {
      token: this.#rounds.token,
      ...(body !== undefined && { body }),
    });
  sql = (query: string) => this.call('POST', '/sql', { query });
  rest = async (path = 'milk'): Promise<readonly unknown[]> => {
    const headers = { apikey: this.#key };
    const { status, body } = await this.platform.call<unknown>('GET', `/project/${this.id}/rest/v1/${path}`, {
      headers,
    });
    return [status, body];
  };
  choose = (route: Route) => this.call('PATCH', '', { settings: { data_api: { route } } });

  /**
   * How many connections its REST API has of PostgreSQL: the pooler's come by TCP, its own by the socket.
   * @param since only those that something was done by since then
   */
  held = async (since = '-infinity'): Promise<{ pooled: number; direct: number }> => {
    const [row] = await this.platform.sql<{ pooled: number; direct: number }>(
      `SELECT count(*) FILTER (WHERE client_addr IS NULL)::int AS direct, count(client_addr)::int AS pooled
       FROM pg_stat_activity WHERE usename = $1 AND state_change > $2`,
      [`${this.id}_authenticator`, since],
    );
    return row ?? { pooled: 0, direct: 0 };
  };

  /** by PostgreSQL's clock */
  now = async (): Promise<string> => {
    const [row] = await this.platform.sql<{ now: string }>('SELECT clock_timestamp()::text AS now');
    return row?.now ?? '';
  };

  /** Where it is asked past the gateway. */
  async port(): Promise<number> {
    const file = join(this.platform.dataDir, 'postgrest', `${this.id}.conf`);
    return readPostgrestConfig(await readFile(file, 'utf8'))?.port ?? 0;
  }
}

describe('a route of its own', () => {
  const rounds = new CrashRounds(
    {},
    { DATA_API_ROUTE: 'pooler', IDLE_SLEEP_MINUTES: String(IDLE_MS / 60_000) },
  );
  const project = new Routed(rounds);
  beforeAll(() => project.make());

  test('is taken up while requests are served, and the first ones of it are its own connections', async () => {
    const seen: unknown[] = [];
    let asking = true;
    const asked = (async () => {
      while (asking) {
        seen.push(await project.rest());
        await pause(5);
      }
    })();
    for (const route of ['direct', 'pooler', 'direct'] as const) {
      const { status, body } = await project.choose(route);
      expect([status, body['settings']]).toMatchObject([200, { data_api: { route } }]);
      await pause(200);
    }
    asking = false;
    await asked;
    expect(seen.filter((one) => JSON.stringify(one) !== '[200,[{"id":1}]]')).toEqual([]);
    expect(seen.length).toBeGreaterThan(10);
    const from = await project.now();
    await Promise.all(Array.from({ length: 40 }, () => project.rest()));
    const { pooled, direct } = await project.held();
    expect(direct).toBeGreaterThan(0);
    expect(direct).toBeLessThanOrEqual(CONNECTIONS_OF_LOGIN);
    // the pooler keeps what is left of the time before until it has been idle for long: as many as are its own, and used by nobody
    expect(pooled).toBeLessThanOrEqual(pooledConnections(PROJECT_LOGINS) - CONNECTIONS_OF_LOGIN);
    expect(await project.held(from)).toEqual({ pooled: 0, direct: expect.any(Number) as number });
  });

  test('goes on without the pooler', async () => {
    const [pooler] = await project.platform.programs('pgbouncer');
    process.kill(pooler?.pid ?? 0, 'SIGSTOP');
    try {
      expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
    } finally {
      process.kill(pooler?.pid ?? 0, 'SIGCONT');
    }
  });

  test('serves on when what it has prepared changes', async () => {
    for (let times = 0; times < 10; times++) await project.rest();
    await project.sql('ALTER TABLE milk ALTER id TYPE text, ADD more int DEFAULT 7');
    await expect.poll(() => project.rest(), PATIENCE).toEqual([200, [{ id: '1', more: 7 }]]);
    await project.sql('DROP TABLE milk; CREATE TABLE milk AS SELECT 1 AS id');
    await expect.poll(() => project.rest(), PATIENCE).toEqual([200, [{ id: 1 }]]);
  });

  test('a pause ends its connections, and none comes back before it resumes', async () => {
    await project.call('POST', '/pause');
    expect(await project.held()).toEqual({ pooled: 0, direct: 0 });
    expect((await project.rest())[0]).toBe(503);
    await project.call('POST', '/resume');
    expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
  });

  test('a new password of the owner, and REST APIs that were killed, leave it as it is', async () => {
    await project.call('POST', '/database-password/rotate');
    expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
    await project.platform.killDataApis(project.id);
    await expect.poll(() => project.rest().catch(() => []), PATIENCE).toEqual([200, [{ id: 1 }]]);
    expect(await project.held()).toMatchObject({ pooled: 0 });
  });

  test('it sleeps when nobody asks, changes its route in its sleep, and wakes by that one', async () => {
    const status = async () => (await project.call('GET')).body['status'];
    await expect.poll(status, PATIENCE).toBe('sleeping');
    await expect.poll(() => project.platform.resources(project.id), PATIENCE).toEqual(REACHABLE);
    expect((await project.choose('pooler')).body).toMatchObject({ status: 'sleeping' });
    expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
    expect(await project.held()).toMatchObject({ direct: 0 });
    await project.choose('direct');
    expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
    expect(await project.platform.resources(project.id)).toEqual(EVERYTHING);
  });

  test('a request that takes long keeps it awake, also one that no gateway sees', async () => {
    await project.sql(`CREATE FUNCTION nap(seconds float8) RETURNS text LANGUAGE sql AS
      $$ SELECT pg_sleep(seconds); SELECT 'slept' $$`);
    await expect.poll(() => project.rest('rpc/nap?seconds=0'), PATIENCE).toEqual([200, 'slept']);
    const seconds = (IDLE_MS * 2.5) / 1000;
    const napped = await fetch(`http://127.0.0.1:${await project.port()}/rpc/nap?seconds=${seconds}`);
    expect([napped.status, await napped.json()]).toEqual([200, 'slept']);
  });

  test('another default of the platform moves whoever has not chosen', async () => {
    await project.choose(null);
    await expect.poll(() => project.held(), PATIENCE).toMatchObject({ direct: 0 });
    await project.platform.stop();
    project.platform.environment['DATA_API_ROUTE'] = 'direct';
    await project.platform.start();
    expect(await project.rest()).toEqual([200, [{ id: 1 }]]);
    expect((await project.held()).direct).toBeGreaterThan(0);
  });
});

describe('kill -9 on the way to another route and back', () => {
  const rounds = new CrashRounds({}, { DATA_API_ROUTE: 'pooler' });
  const project = new Routed(rounds);
  beforeAll(() => project.make());
  const points = processTable['apply-settings'].flatMap(({ step }) =>
    MOMENTS.map((moment) => `apply-settings/${step}/do/${moment}`),
  );

  test.each(sampled(points, ONE_OF))('%s', async (point) => {
    for (const route of ['direct', 'pooler'] as const) {
      await rounds.crashAndRestart(point, () => project.choose(route));
      expect(await rounds.restsAs(project.id)).toBe('active');
      await expect.poll(() => project.rest().catch(() => []), PATIENCE).toEqual([200, [{ id: 1 }]]);
      const other = route === 'direct' ? 'pooled' : 'direct';
      await expect.poll(() => project.held(), PATIENCE).toMatchObject({ [other]: 0 });
      expect(await project.platform.resources(project.id)).toEqual(EVERYTHING);
    }
  });
});
