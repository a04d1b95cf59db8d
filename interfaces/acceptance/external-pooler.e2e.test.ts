/** A PgBouncer that somebody else runs, on the files that the platform writes for it. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findPgbouncer } from '../../infrastructure/process/binaries.ts';
import { launch, type Launched } from '../../infrastructure/process/launch.ts';
import { testFolder, type TestFolder } from '../../infrastructure/testing/folder.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const SOON = { timeout: 60_000, interval: 100 };

let folder: TestFolder;
let platform: PlatformUnderTest;
let pooler: Launched | undefined;
let token: string;
let id: string;

const main = () => join(folder.path, 'pooler', 'pgbouncer.ini');

async function startPooler(): Promise<void> {
  // the manager writes it, and others may start before that one
  await vi.waitFor(() => readFile(main()), { timeout: 100_000, interval: 100 });
  pooler = await launch({
    command: (await findPgbouncer('')) ?? '',
    args: [main()],
    cwd: folder.path,
    logFile: join(folder.path, 'pgbouncer.log'),
    user: folder.user,
  });
}

async function killPooler(): Promise<void> {
  if (pooler) process.kill(pooler.pid, 'SIGKILL');
  await pooler?.ended;
}

beforeAll(async () => {
  folder = await testFolder('pgbouncer');
  platform = await PlatformUnderTest.create({
    PGBOUNCER_HOST: '127.0.0.1',
    PGBOUNCER_CONFIG_DIR: join(folder.path, 'pooler'),
  });
  platform.environment['DATA_API_DB_HOST'] = await platform.addressForProjects();
  await Promise.all([platform.start(), startPooler()]);
  token = await platform.owner('external');
  const body = { name: 'shop' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
});
afterAll(async () => {
  await platform.close();
  await killPooler();
  await folder.remove();
});

async function askThroughPooler(): Promise<unknown> {
  const { body } = await platform.call<{ db_uri_pooler: string }>('GET', `/api/projects/${id}/connection`, {
    token,
  });
  const client = new pg.Client({ connectionString: body.db_uri_pooler, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<{ name: string }>('SELECT current_database() AS name')).rows[0]?.name;
  } finally {
    await client.end();
  }
}

test('projects are served through it, and no other PgBouncer is started', async () => {
  expect((await platform.call('GET', `/api/projects/${id}`, { token })).body['status']).toBe('active');
  expect(await askThroughPooler()).toBe(id);
  expect(await platform.programs('pgbouncer.ini')).toEqual([]);
});

test('killed and its files lost, it is served again as soon as it is started again', async () => {
  await rm(join(folder.path, 'pooler'), { recursive: true });
  await killPooler();
  await startPooler();
  await vi.waitFor(async () => expect(await askThroughPooler()).toBe(id), SOON);
  const why = await platform.launchdb('why', id);
  expect(why.output).toContain('pool should be registered but is absent');
});

test('the platform starts, and goes on, while it is away', async () => {
  await killPooler();
  await platform.stop();
  await platform.start();
  expect((await platform.call('GET', `/api/projects/${id}`, { token })).status).toBe(200);
  await startPooler();
  await vi.waitFor(async () => expect(await askThroughPooler()).toBe(id), SOON);
  await vi.waitFor(async () => {
    const schema = await platform.call('GET', `/project/${id}/rest/v1/`);
    expect(schema.status).not.toBe(503);
  }, SOON);
});
