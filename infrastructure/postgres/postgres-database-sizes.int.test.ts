import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { databaseSizesContract } from '../../application/ports/database-sizes.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PostgresDatabaseSizes } from './postgres-database-sizes.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';

databaseSizesContract('PostgreSQL', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const made: ProjectId[] = [];
  const text = `(SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 30) i)`;
  const fill = (project: ProjectId, bytes: number) =>
    server.inDatabase(project, 'fill it', async (client) => {
      const table = `public.filled_${randomBytes(4).toString('hex')}`;
      await client.query(`CREATE TABLE ${table} AS SELECT ${text} AS t FROM generate_series(1, $1::int) n`, [
        Math.ceil(bytes / 900),
      ]);
    });
  return {
    sizes: new PostgresDatabaseSizes(server),
    make: async () => {
      const project = newProject();
      made.push(project);
      await databases.ensureDatabase(project, await latestTemplateVersion());
      return project;
    },
    fill,
    // it stands still at the first row, whose index expression waits for a lock
    whileRewriting: async (project, look) => {
      const { host, port, user, password } = clusterAddress();
      const [holder, rewriter] = [0, 0].map(
        () => new pg.Client({ host, port, user, password, database: project }),
      ) as [pg.Client, pg.Client];
      await Promise.all([holder.connect(), rewriter.connect()]);
      try {
        await holder.query('CREATE TABLE rewritten AS SELECT 1 AS n');
        await holder.query(`CREATE FUNCTION hold(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
          BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN n; END $$`);
        await holder.query('CREATE INDEX ON rewritten (hold(n))');
        await holder.query('SELECT pg_advisory_lock(1)');
        const rewriting = rewriter.query('VACUUM FULL rewritten');
        await vi.waitFor(look, { timeout: 20_000 });
        await holder.query('SELECT pg_advisory_unlock(1)');
        await rewriting;
      } finally {
        await Promise.all([holder.end(), rewriter.end()]);
      }
    },
    close: async () => {
      for (const project of made) await databases.dropDatabase(project);
      await server.close();
    },
  };
});

/** Tells of which databases it was asked how large they are. */
class HeardServer extends PostgresServer {
  readonly measured: string[][] = [];

  override administer<T>(attempted: string, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return super.administer(attempted, (client) => {
      const hear = (target: pg.ClientBase, name: string | symbol) =>
        name === 'query' ? this.#heard(target) : (Reflect.get(target, name) as unknown);
      return work(new Proxy(client, { get: hear }));
    });
  }

  #heard = (client: pg.ClientBase) => (text: string, values: [string[]]) => {
    if (text.includes('pg_database_size')) this.measured.push(values[0]);
    return client.query(text, values);
  };
}

test('the files of a database that nobody was in are not looked at again', async () => {
  const server = new HeardServer(clusterAddress());
  const databases = new PostgresDatabases(server);
  const [quiet, used, fresh] = [newProject(), newProject(), newProject()];
  onTestFinished(async () => {
    for (const project of [quiet, used, fresh]) await databases.dropDatabase(project);
    await server.close();
  });
  const make = async (project: ProjectId) => databases.ensureDatabase(project, await latestTemplateVersion());
  for (const project of [quiet, used]) await make(project);
  const sizes = new PostgresDatabaseSizes(server);
  const look = async () => {
    server.measured.length = 0;
    const found = await sizes.measure([quiet, used, fresh]);
    return { found, asked: server.measured.flat().toSorted() };
  };
  const first = await look();
  expect(first.asked).toEqual([quiet, used].toSorted());
  expect(await look()).toEqual({ found: first.found, asked: [] });
  const { host, port, user, password } = clusterAddress();
  const client = new pg.Client({ host, port, user, password, database: used });
  await client.connect();
  await client.query('CREATE TABLE filled AS SELECT generate_series(1, 100000) AS n');
  // what they did may not be counted yet: while they are there it is looked at
  for (let looks = 0; looks < 2; looks++) {
    const { found, asked } = await look();
    expect(asked).toEqual([used]);
    expect(found.get(used)?.bytes).toBeGreaterThan((first.found.get(used)?.bytes ?? 0) + 3_000_000);
  }
  await client.query('DROP TABLE filled');
  await client.end();
  // until PostgreSQL has seen that they have gone
  await vi.waitFor(async () => expect((await look()).asked).toEqual([]), { timeout: 20_000 });
  await make(fresh);
  const last = await look();
  expect(last.asked).toEqual([fresh]);
  expect(last.found.get(used)?.bytes).toBeLessThan((first.found.get(used)?.bytes ?? 0) + 1_000_000);
  await databases.dropDatabase(quiet);
  expect([...(await look()).found.keys()].toSorted()).toEqual([used, fresh].toSorted());
});
