/** A database that outgrows its limit is read only, by whatever way one comes, until it is smaller; no other one notices. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { by, run } from './as-client.ts';
import { PlatformUnderTest } from './platform-under-test.ts';
import { patience } from './patience.ts';

const KEY = 'what the parts of this platform show each other';
const MB = 1024 * 1024;
/** an empty database has about 8 MB */
const LIMIT_MB = 16;
const PATIENCE = patience(50);
const REFUSED = { code: 'PT507', hint: expect.stringContaining('operator') as string };

interface Project {
  readonly id: string;
  readonly db_uri: string;
  readonly db_uri_pooler: string;
  readonly service_role_key: string;
}
interface Shown {
  readonly limits: { database_size_bytes: number | null; connections: number; statement_timeout_s: number };
  readonly usage: { database_size_bytes: number; database: string; since: string | null };
}

let platform: PlatformUnderTest;
let token: string;
let shop: Project;
let neighbour: Project;

const api = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  platform.call<T>(method, `/api/projects${path}`, { token, ...(body !== undefined && { body }) });
const sql = (query: string, { id } = shop) =>
  api<{ sqlstate?: string; hint?: string; type?: string }>('POST', `/${id}/sql`, { query });
const rest = (method: string, path: string, body?: unknown, project = shop) =>
  platform.call<{ code: string; hint: string }>(method, `/project/${project.id}/rest/v1/${path}`, {
    headers: { apikey: project.service_role_key },
    ...(body !== undefined && { body }),
  });
const insert = (project = shop, bytes = 100) =>
  rest('POST', 'docs', { body: randomBytes(bytes / 2).toString('hex') }, project);

async function make(name: string): Promise<Project> {
  const { id } = (await api<{ id: string }>('POST', '', { name })).body;
  await sql(
    `CREATE TABLE docs (id serial PRIMARY KEY, body text);
     ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
     CREATE FUNCTION seven() RETURNS int STABLE LANGUAGE sql AS 'SELECT 7';
     CREATE FUNCTION hoard() RETURNS oid STABLE SECURITY DEFINER LANGUAGE sql AS $$ SELECT lo_from_bytea(0, 'z') $$;
     CREATE FUNCTION add() RETURNS void LANGUAGE sql AS $$ INSERT INTO docs (body) VALUES ('x') $$`,
    { id } as Project,
  );
  return { ...(await api<Project>('GET', `/${id}/connection`)).body, id };
}

async function fillTo(megabytes: number): Promise<void> {
  const size = async () =>
    (
      await platform.sql<{ mb: number }>('SELECT pg_database_size($1) / 1048576.0::float8 AS mb', [shop.id])
    )[0];
  while (((await size())?.mb ?? 0) < megabytes && (await insert(shop, 500_000)).status === 201);
}
const INSERT = `INSERT INTO docs (body) VALUES ('y')`;
const LIFT = 'SET default_transaction_read_only = off';

const shown = async () => (await api<Shown>('GET', `/${shop.id}`)).body;
const isAt = (level: string) => expect.poll(async () => (await shown()).usage.database, PATIENCE).toBe(level);
const settled = () =>
  expect
    .poll(
      async () =>
        (await events()).filter((type) => /SizeExceeded|SizeOverrun|BackWithin|InForce/.test(type)).at(-1),
      PATIENCE,
    )
    .toBe('ProjectLimitsInForce');
async function events({ id } = shop): Promise<string[]> {
  const { body } = await api<{ entries: { type: string }[] }>('GET', `/${id}/audit?limit=500`);
  return body.entries.map(({ type }) => type).toReversed();
}
const sizeEvents = async (project = shop) =>
  (await events(project)).filter((type) => type.startsWith('DatabaseSize'));

beforeAll(async () => {
  platform = await PlatformUnderTest.create({
    PROJECT_DATABASE_SIZE_MB: String(LIMIT_MB),
    DATABASE_SIZE_LOOK_SECONDS: '0.2',
    INTERNAL_API_KEY: KEY,
  });
  await platform.start();
  token = await platform.owner('quotas');
  shop = await make('shop');
  neighbour = await make('neighbour');
});
afterAll(() => platform.close());

test('limits and usage are shown', async () => {
  const { limits, usage } = await shown();
  expect(limits).toEqual({
    database_size_bytes: LIMIT_MB * MB,
    connections: 30,
    statement_timeout_s: 120,
  });
  expect(usage).toMatchObject({ database: 'within-limit', since: null });
  expect(usage.database_size_bytes).toBeGreaterThan(5 * MB);
  expect(usage.database_size_bytes).toBeLessThan(0.75 * LIMIT_MB * MB);
  // of a list it is what was measured last
  await vi.waitFor(
    async () => {
      const { body } = await api<{ projects: Shown[] }>('GET', '');
      expect(body.projects.map((one) => one.limits)).toEqual([limits, limits]);
      for (const one of body.projects) expect(one.usage.database_size_bytes).toBeGreaterThan(5 * MB);
    },
    { timeout: 20_000 },
  );
  expect(await sizeEvents()).toEqual([]);
});

test('filled by REST it is warned of, and then read only', async () => {
  // in steps that do not pass over a level between two looks
  await fillTo(0.85 * LIMIT_MB);
  await isAt('near-limit');
  expect((await rest('POST', 'rpc/hoard', {})).status).toBe(200);
  expect((await insert()).status).toBe(201);
  await fillTo(1.02 * LIMIT_MB);
  await isAt('read-only');
  await settled();
  expect(await sizeEvents()).toEqual(['DatabaseSizeWarned', 'DatabaseSizeExceeded']);
  const why = (await api<{ summary: string; advice: string }>('GET', `/${shop.id}/why`)).body;
  expect(why.summary).toMatch(/its database has been read-only since \S+: \d+ MB of 16 MB/);
  expect(why.advice).toContain('VACUUM FULL');
});

test('the REST API lets through what reads and what deletes', async () => {
  for (const refused of [
    await insert(),
    await rest('PATCH', 'docs?id=eq.1', { body: 'z' }),
    await rest('PUT', 'docs?id=eq.1', { id: 1, body: 'z' }),
    await rest('POST', 'rpc/add', {}),
  ]) {
    expect(refused.status).toBe(507);
    expect(refused.body).toMatchObject(REFUSED);
  }
  expect((await rest('GET', 'docs?select=id&limit=1')).status).toBe(200);
  expect(await rest('POST', 'rpc/seven', {})).toMatchObject({ status: 200, body: 7 });
  expect((await rest('POST', 'rpc/hoard', {})).body).toMatchObject({ code: '42501' });
  expect((await rest('DELETE', 'docs?id=eq.1')).status).toBe(204);
  expect((await rest('GET', 'docs?id=eq.1&select=id')).body).toEqual([]);
});

test.each([
  ['directly', () => shop.db_uri],
  ['through the pooler', () => shop.db_uri_pooler],
])('%s what writes is refused, unless one insists', async (_how, uri) => {
  await expect(run(uri(), INSERT)).rejects.toMatchObject({ code: '25006' });
  await run(
    uri(),
    'SELECT count(*) FROM docs',
    'BEGIN',
    'SET TRANSACTION READ WRITE',
    'DELETE FROM docs WHERE id = 2',
    'COMMIT',
  );
});

test('SQL and migrations are refused with what can be done', async () => {
  const refused = await sql(INSERT);
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({
    sqlstate: '25006',
    hint: expect.stringContaining('VACUUM FULL') as string,
  });
  expect((await sql('SET TRANSACTION READ WRITE; DELETE FROM docs WHERE id = 3')).status).toBe(200);
  const migrations = [{ name: '0001_more.sql', sql: 'CREATE TABLE more (id int)' }];
  const migrated = await api<{ type: string; bytes: number }>('POST', `/${shop.id}/migrations`, {
    migrations,
  });
  expect(migrated.status).toBe(409);
  expect(migrated.body).toMatchObject({ type: expect.stringContaining('project/over-size-limit') as string });
});

test('no other project notices', async () => {
  expect((await insert(neighbour)).status).toBe(201);
  await run(neighbour.db_uri, INSERT);
  await run(neighbour.db_uri_pooler, INSERT);
  expect(await sizeEvents(neighbour)).toEqual([]);
});

test('what somebody changes by hand is put back, and a restart changes nothing', async () => {
  const setting = `ALTER ROLE ${shop.id}_owner IN DATABASE ${shop.id} RESET default_transaction_read_only`;
  await platform.sql(setting);
  const manager = `http://127.0.0.1:${platform.environment['MANAGER_PORT']}`;
  const headers = { 'x-internal-api-key': KEY };
  await fetch(`${manager}/internal/reconcile`, { method: 'POST', headers });
  await expect(run(shop.db_uri, INSERT)).rejects.toMatchObject({ code: '25006' });
  expect(await events()).toContain('DriftRepaired');
  await platform.stop();
  await platform.start();
  token = await platform.login('quotas');
  await expect(run(shop.db_uri, INSERT)).rejects.toMatchObject({ code: '25006' });
  expect((await insert()).status).toBe(507);
  expect((await shown()).usage.database).toBe('read-only');
});

test('smaller again it is writable by itself, also for who is connected through the pooler', async () => {
  await by(shop.db_uri_pooler, async (pooled) => {
    await pooled.query('SELECT 1');
    await expect(pooled.query(INSERT)).rejects.toMatchObject({ code: '25006' });
    await run(shop.db_uri, LIFT, 'DELETE FROM docs WHERE id > 3');
    // somebody who looked meanwhile, such as autoanalyze, may keep rows from being cleaned up
    const vacuum = () => run(shop.db_uri, 'VACUUM FULL docs').catch(() => {});
    await expect
      .poll(
        () =>
          vacuum()
            .then(shown)
            .then(({ usage }) => usage.database),
        { ...PATIENCE, interval: 500 },
      )
      .toBe('within-limit');
    await settled();
    expect((await insert()).status).toBe(201);
    expect((await rest('POST', 'rpc/hoard', {})).status).toBe(200);
    await run(shop.db_uri, INSERT);
    await expect
      .poll(
        () =>
          pooled.query(INSERT).then(
            () => 'written',
            () => 'refused',
          ),
        PATIENCE,
      )
      .toBe('written');
  });
  expect((await sizeEvents()).slice(2)).toEqual(['DatabaseSizeBackWithinLimit', 'DatabaseSizeRelaxed']);
});

describe('who goes on growing', () => {
  const junk = (megabytes: number) =>
    `INSERT INTO junk SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, ${megabytes * 1000}) n,
     generate_series(1, 32) i GROUP BY n`;
  const refusal = (uri: string) =>
    run(uri, 'SELECT 1').then(
      () => 'let in',
      (error: Error) => error.message,
    );

  test('is cut off, and only the operator lets them in again', async () => {
    await run(shop.db_uri, 'CREATE UNLOGGED TABLE junk (t text)');
    // what is under way when it becomes read only is ended
    await run(shop.db_uri, ...Array.from({ length: 20 }, () => junk(2))).catch(() => {});
    await isAt('read-only');
    await settled();
    const growing = run(shop.db_uri, LIFT, ...Array.from({ length: 100 }, () => junk(10)));
    await expect(growing).rejects.toThrow(/terminat/);
    await isAt('cut-off');
    await settled();
    expect((await shown()).usage.database_size_bytes).toBeLessThan(1_000 * MB);
    expect(await refusal(shop.db_uri)).toContain('too many connections for role');
    // the pooler goes on trying for whoever waits, 30 s long
    const waiting = refusal(shop.db_uri_pooler);
    expect(await Promise.race([waiting, pause(2_000).then(() => 'waits')])).toBe('waits');
    const asked = await sql('SELECT 1');
    expect(asked).toMatchObject({
      status: 409,
      body: { type: expect.stringContaining('over-size-limit') as string },
    });
    expect((await rest('DELETE', 'docs?id=gt.0')).body).toMatchObject({ code: 'PT507' });
    expect((await rest('GET', 'docs?select=id&limit=1')).status).toBe(200);
    expect((await insert(neighbour)).status).toBe(201);

    const raised = await platform.launchdb(
      'limits',
      shop.id,
      '--database-size',
      '4GB',
      '--connections',
      '12',
    );
    expect(raised).toMatchObject({ code: 0, output: expect.stringContaining('4096 MB') as string });
    await isAt('within-limit');
    await settled();
    await run(shop.db_uri, 'DROP TABLE junk', INSERT);
    await expect.poll(() => refusal(shop.db_uri_pooler), PATIENCE).toBe('let in');
    expect((await insert()).status).toBe(201);
    expect((await shown()).limits).toMatchObject({ database_size_bytes: 4096 * MB, connections: 12 });
  });
});

test('the operator’s command shows limits, and refuses what is none', async () => {
  const { output } = await platform.launchdb('limits', neighbour.id);
  const lines = output.split('\n');
  expect(lines.slice(0, 3)).toEqual([
    "database size      16 MB        the platform's",
    "connections        30           the platform's",
    "statement timeout  120 s        the platform's",
  ]);
  expect(lines[3]).toMatch(/^storage size       \d+ MB +the platform's$/);
  expect(lines.slice(4)).toEqual(["files              1000000      the platform's", '']);
  const set = await platform.launchdb(
    'limits',
    neighbour.id,
    '--statement-timeout',
    '7min',
    '--database-size',
    'none',
    '--storage-size',
    '2GB',
    '--files',
    'none',
  );
  expect(set.output).toContain('storage size       2048 MB      its own');
  expect(set.output).toContain('files              none         its own');
  expect(set.output).toContain('database size      none         its own');
  expect(set.output).toContain('statement timeout  420 s        its own');
  await expect
    .poll(
      () => by(neighbour.db_uri, async (client) => (await client.query('SHOW statement_timeout')).rows),
      PATIENCE,
    )
    .toEqual([{ statement_timeout: '7min' }]);
  const wrong = await platform.launchdb('limits', neighbour.id, '--database-size', 'much');
  expect(wrong).toMatchObject({
    code: 1,
    output: expect.stringContaining('a whole number from 1') as string,
  });
  expect((await platform.launchdb('limits', neighbour.id, '--colour', 'red')).code).toBe(64);
  expect((await platform.launchdb('limits', 'proj_0123456789abcdef')).code).toBe(1);
});
