/** An owner's migrations, as they have them: a folder of files, the command, the API, and what the log says of them. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Attempt {
  type: string;
  name: string;
  outcome: string | null;
  actor: { kind: string; id: string };
}
interface Listed {
  migrations: { version: number; name: string; checksum: string }[];
  history: Attempt[];
}

let platform: PlatformUnderTest;
let token: string;
let id: string;
let folder: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('migrating');
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name: 'moving' } }))
    .body.id;
  folder = await mkdtemp(join(tmpdir(), 'launchdb-migrations-'));
  const scopes = { name: 'ci', scopes: ['read', 'write'], project_id: id };
  const issued = await platform.call<{ token: string }>('POST', '/api/tokens', { token, body: scopes });
  Object.assign(platform.environment, {
    LAUNCHDB_URL: platform.url,
    LAUNCHDB_TOKEN: issued.body.token,
    LAUNCHDB_PROJECT: id,
  });
});
afterAll(async () => {
  await platform.close();
  await rm(folder, { recursive: true, force: true });
});

const path = () => `/api/projects/${id}/migrations`;
const migrate = (what: string, ...more: string[]) => platform.launchdb('migrate', what, folder, ...more);
const write = (name: string, sql: string) => writeFile(join(folder, name), sql);
const list = async () => (await platform.call<Listed>('GET', path(), { token })).body;
const post = (migrations: { name: string; sql: string }[], more = {}) =>
  platform.call('POST', path(), { token, body: { migrations, ...more } });
const rest = async (table: string) => {
  const keys = await platform.call<{ service_role_key: string }>('GET', `/api/projects/${id}/keys`, {
    token,
  });
  return platform.call<unknown>('GET', `/project/${id}/rest/v1/${table}`, {
    headers: { apikey: keys.body.service_role_key },
  });
};

test('new, status, diff-check, up: from an empty folder to a table that the REST API shows', async () => {
  expect((await migrate('status')).output).toContain('There are no migrations');
  expect((await platform.launchdb('migrate', 'new', 'Make todos!', folder)).output).toContain(
    '0001_make_todos.sql',
  );
  expect(await readdir(folder)).toEqual(['0001_make_todos.sql']);
  await write(
    '0001_make_todos.sql',
    `CREATE TABLE todos (id int PRIMARY KEY);\r\nINSERT INTO todos VALUES (1);`,
  );
  await write(
    '0002_index.sql',
    `-- launchdb: no-transaction\nCREATE INDEX CONCURRENTLY todos_id ON todos (id);`,
  );
  expect(await migrate('diff-check')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/pending +0001/) as string,
  });
  const up = await migrate('up');
  expect(up.output).toMatch(/^applied +0001_make_todos.sql.*\napplied +0002_index.sql/);
  expect(up.code).toBe(0);
  expect(await migrate('diff-check')).toMatchObject({ code: 0 });
  expect((await migrate('up')).output).toContain('Nothing to do');
  await vi.waitFor(async () => expect((await rest('todos')).body).toEqual([{ id: 1 }]), { timeout: 60_000 });
});

test('who applied what stands in the history and in the audit trail, and no SQL does', async () => {
  const { migrations, history } = await list();
  expect(migrations.map(({ name }) => name)).toEqual(['0001_make_todos.sql', '0002_index.sql']);
  expect(history.map(({ type }) => type)).toEqual([
    'MigrationApplied',
    'MigrationStarted',
    'MigrationApplied',
    'MigrationStarted',
  ]);
  expect(history[0]?.actor.kind).toBe('token');
  const one = await platform.call<{ sql: string; history: Attempt[] }>('GET', `${path()}/1`, { token });
  expect(one.body.sql).toContain('CREATE TABLE todos (id int PRIMARY KEY);\nINSERT');
  expect(one.body.history).toHaveLength(2);
  expect((await platform.call('GET', `${path()}/7`, { token })).status).toBe(404);
  const audit = await platform.call('GET', `/api/projects/${id}/audit?type=MigrationApplied`, { token });
  expect(JSON.stringify(audit.body)).toContain('0001_make_todos.sql');
  expect(JSON.stringify(audit.body)).not.toContain('CREATE');
});

test('what fails says file, line and column; what was before it stays; a revision of the project does not', async () => {
  const before = await platform.call<{ revision: number }>('GET', `/api/projects/${id}`, { token });
  await write('0003_more.sql', 'ALTER TABLE todos ADD title text');
  await write('0004_wrong.sql', 'CREATE TABLE half ();\n\nSELECT nope FROM todos;\n');
  const dry = await migrate('up', '--dry-run');
  expect(dry).toMatchObject({
    code: 1,
    output: expect.stringContaining('0004_wrong.sql:3:8: column "nope"') as string,
  });
  expect((await list()).migrations).toHaveLength(2);
  const up = await migrate('up');
  expect(up.code).toBe(1);
  expect(up.output).toMatch(
    /applied +0003_more.sql.*\nfailed +0004_wrong.sql:3:8: column "nope" does not exist/,
  );
  const { migrations, history } = await list();
  expect(migrations).toHaveLength(3);
  expect(history[0]).toMatchObject({ type: 'MigrationFailed', outcome: 'sqlstate 42703' });
  expect((await rest('half')).status).toBe(404);
  await vi.waitFor(async () => expect((await rest('todos')).body).toEqual([{ id: 1, title: null }]), {
    timeout: 60_000,
  });
  const after = await platform.call<{ revision: number }>('GET', `/api/projects/${id}`, { token });
  expect(after.body.revision).toBe(before.body.revision);
});

test('a changed file, one that comes too late and one that is missing are refused by name', async () => {
  await write('0004_wrong.sql', 'SELECT 1');
  await write('0003_more.sql', 'ALTER TABLE todos ADD title text -- changed');
  expect((await migrate('status')).output).toMatch(/changed +0003_more.sql/);
  expect(await migrate('up')).toMatchObject({
    code: 1,
    output: expect.stringContaining('0003_more.sql') as string,
  });
  const changed = await post([{ name: '0003_more.sql', sql: 'SELECT 2' }]);
  expect(changed).toMatchObject({ status: 409, body: { type: '/docs#migration/changed' } });
  await write('0003_more.sql', 'ALTER TABLE todos ADD title text');
  expect((await migrate('up')).code).toBe(0);
  expect(
    (
      await post([
        { name: '0005_x.sql', sql: 'SELECT 1' },
        { name: '0005_x.sql', sql: '' },
      ])
    ).status,
  ).toBe(409);
  expect((await post([{ name: '0009_x.sql', sql: 'SELECT 1' }])).status).toBe(200);
  expect(await post([{ name: '0006_x.sql', sql: 'SELECT 1' }])).toMatchObject({
    status: 409,
    body: { type: '/docs#migration/out-of-order' },
  });
  expect((await migrate('up')).output).toMatch(/missing +0009_x.sql/);
  expect((await migrate('diff-check')).code).toBe(1);
  await write('0009_x.sql', 'SELECT 1');
  expect((await migrate('diff-check')).code).toBe(0);
});

test('what cannot be is refused with a word about it', async () => {
  const concurrently = '-- launchdb: no-transaction\nCREATE INDEX CONCURRENTLY x ON todos (id)';
  expect(await post([{ name: '0010_x.sql', sql: concurrently }], { dry_run: true })).toMatchObject({
    status: 409,
    body: { type: '/docs#migration/no-dry-run' },
  });
  expect((await post([{ name: 'x.sql', sql: '' }])).status).toBe(400);
  expect((await post([{ name: '0010_x.sql', sql: '-- launchdb: no-transactions\nSELECT 1' }])).status).toBe(
    409,
  );
  const superuser = await post([{ name: '0010_x.sql', sql: `COPY (SELECT 1) TO PROGRAM 'id'` }]);
  expect(superuser).toMatchObject({ status: 422, body: { sqlstate: '42501', line: 1, file: '0010_x.sql' } });
  const commit = await post([{ name: '0010_x.sql', sql: 'CREATE TABLE kept ();\nCOMMIT' }], {
    dry_run: true,
  });
  expect(commit).toMatchObject({ status: 422, body: { line: 2, file: '0010_x.sql' } });
  const stranger = await platform.owner('migrating-stranger');
  expect((await platform.call('GET', path(), { token: stranger })).status).toBe(404);
  expect((await platform.launchdb('migrate', 'sideways')).code).toBe(64);
  expect((await platform.launchdb('migrate', '--help')).output).toContain('LAUNCHDB_TOKEN');
  const { output } = await migrate('status', '--url', 'http://127.0.0.1:1');
  expect(output).toContain('LAUNCHDB_URL');
});

test('two at once are one after the other: each file is applied once', async () => {
  const files = [{ name: '0010_counted.sql', sql: 'CREATE TABLE counted (); SELECT pg_sleep(0.5)' }];
  const answers = await Promise.all([post(files), post(files), post(files)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const outcomes = answers.map(({ body }) => (body['results'] as { outcome: string }[])[0]?.outcome ?? '');
  expect(outcomes.toSorted((a, b) => a.localeCompare(b))).toEqual(['applied', 'skipped', 'skipped']);
});

test('a platform that dies in the middle leaves nothing half done; the next look says how it ended', async () => {
  const files = [{ name: '0011_cut.sql', sql: 'CREATE TABLE cut (); SELECT pg_sleep(60)' }];
  const running = post(files, { statement_timeout_ms: 90_000 }).catch(() => undefined);
  await vi.waitFor(
    async () =>
      expect(
        await platform.sql(
          `SELECT 1 FROM pg_stat_activity WHERE application_name = 'launchdb-migrations' AND query LIKE '%pg_sleep(60)%'`,
        ),
      ).toHaveLength(1),
    { timeout: 60_000 },
  );
  await platform.kill();
  await running;
  await platform.start();
  // its session notices within seconds; until then it still holds its turn
  await vi.waitFor(
    async () =>
      expect((await list()).history[0]).toMatchObject({ type: 'MigrationFailed', outcome: 'cut off' }),
    { timeout: 60_000, interval: 500 },
  );
  expect((await list()).migrations.map(({ name }) => name)).not.toContain('0011_cut.sql');
  expect((await rest('cut')).status).toBe(404);
});
