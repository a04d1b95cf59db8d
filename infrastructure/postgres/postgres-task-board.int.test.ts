import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresTaskBoard } from './postgres-task-board.ts';

let platform: TestPlatform;
let board: PostgresTaskBoard;

beforeAll(async () => {
  platform = await testPlatform();
  board = new PostgresTaskBoard(platform.pool);
});
afterAll(() => platform[Symbol.asyncDispose]());

const last = {
  endedAt: new Date('2026-01-01T00:00:00.123Z'),
  tookMs: 12.5,
  failure: null,
  nextAt: new Date('2026-01-01T00:00:01.123Z'),
};

test('what a process tells last is what others read, of each process its own', async () => {
  await board.tell('worker', []);
  await board.tell('worker', [{ name: 'sweep', runs: 0, failures: 0, last: undefined }]);
  const sweep = { name: 'sweep', runs: 2, failures: 1, last: { ...last, failure: 'could not look' } };
  await board.tell('worker', [sweep, { name: 'idle', runs: 1, failures: 0, last }]);
  await board.tell('manager', [{ name: 'sweep', runs: 0, failures: 0, last: undefined }]);
  expect(await board.read()).toEqual([
    { process: 'manager', name: 'sweep', runs: 0, failures: 0, last: undefined },
    { process: 'worker', name: 'idle', runs: 1, failures: 0, last },
    { process: 'worker', ...sweep },
  ]);
});

test('what nobody tells of any more is forgotten', async () => {
  await board.tell('gone', [{ name: 'mails', runs: 1, failures: 0, last }]);
  await platform.pool.query(
    `UPDATE progress.tasks SET told_at = now() - interval '3 minutes' WHERE process = 'gone'`,
  );
  expect((await board.read()).map(({ process }) => process)).not.toContain('gone');
});

test('without PostgreSQL whoever tells or looks is told so', async () => {
  const away = new PostgresTaskBoard(new pg.Pool({ host: '127.0.0.1', port: 1 }));
  await expect(away.read()).rejects.toThrow(Unavailable);
  const told = away.tell('worker', [{ name: 'sweep', runs: 0, failures: 0, last: undefined }]);
  await expect(told).rejects.toThrow(Unavailable);
});
