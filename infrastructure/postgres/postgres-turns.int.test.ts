import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { turnsContract } from '../../application/ports/turns.contract.ts';
import { PostgresTurns } from './postgres-turns.ts';
import { sessionPool } from './session-pool.ts';
import { testDatabase, type TestDatabase } from '../testing/database.ts';

turnsContract('PostgreSQL', async () => {
  const database = await testDatabase();
  const other = new pg.Pool({ connectionString: database.url, max: 10 });
  return {
    turns: [new PostgresTurns(database.pool), new PostgresTurns(other)],
    close: async () => {
      await other.end();
      await database[Symbol.asyncDispose]();
    },
  };
});

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test('however many wait, the work finds sessions in the same pool', async () => {
  const turns = new PostgresTurns(database.pool);
  const work = () => database.pool.query('SELECT 1');
  await Promise.all(Array.from({ length: 50 }, () => turns.take('busy', work)));
});

test('the session lost meanwhile: the work’s outcome counts, and the next one has its turn', async () => {
  // as the platform has it: it listens to a session that ends in somebody's hands
  const pool = sessionPool({ connectionString: database.url, max: 4 }, () => {});
  onTestFinished(() => pool.end());
  const turns = new PostgresTurns(pool);
  const work = async () => {
    const others = `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await database.pool.query(others);
    return 'done';
  };
  expect(await turns.take('lost', work)).toBe('done');
  expect(await turns.take('lost', () => Promise.resolve('next'))).toBe('next');
});

test('without PostgreSQL it is Unavailable, and the work is not begun', async () => {
  const pool = new pg.Pool({ host: '127.0.0.1', port: 1, max: 1 });
  const turns = new PostgresTurns(pool);
  let begun = false;
  const work = () => Promise.resolve((begun = true));
  await expect(turns.take('away', work)).rejects.toThrow(Unavailable);
  expect(begun).toBe(false);
  await pool.end();
});
