import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresWorkBoard } from './postgres-work-board.ts';

let platform: TestPlatform;
let other: pg.Pool;
/** of two processes */
let boards: readonly [PostgresWorkBoard, PostgresWorkBoard];

beforeAll(async () => {
  platform = await testPlatform();
  other = new pg.Pool(platform.connection);
  boards = [new PostgresWorkBoard(platform.pool), new PostgresWorkBoard(other)];
});
afterAll(async () => {
  await other.end();
  await platform[Symbol.asyncDispose]();
});

const AT = new Date('2026-01-01T00:00:00.123Z');
const LATER = new Date('2026-01-01T00:01:00.456Z');
const far = (done: number) => ({ at: 'log', doing: 'reading', done, total: 9, secondsLeft: 1.5 });
const begin = async (of: 0 | 1) => {
  const begun = await boards[of].begin('verify', 'opt_1', AT);
  if (!begun) throw new Error('one is under way');
  return begun;
};

test('each process tells how far it is, wherever it is done, and nobody begins a second one', async () => {
  expect(await boards[1].read()).toEqual([]);
  const begun = await begin(0);
  expect(await boards[1].begin('verify', 'opt_2', AT)).toBeUndefined();
  expect(await boards[0].begin('verify', 'opt_2', AT)).toBeUndefined();
  const replay = await boards[1].begin('replay', 'opt_2', AT);
  for (let done = 1; done <= 9; done++) begun.tell(far(done));
  await expect
    .poll(async () => (await boards[1].read()).find(({ work }) => work === 'verify'), { timeout: 20_000 })
    .toEqual({
      work: 'verify',
      state: 'running',
      by: 'opt_1',
      startedAt: AT,
      endedAt: null,
      progress: far(9),
      result: null,
      error: null,
    });
  await begun.end({ state: 'done', result: [{ equal: true }], error: null, endedAt: LATER });
  await replay?.end({ state: 'failed', result: null, error: 'the disk is full', endedAt: LATER });
  expect(await boards[1].read()).toMatchObject([
    { work: 'replay', state: 'failed', by: 'opt_2', error: 'the disk is full', result: null },
    { work: 'verify', state: 'done', endedAt: LATER, result: [{ equal: true }], error: null },
  ]);
  await (await begin(1)).end({ state: 'done', result: null, error: null, endedAt: LATER });
  expect(await boards[0].read()).toMatchObject([{ work: 'replay' }, { work: 'verify', progress: null }]);
});

test('who waited for the end of one begins the next at once, in any process', async () => {
  for (let round = 0; round < 50; round++) {
    const begun = await begin(round % 2 === 0 ? 0 : 1);
    await begun.end({ state: 'done', result: null, error: null, endedAt: LATER });
  }
});

test('what a killed process was at is told of as ended by that, and may be begun again', async () => {
  const module = join(import.meta.dirname, 'postgres-work-board.ts');
  const program = `import pg from 'pg';
    import { PostgresWorkBoard } from ${JSON.stringify(module)};
    const begun = await new PostgresWorkBoard(new pg.Pool(JSON.parse(process.argv[1]))).begin('verify', 'opt_9', new Date());
    begun.tell(${JSON.stringify(far(3))});
    setInterval(() => {}, 1000);
    console.log('begun');`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, JSON.stringify(platform.connection)],
    {
      cwd: join(import.meta.dirname, '..', '..'),
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const shown = async () => (await boards[0].read()).find(({ work }) => work === 'verify');
  await once(child.stdout, 'data');
  await expect.poll(shown, { timeout: 20_000 }).toMatchObject({ state: 'running', progress: far(3) });
  expect(await boards[0].begin('verify', 'opt_1', AT)).toBeUndefined();
  child.kill('SIGKILL');
  await ended;
  await expect.poll(shown, { timeout: 20_000 }).toMatchObject({
    state: 'failed',
    by: 'opt_9',
    endedAt: expect.any(Date) as Date,
    error: expect.stringContaining('ended before it was done') as string,
  });
  await (await begin(0)).end({ state: 'done', result: null, error: null, endedAt: LATER });
  expect(await shown()).toMatchObject({ state: 'done', by: 'opt_1', error: null });
});

test('a PostgreSQL that is away is told of as that', async () => {
  const gone = new PostgresWorkBoard(new pg.Pool({ host: '127.0.0.1', port: 1 }));
  await expect(gone.read()).rejects.toThrow(Unavailable);
  await expect(gone.begin('verify', 'opt_1', AT)).rejects.toThrow(Unavailable);
});
