import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

test('the bundled server takes passwords as SCRAM only and logs no statement', async () => {
  const { rows } = await database.pool.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
     WHERE name IN ('password_encryption', 'log_statement', 'log_min_error_statement', 'server_encoding') ORDER BY name`,
  );
  expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
    log_min_error_statement: 'panic',
    log_statement: 'none',
    password_encryption: 'scram-sha-256',
    server_encoding: 'UTF8',
  });
});

test('after a crash its files are flushed all at once, where the system can', async () => {
  const { rows } = await database.pool.query<{ recovery_init_sync_method: string }>(
    'SHOW recovery_init_sync_method',
  );
  const method = process.platform === 'linux' ? 'syncfs' : 'fsync';
  expect(rows).toEqual([{ recovery_init_sync_method: method }]);
});
