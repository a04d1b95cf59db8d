/** The remote adapter in front of the migrations service's own HTTP server, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refused, unavailable } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { migrationsContract } from '../../application/ports/migrations.contract.ts';
import { command, makeHarness, request } from '../../application/testing/project-harness.ts';
import { Metrics } from '../../interfaces/http/metrics.ts';
import { internalAuthentication } from '../../interfaces/http/internal-endpoints.ts';
import { createServer } from '../../interfaces/http/server.ts';
import { migrationsEndpoints } from '../../interfaces/migrations/migrations-endpoints.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { PostgresMigrations } from '../postgres/postgres-migrations.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { testServer } from '../testing/server.ts';
import { quietLog } from '../testing/folder.ts';
import { InternalClient } from './internal-client.ts';
import { RemoteMigrations } from './remote-migrations.ts';

const KEY = 'the internal key of this test';

async function service() {
  const postgres = await testServer();
  const version = await latestTemplateVersion();
  const harness = makeHarness();
  const server = createServer({
    name: 'migrations',
    port: 0,
    portVariable: 'MIGRATIONS_PORT',
    endpoints: migrationsEndpoints({
      store: harness.store,
      migrations: new PostgresMigrations(postgres, version),
    }),
    authenticate: internalAuthentication([KEY]),
    log: quietLog,
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  const url = `http://127.0.0.1:${server.port}`;
  const through = (internalKey: string) =>
    new RemoteMigrations(new InternalClient({ url, internalKey, service: 'migrations' }), version);
  return {
    postgres,
    databases: new PostgresDatabases(postgres),
    url,
    version,
    through,
    async requested() {
      const id = newProject();
      await command(harness, id, request(id));
      return id;
    },
    async close() {
      await server.stop(100);
      await postgres.close();
    },
  };
}

migrationsContract('through the service', async () => {
  const one = await service();
  const [bare, whole, missing] = [await one.requested(), await one.requested(), await one.requested()];
  await one.postgres.administer('a bare database', (client) => client.query(`CREATE DATABASE ${bare}`));
  await one.databases.ensureDatabase(whole, one.version);
  return {
    migrations: one.through(KEY),
    bare,
    whole,
    missing,
    async spoil(project) {
      const sql = `UPDATE launchdb.migrations SET checksum = 'another' WHERE version = 1`;
      await one.postgres.inDatabase(project, 'spoil', (client) => client.query(sql));
    },
    async close() {
      await one.postgres.administer('remove', (client) => client.query(`DROP DATABASE ${bare}`));
      await one.databases.dropDatabase(whole);
      await one.close();
    },
  };
});

let one: Awaited<ReturnType<typeof service>>;
beforeAll(async () => {
  one = await service();
});
afterAll(() => one.close());

test('a project that the log does not know, a wrong key and a service that is away are told apart', async () => {
  await expect(one.through(KEY).migrate(newProject(), 1)).rejects.toThrow(/There is no such project/);
  await expect(one.through('some other key, long enough').migrate(newProject(), 1)).rejects.toThrow(
    new Refused('the migrations service does not accept INTERNAL_API_KEY; give both the same one'),
  );
  const away = new InternalClient({
    url: 'http://127.0.0.1:1',
    internalKey: KEY,
    service: 'migrations',
  });
  const asked = new RemoteMigrations(away, 1).migrate(newProject(), 1);
  await expect(asked).rejects.toThrow(unavailable('migrations', 'get an answer from the migrations service'));
});

test('what it answers: once applied, then nothing, in the version that the project was requested with', async () => {
  const id = await one.requested();
  await one.postgres.administer('a bare database', (client) => client.query(`CREATE DATABASE ${id}`));
  const run = async (body: unknown) => {
    const headers = { 'x-internal-api-key': KEY, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${one.url}/internal/migrations/run`, init);
    return { status: response.status, body: await response.json() };
  };
  const counts = { project_id: id, migrations_applied: 1, migrations_skipped: 0, status: 'success' };
  expect(await run({ project_id: id })).toMatchObject({ status: 200, body: counts });
  expect(await run({ project_id: id, set: 'project-template' })).toMatchObject({
    body: { migrations_applied: 0, migrations_skipped: 1, status: 'no_changes' },
  });
  for (const body of [{}, { project_id: 'postgres' }, { project_id: id, set: 'x' }])
    expect((await run(body)).status).toBe(400);
  await one.postgres.administer('remove', (client) => client.query(`DROP DATABASE ${id}`));
});
