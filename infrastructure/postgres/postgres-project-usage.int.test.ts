import { afterAll, beforeAll, expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { projectUsageContract } from '../../application/ports/project-usage.contract.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresProjectUsage } from './postgres-project-usage.ts';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

projectUsageContract('PostgreSQL', () =>
  Promise.resolve({ usage: new PostgresProjectUsage(platform.pool), close: () => Promise.resolve() }),
);

test('what is known already is not written again', async () => {
  const usage = new PostgresProjectUsage(platform.pool);
  const id = newProject();
  const at = new Date('2026-01-01T10:00:30Z');
  const written = async () =>
    (
      await platform.pool.query<{ ctid: string }>(
        'SELECT ctid FROM project_usage.samples WHERE project_id = $1 ORDER BY per',
        [id],
      )
    ).rows;
  await usage.record(new Map([[id, { connections: 5, sizeBytes: 8 }]]), at);
  const before = await written();
  await usage.record(new Map([[id, { connections: 4, sizeBytes: 8 }]]), at);
  expect(await written()).toEqual(before);
  await usage.record(new Map([[id, { connections: 6 }]]), at);
  expect(await written()).not.toEqual(before);
});
