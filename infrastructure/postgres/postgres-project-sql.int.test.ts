import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import { projectSqlContract } from '../../application/ports/project-sql.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresProjectSql } from './postgres-project-sql.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

projectSqlContract('PostgreSQL', async () => {
  const server = await testServer();
  const databases = new PostgresDatabases(server);
  const project = newProject();
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  await databases.ensureDatabase(project, await latestTemplateVersion());
  await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  return {
    sql: new PostgresProjectSql(server),
    project,
    ownerPassword: logins.owner.password,
    async close() {
      await databases.dropDatabase(project);
      await databases.removeUsers(project);
      await server.close();
    },
  };
});

describe("the owner's SQL", () => {
  const project = newProject();
  let server: PostgresServer;
  let databases: PostgresDatabases;
  let password: string;
  let issued: DatabaseLogins;
  const limits = { timeoutMs: 500, rows: 5, bytes: 200_000, notices: 3 };
  const run = (query: string, params?: readonly unknown[], signal = new AbortController().signal) =>
    new PostgresProjectSql(server, limits).run(
      project,
      password,
      { query, ...(params && { params }) },
      signal,
    );

  const sessions = () =>
    server.administer('look', async (client) => {
      const sql = 'SELECT 1 FROM pg_stat_activity WHERE usename = $1';
      return (await client.query(sql, [ownerRole(project)])).rowCount;
    });

  beforeAll(async () => {
    server = await testServer();
    databases = new PostgresDatabases(server);
    issued = (await new AesSecrets(randomBytes(32)).issue()).logins;
    password = issued.owner.password;
    await databases.ensureDatabase(project, await latestTemplateVersion());
    await databases.ensureUsers(project, issued, USUAL_BOUNDS);
  });

  afterAll(async () => {
    await databases.dropDatabase(project);
    await databases.removeUsers(project);
    await server.close();
  });

  test('gives rows, fields and the time it took, as the owner', async () => {
    const outcome = await run(
      `SELECT current_user::text AS who, 9007199254740993::bigint AS big, '{"a":1}'::jsonb AS doc`,
    );
    expect(outcome.result).toMatchObject({
      command: 'SELECT',
      rowCount: 1,
      rows: [[ownerRole(project), '9007199254740993', { text: '{"a": 1}' }]],
      truncated: false,
    });
    expect(outcome.result.fields.map(({ name }) => name)).toEqual(['who', 'big', 'doc']);
    expect(outcome.changedSchema).toBe(false);
  });

  test('takes parameters, and several statements without', async () => {
    expect((await run('SELECT $1::int + 1', [41])).result.rows).toEqual([[42]]);
    const outcome = await run(
      'CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 9); SELECT n FROM t',
    );
    expect(outcome).toMatchObject({ changedSchema: true, result: { rowCount: 9, truncated: true } });
    expect(outcome.result.rows).toHaveLength(5);
  });

  test('a failure leaves nothing behind and says where it is', async () => {
    await expect(run('CREATE TABLE gone (n int); SELECT nonsense')).rejects.toMatchObject({
      name: 'SqlFailed',
      code: '42703',
      position: 35,
    });
    await expect(run('SELECT * FROM gone')).rejects.toMatchObject({ code: '42P01' });
  });

  test('a statement that takes too long is cancelled', async () => {
    await expect(run('SELECT pg_sleep(30)')).rejects.toMatchObject({ name: 'SqlFailed', code: '57014' });
  });

  test.each([
    ['lifts its limit', 'SET statement_timeout = 0; SELECT pg_sleep(600)'],
    [
      'cannot be cancelled',
      `SET statement_timeout = 0;
       DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$`,
    ],
    ['is many', Array.from({ length: 100 }, () => 'SELECT pg_sleep(0.3)').join(';')],
  ])('SQL that %s is ended all the same, and leaves no session', async (_title, query) => {
    await expect(run(query)).rejects.toMatchObject({ name: 'SqlFailed', code: '57014' });
    await vi.waitFor(async () => expect(await sessions()).toBe(0), { timeout: 10_000 });
  });

  test('with all sessions of the owner in use it says so, and there is room again when one is closed', async () => {
    const bounded = async (connections: number) =>
      databases.ensureUsers(project, issued, { ...USUAL_BOUNDS, connections });
    await bounded(1);
    try {
      const first = run('SELECT pg_sleep(0.4)');
      await vi.waitFor(async () => expect(await sessions()).toBe(1), { timeout: 30_000 });
      await expect(run('SELECT 1')).rejects.toMatchObject({ name: 'TooManySessions' });
      await first;
      await vi.waitFor(async () => expect((await run('SELECT 1')).result.rowCount).toBe(1), {
        timeout: 30_000,
      });
    } finally {
      await bounded(USUAL_BOUNDS.connections);
    }
  });

  test('SQL that ends its own session is no bug', async () => {
    const query = 'SELECT pg_terminate_backend(pg_backend_pid())';
    await expect(run(query)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('is ended when it gives too much', async () => {
    await expect(run(`SELECT repeat('x', 1000) FROM generate_series(1, 100000)`)).rejects.toMatchObject({
      code: '54000',
    });
  });

  test('ends with the caller', async () => {
    const caller = new AbortController();
    const running = run('SELECT pg_sleep(0.4), pg_sleep(0.4)', undefined, caller.signal);
    caller.abort();
    await expect(running).rejects.toThrow();
    await vi.waitFor(async () => expect(await sessions()).toBe(0), { timeout: 10_000 });
  });

  test('bounds notices, and COPY FROM STDIN does not hang', async () => {
    const noisy = `DO $$ BEGIN FOR i IN 1..10 LOOP RAISE NOTICE 'hello %', i; END LOOP; END $$`;
    expect((await run(noisy)).notices).toEqual(['hello 1', 'hello 2', 'hello 3']);
    await expect(run('CREATE TABLE c (n int); COPY c FROM STDIN')).rejects.toThrow();
  });
});
