import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { vi } from 'vitest';
import { databaseSizesContract } from '../../application/ports/database-sizes.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PostgresDatabaseSizes } from './postgres-database-sizes.ts';
import { PostgresDatabases } from './postgres-databases.ts';
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
