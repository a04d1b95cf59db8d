import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';
import { integerArray, textArray, uuidArray } from './binary-arrays.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const UUIDS = ['00000000-0000-0000-0000-000000000000', '0f9a3b2c-ffff-4e1d-8000-abcdef012345'];

test.each([
  ['text', textArray, ['', 'plain', '{"a":"b\\n,NULL"}', 'é 🐘 ß', 'NULL', '{}', ' ']],
  ['text', textArray, []],
  ['integer', integerArray, [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]],
  ['uuid', uuidArray, UUIDS],
])('the server reads what was written: %s', async (type, write: (list: never[]) => Buffer, list) => {
  const { rows } = await database.pool.query<{ list: unknown }>(`SELECT $1::${type}[] AS list`, [
    write(list as never[]),
  ]);
  expect(rows[0]?.list).toEqual(list);
});
