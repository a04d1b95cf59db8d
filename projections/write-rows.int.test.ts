import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testDatabase, type TestDatabase } from '../infrastructure/testing/database.ts';
import { transaction, withClient } from './transaction.ts';
import { insertRows, JsonText, upsertRows } from './write-rows.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query(
    `CREATE TABLE things (key text PRIMARY KEY CHECK (key <> 'poison'), n bigint, at timestamptz, yes bool, doc json, more jsonb)`,
  );
});
afterAll(() => database[Symbol.asyncDispose]());

const ODD = [
  '',
  'plain',
  'tab\there',
  'line\nbreak\r\n',
  'back\\slash \\N \\.',
  '\\.',
  '𝔘ñí ☃ "quoted"',
  'null',
  '\u0001\u007f',
];

const row = (key: string, at: number) => ({
  key,
  n: at % 3 === 0 ? null : BigInt(at) * 10n ** 15n,
  at: at % 2 === 0 ? null : new Date(Date.UTC(2026, 0, 1, 0, 0, 0, at)),
  yes: at % 2 === 0,
  doc: { [ODD[at % ODD.length] ?? '']: ODD, nested: { at } },
  more: at % 5 === 0 ? null : [key, null, at],
});
const rowsOf = (count: number, name = '') =>
  Array.from({ length: count }, (_, at) => row(`${ODD[at % ODD.length]}${name}${at}`, at));

const printed = async (): Promise<string[]> =>
  (
    await database.pool.query<{ line: string }>(`SELECT ROW(t.*)::text AS line FROM things t ORDER BY 1`)
  ).rows.map(({ line }) => line);

test('many rows at once are the same as one by one, whatever is in them', async () => {
  const rows = rowsOf(500);
  await withClient(database.pool, async (client) => {
    for (const one of rows) await insertRows(client, 'things', [one]);
    const oneByOne = await printed();
    expect(oneByOne).toHaveLength(500);
    await client.query('TRUNCATE things');
    await insertRows(client, 'things', rows);
    expect(await printed()).toEqual(oneByOne);
    await upsertRows(client, 'things', ['key'], rows);
    expect(await printed()).toEqual(oneByOne);
  });
});

test.each([
  ['that the table refuses', { ...row('poison', 1) }, '23514'],
  ['that is there already', row('there', 1), '23505'],
  ['with what PostgreSQL cannot hold', row('nul \0', 1), '22021'],
])('a row %s fails alone in its part of a transaction; the session goes on', async (_what, bad, code) => {
  await database.pool.query('TRUNCATE things');
  await withClient(database.pool, (client) =>
    transaction(client, async () => {
      await insertRows(client, 'things', [row('there', 1)]);
      await client.query('SAVEPOINT part');
      const before = rowsOf(3000, 'before');
      const failure = await insertRows(client, 'things', [...before, bad, ...rowsOf(3000, 'after')]).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(pg.DatabaseError);
      expect(failure).toMatchObject({ code });
      await client.query('ROLLBACK TO SAVEPOINT part');
      await insertRows(client, 'things', before);
    }),
  );
  expect(await printed()).toHaveLength(3001);
});

test('a session that dies in the middle is an error, and soon', async () => {
  await database.pool.query(
    `CREATE TABLE slow (key text);
     CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
     CREATE TRIGGER slow BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION dawdle()`,
  );
  const rows = Array.from({ length: 5_000 }, (_, at) => ({ key: `${at} ${'x'.repeat(2_000)}` }));
  const writing = withClient(database.pool, (client) => insertRows(client, 'slow', rows));
  const outcome = writing.catch((error: unknown) => error);
  await vi.waitFor(
    async () => {
      const { rowCount } = await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE wait_event = 'PgSleep' AND datname = current_database()`,
      );
      expect(rowCount).toBe(1);
    },
    { timeout: 20_000 },
  );
  expect(await outcome).toBeInstanceOf(Error);
});

test('text that is JSON already is what it stands for, in few rows and in many', async () => {
  const written = rowsOf(40, 'text');
  const asText = written.map(({ doc, ...rest }) => ({ ...rest, doc: new JsonText(JSON.stringify(doc)) }));
  await withClient(database.pool, async (client) => {
    await client.query('TRUNCATE things');
    await insertRows(client, 'things', written);
    const plain = await printed();
    await client.query('TRUNCATE things');
    await insertRows(client, 'things', asText.slice(0, 3));
    await insertRows(client, 'things', asText.slice(3));
    expect(await printed()).toEqual(plain);
  });
});
