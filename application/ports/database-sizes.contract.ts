import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { DatabaseSizes } from './database-sizes.ts';
import { newProject } from './databases.contract.ts';

export interface DatabaseSizesHarness {
  readonly sizes: DatabaseSizes;
  /** a new project's database */
  make(): Promise<ProjectId>;
  /** puts something of about this size into it */
  fill(project: ProjectId, bytes: number): Promise<void>;
  /** calls back while all that is in it is being rewritten */
  whileRewriting(project: ProjectId, look: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const MB = 1024 * 1024;

export function databaseSizesContract(name: string, make: () => Promise<DatabaseSizesHarness>): void {
  describe(`${name}: sizes of databases`, () => {
    let harness: DatabaseSizesHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const sizeOf = async (project: ProjectId) => (await harness.sizes.measure([project])).get(project);

    test('what is put into one is seen there and nowhere else', async () => {
      const [one, other] = [await harness.make(), await harness.make()];
      const [before, others] = [await sizeOf(one), await sizeOf(other)];
      expect(before?.rewriting).toBe(false);
      await harness.fill(one, 4 * MB);
      const grown = ((await sizeOf(one))?.bytes ?? 0) - (before?.bytes ?? 0);
      expect(grown).toBeGreaterThan(4 * MB);
      expect(grown).toBeLessThan(8 * MB);
      expect(await sizeOf(other)).toEqual(others);
    });

    test('nothing but what was asked for is told, and of what is missing nothing', async () => {
      const [asked, missing] = [await harness.make(), newProject()];
      await harness.make();
      expect([...(await harness.sizes.measure([asked, missing])).keys()]).toEqual([asked]);
      expect(await harness.sizes.measure([])).toEqual(new Map());
    });

    test('that a table is there twice because it is being rewritten is told', async () => {
      const [one, other] = [await harness.make(), await harness.make()];
      await harness.whileRewriting(one, async () => {
        expect((await sizeOf(one))?.rewriting).toBe(true);
        expect((await sizeOf(other))?.rewriting).toBe(false);
      });
      expect((await sizeOf(one))?.rewriting).toBe(false);
    });
  });
}
