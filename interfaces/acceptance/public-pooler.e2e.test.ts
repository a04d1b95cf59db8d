/** The pooler's public door of docker-compose.yml, in front of the platform's real PgBouncer (and its guard). */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { serverCertificate } from '../../infrastructure/testing/esdb-server/server-certificate.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { psql } from './psql.ts';

let platform: PlatformUnderTest;
let token: string;
let port: number;
let folder: string;
let metricsPort: number;
let door: ProcessUnderTest | undefined;
let said = '';
const certificate = serverCertificate();

beforeAll(async () => {
  port = await testPort();
  platform = await PlatformUnderTest.create({
    PUBLIC_DATABASE_URL: 'none',
    PUBLIC_POOLER_URL: `postgresql://localhost:${port}?sslmode=require`,
  });
  await platform.start();
  token = await platform.owner('pooler');
  folder = join(platform.folder, 'public-pooler');
  await mkdir(folder);
  metricsPort = await testPort();
  door = new ProcessUnderTest(
    'interfaces/public-pooler.ts',
    {
      PATH: process.env['PATH'] ?? '',
      LISTEN_HOST: '127.0.0.1',
      PGBOUNCER_PORT: platform.environment['PGBOUNCER_PORT'] ?? '',
      PUBLIC_POOLER_PORT: String(port),
      PUBLIC_POOLER_METRICS_PORT: String(metricsPort),
      PUBLIC_POOLER_CERT: join(folder, 'pooler.crt'),
      PUBLIC_POOLER_KEY: join(folder, 'pooler.key'),
    },
    (text) => (said += text),
  );
  // it waits for them
  await heard('Waiting for');
  await writeFile(join(folder, 'pooler.crt'), certificate.cert);
  await writeFile(join(folder, 'pooler.key'), certificate.key);
  await heard('is ready');
});

const heard = (words: string) =>
  vi.waitFor(
    () => {
      if (!said.includes(words)) throw new Error(`it said: ${said}`);
    },
    { timeout: 60_000 },
  );

afterAll(async () => {
  door?.signal('SIGKILL');
  await platform.close();
});

interface Uris {
  readonly db_uri: string | null;
  readonly db_uri_pooler: string;
}

async function create(name: string): Promise<Uris & { readonly id: string }> {
  const { id } = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } }))
    .body;
  const { body } = await platform.call<Uris>('GET', `/api/projects/${id}/connection`, { token });
  return { id, ...body };
}

async function query(url: URL, changed: pg.ClientConfig = {}): Promise<unknown> {
  const client = new pg.Client({
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    ssl: { ca: certificate.ca },
    connectionTimeoutMillis: 10_000,
    ...changed,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<{ name: string }>('SELECT current_database() AS name')).rows[0]?.name;
  } finally {
    await client.end().catch(() => {});
  }
}

test('a project that is new, by TLS, with its own password, and nothing else', async () => {
  const url = new URL((await create('mine')).db_uri_pooler);
  const database = url.pathname.slice(1);
  // its login comes with the next look at the file
  await vi.waitFor(async () => expect(await query(url)).toBe(database), { timeout: 60_000 });
  await expect(query(url, { ssl: false })).rejects.toThrow(/SSL|TLS/i);
  await expect(query(url, { password: 'guessed' })).rejects.toThrow(/authentication/i);
  const other = new URL((await create('other')).db_uri_pooler);
  await vi.waitFor(async () => expect(await query(other)).toBe(other.pathname.slice(1)), { timeout: 60_000 });
  await expect(query(url, { database: other.pathname.slice(1) })).rejects.toThrow();
  await expect(query(url, { database: 'pgbouncer' })).rejects.toThrow();
  await expect(query(url, { database: 'postgres' })).rejects.toThrow();
});

test('the API tells what works from outside, as it is, and nothing else', async () => {
  const { id, ...told } = await create('told');
  expect(told).toMatchObject({ db_uri: null, db_uri_pooler: expect.stringContaining(`@localhost:${port}/`) });
  const ask = () => psql(told.db_uri_pooler, 'SELECT current_database()');
  await vi.waitFor(async () => expect(await ask()).toBe(id), { timeout: 60_000 });
  const rotated = await platform.call<Uris>('POST', `/api/projects/${id}/database-password/rotate`, {
    token,
  });
  const { username, host, pathname, search } = new URL(told.db_uri_pooler);
  expect(rotated.body.db_uri).toBeNull();
  expect(new URL(rotated.body.db_uri_pooler)).toMatchObject({ username, host, pathname, search });
});

test('it is ready, counts, and ends when it is told to', async () => {
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${metricsPort}${path}`)).text();
  expect(JSON.parse(await ask('/ready'))).toMatchObject({ checks: { guard: 'ok' } });
  expect(await ask('/metrics')).toMatch(/pooler_guard_connections_total\{outcome="session"\} [1-9]/);
  door?.signal('SIGTERM');
  await door?.ended();
  expect(door?.exitCode).toBe(0);
});
