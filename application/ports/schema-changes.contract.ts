import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { newProject } from './databases.contract.ts';
import type { SchemaChanges } from './schema-changes.ts';

export interface SchemaChangesHarness {
  readonly changes: SchemaChanges;
  /** whose databases are there */
  readonly projects: readonly [ProjectId, ProjectId];
  /** DDL in one of them, committed when it returns */
  change(project: ProjectId): Promise<void>;
  close(): Promise<void>;
}

export function schemaChangesContract(name: string, make: () => Promise<SchemaChangesHarness>): void {
  describe(`${name}: schema changes`, () => {
    let harness: SchemaChangesHarness;
    let [one, other] = ['', ''] as [ProjectId, ProjectId];
    beforeAll(async () => {
      harness = await make();
      [one, other] = harness.projects;
      await taken(one);
      await taken(other);
    });
    afterAll(() => harness.close());

    /** whether there was something to tell */
    const taken = async (project: ProjectId) => {
      let told = 0;
      await harness.changes.take(project, () => Promise.resolve(void told++));
      expect(told).toBeLessThanOrEqual(1);
      return told === 1;
    };
    const markOf = async (project: ProjectId) =>
      (await harness.changes.marks(harness.projects)).get(project) ?? 'none';

    test('a change is told once, in its own project', async () => {
      await harness.change(one);
      await harness.change(one);
      expect([await taken(one), await taken(one), await taken(other)]).toEqual([true, false, false]);
      await harness.change(other);
      expect([await taken(one), await taken(other)]).toEqual([false, true]);
    });

    test('the mark is another one as soon as a change is committed', async () => {
      for (let times = 0; times < 5; times++) {
        const before = await markOf(one);
        expect(before).not.toBe('none');
        await harness.change(one);
        expect(await markOf(one)).not.toBe(before);
      }
      await taken(one);
    });

    test('what could not be told is told again', async () => {
      await harness.change(one);
      const broken = harness.changes.take(one, () => Promise.reject(new RangeError('no')));
      await expect(broken).rejects.toThrow();
      expect([await taken(one), await taken(one)]).toEqual([true, false]);
    });

    test('of schemas those are told that are there, in the order of the question', async () => {
      const asked = ['storage', 'no-such', 'public', 'PUBLIC', "it's"];
      expect(await harness.changes.existing(one, asked)).toEqual(['storage', 'public']);
      await expect(harness.changes.existing(newProject(), asked)).rejects.toMatchObject({ name: 'Refused' });
    });

    test('a database that is not there has no mark, and cannot be asked', async () => {
      const missing = newProject();
      expect([...(await harness.changes.marks([missing, one])).keys()]).toEqual([one]);
      expect((await harness.changes.marks([])).size).toBe(0);
      await expect(harness.changes.take(missing, () => Promise.resolve())).rejects.toMatchObject({
        name: 'Refused',
      });
    });
  });
}
