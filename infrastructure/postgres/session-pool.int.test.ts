import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sessionPool } from './session-pool.ts';
import { testDatabase } from '../testing/database.ts';

test('a session that ends between two queries of its holder fails the next one, and nothing else', async () => {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const told: Error[] = [];
  const pool = sessionPool({ connectionString: database.url, max: 2 }, (error) => told.push(error));
  const [held, idle] = [await pool.connect(), await pool.connect()];
  idle.release();
  await database.pool.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  // the error events come now; without a listener they would end the process
  await sleep(100);
  await expect(held.query('SELECT 1')).rejects.toThrow();
  held.release(true);
  expect(told).toHaveLength(1);
  expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
