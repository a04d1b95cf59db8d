/** Starting where something is in the way: a clear word, and nothing damaged or left running. */
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { warningsOf } from '../../domain/platform/known-holes.ts';
import { startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { ensureSystemUser } from '../../infrastructure/process/system-user.ts';
import { quietLog, testFolder } from '../../infrastructure/testing/folder.ts';
import { MASTER_KEY, PlatformUnderTest } from './platform-under-test.ts';
import { databaseUrl, startPostgres } from './postgres-under-test.ts';

let platform: PlatformUnderTest;
let token: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('start');
  await platform.call('POST', '/api/projects', { token, body: { name: 'there' } });
  await platform.stop();
});
afterEach(async () => {
  // whatever a failed start began has ended again
  const left = await platform.programs('');
  if (left.length > 0) throw new Error(`still running: ${left.map(({ command }) => command).join(', ')}`);
});
afterAll(() => platform.close());

const dataFile = (name: string) => join(platform.folder, 'data', name);

async function startsWell(): Promise<void> {
  await platform.start();
  const { body } = await platform.call<{ projects: { status: string }[] }>('GET', '/api/projects', { token });
  expect(body.projects.map(({ status }) => status)).toEqual(['active']);
  expect(await platform.stop()).toBe(0);
}

test.each([
  'GATEWAY_PORT',
  'PLATFORM_PORT',
  'AUTH_PORT',
  'STORAGE_PORT',
  'POSTGRES_PORT',
  'PLATFORM_POSTGRES_PORT',
  'PGBOUNCER_PORT',
])('%s is taken: it says which and what to do', async (variable) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(Number(platform.environment[variable]), resolve));
  onTestFinished(() => void other.close());
  const { code, output } = await platform.startSecond();
  expect(code).toBe(1);
  expect(output).toContain(variable);
  // what else had trouble meanwhile stands in lines of the log
  const said = output.split('\n').filter((line) => !line.startsWith('{'));
  expect(said.join('\n')).not.toMatch(/\bat .*\.ts:\d/);
});

test('afterwards it starts as ever', startsWell);

test('which version of which program stands where is told at the start and by /ready, with known holes', async () => {
  const before = platform.output.length;
  await platform.start();
  const said = () => platform.output.slice(before);
  await expect
    .poll(said, { timeout: 60_000 })
    .toMatch(/^Runs on PostgreSQL of projects' databases \d+\.\d+/m);
  const port = platform.environment['MANAGER_PORT'];
  const { programs } = (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as {
    programs: Record<string, string>;
  };
  expect(Object.keys(programs)).toEqual([
    "PostgreSQL of projects' databases",
    "PostgreSQL of the platform's own",
    'PgBouncer',
    'PostgREST',
    'Node.js',
  ]);
  const pooler = programs['PgBouncer'] ?? '';
  // whatever the system has: what is known of that version is told
  const [version = ''] = pooler.split('; ');
  for (const warning of warningsOf('PgBouncer', version)) {
    expect(pooler).toContain(warning);
    expect(said()).toContain(`Warning: ${warning}`);
  }
  expect(await platform.stop()).toBe(0);
});

/** Whence the platform's own sessions come; null: by a socket. */
async function comesFrom(): Promise<(string | null)[]> {
  const rows = await platform.sql<{ address: string | null }>(
    "SELECT DISTINCT host(client_addr) AS address FROM pg_stat_activity WHERE usename = 'launchdb_platform'",
    [],
    'launchdb',
  );
  return rows.map(({ address }) => address);
}

test('the platform reaches its own PostgreSQL by a socket, which nobody else may enter', async () => {
  await platform.start();
  expect(await comesFrom()).toEqual([null]);
  const { mode } = await stat(dataFile('platform-postgres-socket'));
  expect((mode & 0o777).toString(8)).toBe('700');
  expect(await platform.stop()).toBe(0);
});

test('one that an earlier release left running has no socket: it is reached by its port', async () => {
  await platform.start();
  await platform.kill();
  const port = platform.environment['PLATFORM_POSTGRES_PORT'];
  await rm(join(dataFile('platform-postgres-socket'), `.s.PGSQL.${port}`));
  await platform.start();
  expect(await comesFrom()).toEqual(['127.0.0.1']);
  expect(await platform.stop()).toBe(0);
  await startsWell();
});

test('another master key opens nothing and harms nothing', async () => {
  const { code, output } = await platform.startSecond({ LAUNCHDB_MASTER_KEY: 'cd'.repeat(32) });
  expect(code).toBe(1);
  expect(output).toContain('was made with another master key');
  expect(output).not.toContain('cdcdcd');
  await startsWell();
});

test('a damaged mark is not overwritten', async () => {
  const mark = await readFile(dataFile('launchdb.json'), 'utf8');
  await writeFile(dataFile('launchdb.json'), mark.slice(0, 10));
  const { code, output } = await platform.startSecond();
  expect(code).toBe(1);
  expect(output).toContain('is damaged');
  await writeFile(dataFile('launchdb.json'), mark);
  await startsWell();
});

test("a folder that is somebody else's is left alone", async () => {
  const foreign = await testFolder();
  onTestFinished(() => foreign.remove());
  await writeFile(join(foreign.path, 'thesis.txt'), 'years of work');
  const { code, output } = await platform.startSecond({ LAUNCHDB_DATA_DIR: foreign.path });
  expect(code).toBe(1);
  expect(output).toContain('is not empty and not a LaunchDB data directory');
  expect(await readFile(join(foreign.path, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('a variable that cannot be used is named, with how it should look', async () => {
  const { code, output } = await platform.startSecond({ GATEWAY_PORT: '99999', LOG_LEVEL: 'loud' });
  expect(code).toBe(1);
  expect(output).toContain('GATEWAY_PORT');
  expect(output).toContain('LOG_LEVEL');
});

test('ended while it starts, it leaves nothing running and starts the next time', async () => {
  for (const afterMs of [50, 200, 400]) {
    await platform.startSecond({}, afterMs);
    expect((await platform.programs('')).map(({ command }) => command)).toEqual([]);
  }
  await startsWell();
});

test('a strict umask and an umlaut in the path are no hindrance, nor are leftover files with no number or the number of somebody else', async () => {
  const guest = await PlatformUnderTest.create();
  onTestFinished(() => guest.close());
  guest.environment['LAUNCHDB_DATA_DIR'] = join(guest.folder, "dätä #1;%d'q");
  const umask = process.umask(0o077);
  await guest.start().finally(() => process.umask(umask));
  const owner = await guest.owner('umlaut');
  const made = await guest.call<{ id: string }>('POST', '/api/projects', {
    token: owner,
    body: { name: 'one' },
  });
  const keys = `/api/projects/${made.body.id}/keys`;
  const { anon_key: apikey } = (await guest.call<{ anon_key: string }>('GET', keys, { token: owner })).body;
  const rest = () => guest.call('GET', `/project/${made.body.id}/rest/v1/`, { headers: { apikey } });
  expect((await rest()).status).toBe(200);
  await guest.kill();
  for (const { pid } of await guest.programs('')) process.kill(pid, 'SIGKILL');
  const pidFile = join(guest.dataDir, 'postgres', 'data', 'postmaster.pid');
  const [, ...others] = (await readFile(pidFile, 'utf8')).split('\n');
  const { uid, gid } = await stat(pidFile);
  const somebody = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
  onTestFinished(() => void somebody.kill());
  await writeFile(pidFile, [somebody.pid, ...others].join('\n'));
  // killed between making and writing it
  await writeFile(join(guest.dataDir, 'platform-postgres', 'data', 'postmaster.pid'), '');
  await guest.start();
  expect((await rest()).status).toBe(200);
});

test('a closed terminal ends it in order', async () => {
  const child = spawn(process.execPath, ['interfaces/main.ts'], {
    env: platform.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for await (const text of child.stdout) if ((output += String(text)).includes('is ready after')) break;
  // what is written to now fails
  child.stderr.destroy();
  child.kill('SIGHUP');
  await once(child, 'exit');
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
});

test('DATABASE_URL and EVENT_STORE_URL: on a PostgreSQL that somebody else runs, with the log in a database of its own', async () => {
  const [folder, port, user] = [await testFolder(), await testPort(), await ensureSystemUser('postgres')];
  const server = await startEmbeddedPostgres({
    binaries: await findPostgres(user),
    dataDir: join(folder.path, 'data'),
    logFile: join(folder.path, 'log'),
    port,
    superuserPassword: 'its own',
    user,
    log: quietLog,
  });
  const url = (database: string) => `postgres://postgres:its%20own@127.0.0.1:${port}/${database}`;
  const query = async (database: string, text: string) => {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    return client.query<{ count: string }>(text).finally(() => void client.end());
  };
  await query('postgres', 'CREATE DATABASE elsewhere');
  const guest = await PlatformUnderTest.create({
    DATABASE_URL: url('postgres'),
    EVENT_STORE_URL: url('elsewhere'),
    // meant for other programs
    PGSSLMODE: 'require',
    PGOPTIONS: '-c default_transaction_read_only=on',
    PGHOST: '203.0.113.1',
    NODE_PG_FORCE_NATIVE: '1',
  });
  // nor is what somebody has set for our databases and logins ours
  await query('postgres', `ALTER DATABASE elsewhere SET datestyle = 'SQL, DMY'`);
  await query('postgres', `ALTER ROLE postgres SET datestyle = 'German'`);
  await query('postgres', 'ALTER ROLE postgres SET default_transaction_read_only = on');
  onTestFinished(async () => {
    await guest.close();
    await server.stop();
    await folder.remove();
  });
  await guest.start();
  const owner = await guest.owner('guest');
  const made = await guest.call<{ id: string; status: string }>('POST', '/api/projects', {
    token: owner,
    body: { name: 'guest' },
  });
  expect(made.body.status).toBe('active');
  expect(await guest.programs('bin/postgres')).toEqual([]);
  const events = async (database: string) =>
    Number((await query(database, 'SELECT count(*) FROM log.events')).rows[0]?.count);
  expect(await events('elsewhere')).toBeGreaterThan(7);
  expect(await events('launchdb')).toBe(0);
  expect((await guest.launchdb('verify')).code).toBe(0);
  await guest.stop();
  expect(server.pid).toBeGreaterThan(0);
  await rm(join(guest.folder, 'data', 'pgbouncer'), { recursive: true, force: true });
  await guest.start();
  const { body } = await guest.call<{ status: string }>('GET', `/api/projects/${made.body.id}`, {
    token: owner,
  });
  expect(body.status).toBe('active');
});

/** Everything on one server, as a data directory of the releases up to 30b3945 has it. */
async function oldLayout(): Promise<PlatformUnderTest> {
  const old = await PlatformUnderTest.create();
  const port = Number(old.environment['POSTGRES_PORT']);
  const server = await startPostgres(old.serverFolder('postgres'), port, MASTER_KEY, {
    max_connections: 800,
  });
  old.environment['DATABASE_URL'] = databaseUrl(port, MASTER_KEY);
  await old.start();
  const by = await old.owner('before');
  const { body } = await old.call<{ id: string }>('POST', '/api/projects', {
    token: by,
    body: { name: 'kept' },
  });
  const query = 'CREATE TABLE milk AS SELECT 1 AS id';
  await old.call('POST', `/api/projects/${body.id}/sql`, { token: by, body: { query } });
  await old.stop();
  await server.stop();
  delete old.environment['DATABASE_URL'];
  return old;
}

test("a data directory of the release before: the platform's database moves, whenever it is killed", async () => {
  const old = await oldLayout();
  onTestFinished(() => old.close());
  for (const point of ['old-closed', 'drafted', 'copied', 'named', 'old-renamed']) {
    old.environment['CRASH_MOVE'] = point;
    await expect(old.start({})).rejects.toThrow('did not start');
    await old.ended();
  }
  delete old.environment['CRASH_MOVE'];
  await old.start();
  const by = await old.login('before');
  const list = await old.call<{ projects: { id: string; status: string }[] }>('GET', '/api/projects', {
    token: by,
  });
  const [project] = list.body.projects;
  expect(project?.status).toBe('active');
  const path = `/api/projects/${project?.id}/keys`;
  const keys = await old.call<{ anon_key: string }>('GET', path, { token: by });
  const headers = { apikey: keys.body.anon_key };
  const rows = await old.call<unknown>('GET', `/project/${project?.id}/rest/v1/milk`, { headers });
  expect(rows.body).toEqual([{ id: 1 }]);
  expect((await old.launchdb('verify')).code).toBe(0);
  expect(
    await old.sql(`SELECT datname FROM pg_database WHERE datname ^@ 'launchdb' AND NOT datistemplate`),
  ).toEqual([]);
  expect(await old.stop()).toBe(0);
});
