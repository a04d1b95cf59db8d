import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refused, Unavailable } from '../../application/errors.ts';
import { applyMigrations, latestVersion } from './apply-migrations.ts';
import { testDatabase, type TestDatabase } from '../testing/database.ts';

let database: TestDatabase;
let folder: string;
let clients: pg.Client[];

const write = (name: string, sql: string) => writeFile(join(folder, name), sql);

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

const tables = async () =>
  (
    await database.pool.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    )
  ).rows
    .map(({ name }) => name)
    .sort();

beforeEach(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await rm(folder, { recursive: true });
  await database[Symbol.asyncDispose]();
});

const schema = 'odd "name"';

test('applies what is missing, in order, once', async () => {
  const client = await connected();
  await write('0002_b.sql', 'CREATE TABLE b AS SELECT * FROM a; INSERT INTO b VALUES (1)');
  await write('0001_a.sql', 'CREATE TABLE a (n int)');
  await write('README.md', 'not a migration');
  expect(await applyMigrations(client, folder, { schema })).toMatchObject({
    applied: ['0001_a.sql', '0002_b.sql'],
  });
  expect(await applyMigrations(client, folder, { schema })).toMatchObject({ applied: [] });
  await write('0010_c.sql', 'CREATE TABLE c ()');
  expect(await applyMigrations(client, pathToFileURL(folder), { schema })).toMatchObject({
    applied: ['0010_c.sql'],
  });
  expect(await tables()).toEqual(['a', 'b', 'c']);
  const { rows } = await client.query<{ version: number; checksum: string }>(
    `SELECT version, checksum FROM ${pg.escapeIdentifier(schema)}.migrations ORDER BY version`,
  );
  expect(rows.map(({ version }) => version)).toEqual([1, 2, 10]);
  expect(rows[0]?.checksum).toMatch(/^[0-9a-f]{64}$/);
});

test('upTo leaves later files for later; latestVersion is the highest number', async () => {
  const client = await connected();
  expect(await latestVersion(folder)).toBe(0);
  await write('0001_a.sql', 'CREATE TABLE a ()');
  await write('0007_b.sql', 'CREATE TABLE b ()');
  expect(await latestVersion(folder)).toBe(7);
  expect(await applyMigrations(client, folder, { schema, upTo: 6 })).toMatchObject({
    applied: ['0001_a.sql'],
  });
  expect(await applyMigrations(client, folder, { schema, upTo: 7 })).toMatchObject({
    applied: ['0007_b.sql'],
  });
});

test('many at once: each file is applied by exactly one', async () => {
  await write('0001_a.sql', 'CREATE TABLE a (n int); INSERT INTO a VALUES (1)');
  await write('0002_b.sql', 'INSERT INTO a VALUES (2)');
  const racers = await Promise.all(Array.from({ length: 6 }, connected));
  const outcomes = await Promise.all(racers.map((client) => applyMigrations(client, folder, { schema })));
  expect(outcomes.flatMap(({ applied }) => applied).sort()).toEqual(['0001_a.sql', '0002_b.sql']);
  const { rows } = await database.pool.query('SELECT n FROM a ORDER BY n');
  expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
});

test('a file that was changed after it was applied is refused by name, and nothing after it runs', async () => {
  const client = await connected();
  await write('0001_a.sql', 'CREATE TABLE a ()');
  await applyMigrations(client, folder, { schema });
  await write('0001_a.sql', 'CREATE TABLE a (n int)');
  await write('0002_b.sql', 'CREATE TABLE b ()');
  const error = await applyMigrations(client, folder, { schema }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Refused);
  expect((error as Error).message).toContain('0001_a.sql');
  expect(await tables()).toEqual(['a']);
});

test('SQL that fails is refused with its file and reason; it leaves nothing, what was before it stays', async () => {
  const client = await connected();
  await write('0001_a.sql', 'CREATE TABLE a ()');
  await write('0002_b.sql', 'CREATE TABLE b ();\nSELECT * FROM missing');
  const error = await applyMigrations(client, folder, { schema }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Refused);
  expect((error as Error).message).toBe(
    'could not apply 0002_b.sql, line 2: relation "missing" does not exist',
  );
  expect(await tables()).toEqual(['a']);
  await write('0002_b.sql', 'CREATE TABLE b ()');
  expect(await applyMigrations(client, folder, { schema })).toMatchObject({ applied: ['0002_b.sql'] });
});

test('the line is told also where PostgreSQL tells no place: it is the one of the statement', async () => {
  const client = await connected();
  await write(
    '0001_a.sql',
    "CREATE TABLE a ();\n-- 𝔘 ; '\n\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT 1;\n$$;\n\nCREATE TABLE a ()",
  );
  await expect(applyMigrations(client, folder, { schema })).rejects.toThrow(
    'could not apply 0001_a.sql, line 8: relation "a" already exists',
  );
  expect(await tables()).toEqual([]);
});

test('two files of one number, and a name that is no migration, are refused', async () => {
  const client = await connected();
  await write('0001_a.sql', '');
  await write('0001_b.sql', '');
  await expect(applyMigrations(client, folder, { schema })).rejects.toThrow('two migrations are number 1');
  await rm(join(folder, '0001_b.sql'));
  await write('2_b.sql', '');
  await expect(latestVersion(folder)).rejects.toThrow('2_b.sql is not named like');
});

test('a connection that dies meanwhile is unavailable, and the next one goes on', async () => {
  const client = await connected();
  await write('0001_a.sql', 'CREATE TABLE a ()');
  await write('0002_b.sql', 'CREATE TABLE b (); SELECT pg_terminate_backend(pg_backend_pid())');
  await expect(applyMigrations(client, folder, { schema })).rejects.toBeInstanceOf(Unavailable);
  await write('0002_b.sql', 'CREATE TABLE b ()');
  expect(await applyMigrations(await connected(), folder, { schema })).toMatchObject({
    applied: ['0002_b.sql'],
  });
});
