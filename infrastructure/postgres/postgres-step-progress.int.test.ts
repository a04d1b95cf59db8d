import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { stepProgressContract } from '../../application/ports/step-progress.contract.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresStepProgress } from './postgres-step-progress.ts';

let platform: TestPlatform;
let pool: pg.Pool;

beforeAll(async () => {
  platform = await testPlatform();
  ({ pool } = platform);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

stepProgressContract('PostgreSQL', () =>
  Promise.resolve({
    progress: [new PostgresStepProgress(pool), new PostgresStepProgress(pool)],
    close: () => Promise.resolve(),
  }),
);

test('without PostgreSQL nobody who tells is disturbed; who looks is told so', async () => {
  const away = new pg.Pool({ host: '127.0.0.1', port: 1 });
  const progress = new PostgresStepProgress(away);
  progress.tell({ aggregate: 'backup', id: 'one', step: 'dump' }, { done: 1, total: 2, unit: 'bytes' });
  await expect(progress.of('backup', 'one')).rejects.toThrow(Unavailable);
  await away.end();
});
