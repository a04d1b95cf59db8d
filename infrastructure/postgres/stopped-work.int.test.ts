/** What a signal stops: the statement ends with its session, nobody waits for it, and nobody else gets that session. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

const { logins } = await new AesSecrets(randomBytes(32)).issue();
const project = newProject();
let server: PostgresServer;
let others: PostgresServer;
let databases: PostgresDatabases;

beforeAll(async () => {
  [server, others] = [await testServer(), await testServer()];
  databases = new PostgresDatabases(server);
  await databases.ensureDatabase(project, await latestTemplateVersion());
});
afterAll(async () => {
  await databases.removeUsers(project);
  await databases.dropDatabase(project);
  await server.close();
  await others.close();
});

/** Sessions that wait for this lock. */
const waiting = (of: ProjectId) =>
  others.administer('look who waits', async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND classid::bigint = (hashtextextended($1, 0) >> 32) & 4294967295
         AND objid::bigint = hashtextextended($1, 0) & 4294967295`,
      [of],
    );
    return rowCount;
  });

test('whoever waits for a lock is stopped, and their session ends; the next one gets through', async () => {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = others.administer('hold the lock', async (client: pg.ClientBase) => {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [project]);
    held.resolve();
    await release.promise;
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [project]);
  });
  await held.promise;
  const stopping = new AbortController();
  const stopped = databases.ensureUsers(project, logins, USUAL_BOUNDS, stopping.signal);
  await vi.waitFor(async () => expect(await waiting(project)).toBe(1), { timeout: 10_000, interval: 20 });
  stopping.abort(new Error('too late'));
  // while the lock is held as before
  await expect(stopped).rejects.toThrow(Unavailable);
  expect(await waiting(project)).toBe(0);
  release.resolve();
  await holding;
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  expect(await databases.state(project, logins, USUAL_BOUNDS)).toEqual({
    database: 'open',
    users: 'as-wanted',
  });
}, 19_000);

test('what runs inside a project’s database is stopped, too, and leaves nothing', async () => {
  const stopping = new AbortController();
  const begun = Promise.withResolvers<void>();
  const work = async (client: pg.Client) => {
    await client.query('BEGIN; CREATE TABLE public.half_done ()');
    begun.resolve();
    await client.query('SELECT pg_sleep(60)');
  };
  const options = { statementMs: 0, signal: stopping.signal };
  const stopped = server.inDatabase(databaseName(project), 'do something long', work, options);
  await begun.promise;
  stopping.abort(new Error('too late'));
  await expect(stopped).rejects.toThrow(Unavailable);
  await server.inDatabase(databaseName(project), 'look', async (client) => {
    await vi.waitFor(
      async () => {
        const { rows } = await client.query<{ left: boolean }>(
          `SELECT to_regclass('public.half_done') IS NOT NULL OR EXISTS (
             SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS left`,
        );
        expect(rows).toEqual([{ left: false }]);
      },
      { timeout: 10_000, interval: 20 },
    );
  });
});

test('sessions that are used again are whole: none of them is one that was stopped', async () => {
  for (let round = 0; round < 20; round++) {
    const stopping = new AbortController();
    const stopped = server
      .administer('look', (client) => client.query('SELECT pg_sleep(0.005)'), stopping.signal)
      .catch(() => {});
    setTimeout(() => stopping.abort(new Error('stopped')), round / 2);
    await stopped;
    await server.administer('look again', (client) => client.query('SELECT pg_sleep(0.002)'));
  }
});
