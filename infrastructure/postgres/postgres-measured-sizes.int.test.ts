import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { measuredSizesContract } from '../../application/ports/measured-sizes.contract.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresMeasuredSizes } from './postgres-measured-sizes.ts';

let platform: TestPlatform;
let pool: pg.Pool;

beforeAll(async () => {
  platform = await testPlatform();
  ({ pool } = platform);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

measuredSizesContract('PostgreSQL', () =>
  Promise.resolve({ measured: new PostgresMeasuredSizes(pool), close: () => Promise.resolve() }),
);

test('what nobody has looked at for months is forgotten, and what is the same is not written again', async () => {
  const measured = new PostgresMeasuredSizes(pool);
  const [gone, same] = [newProject(), newProject()];
  await measured.record(new Map([gone, same].map((id) => [id, 1])));
  const written = async () =>
    (await pool.query('SELECT ctid, xmax FROM measured.database_sizes WHERE project_id = $1', [same])).rows;
  const before = await written();
  await pool.query(
    `UPDATE measured.database_sizes SET measured_at = now() - interval '91 days' WHERE project_id = $1`,
    [gone],
  );
  await measured.record(new Map([[same, 1]]));
  expect(await measured.of([gone, same])).toEqual(new Map([[same, 1]]));
  expect(await written()).toEqual(before);
});
