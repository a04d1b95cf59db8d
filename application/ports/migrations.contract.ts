/** What bringing a project's database to a version must do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import { MigrationsStopped, type Migrations } from './migrations.ts';

export interface MigrationsHarness {
  readonly migrations: Migrations;
  /** a project whose database has nothing of ours yet */
  readonly bare: ProjectId;
  /** a project whose database is a copy of the newest template */
  readonly whole: ProjectId;
  /** alters what its database says of the first file */
  spoil(project: ProjectId): Promise<void>;
  /** a project without a database */
  readonly missing: ProjectId;
  close(): Promise<void>;
}

export function migrationsContract(name: string, make: () => Promise<MigrationsHarness>): void {
  describe(`${name}: migrations`, () => {
    let harness: MigrationsHarness;
    let migrations: Migrations;
    beforeAll(async () => {
      harness = await make();
      ({ migrations } = harness);
    });
    afterAll(() => harness.close());

    const applied = async (project: ProjectId, version: number) =>
      (await migrations.migrate(project, version)).filter(({ executed }) => executed);

    test('a new copy of the template has nothing left to do', async () => {
      expect(await applied(harness.whole, migrations.latestVersion)).toEqual([]);
      const results = await migrations.migrate(harness.whole, migrations.latestVersion);
      // numbers may have gaps
      expect(results.length).toBeGreaterThan(1);
      expect(results.length).toBeLessThanOrEqual(migrations.latestVersion);
      expect(results[0]).toMatchObject({
        name: expect.stringMatching(/^0001_/) as string,
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        executed: false,
      });
    });

    test('goes up version by version, each file once', async () => {
      expect(await applied(harness.bare, 1)).toHaveLength(1);
      const all = await migrations.migrate(harness.whole, migrations.latestVersion);
      expect(await applied(harness.bare, migrations.latestVersion)).toHaveLength(all.length - 1);
      expect(await applied(harness.bare, migrations.latestVersion)).toEqual([]);
      expect(await applied(harness.bare, 1)).toEqual([]);
    });

    test('a file that differs from what was applied is refused by name', async () => {
      await harness.spoil(harness.whole);
      const error = await migrations.migrate(harness.whole, 1).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(MigrationsStopped);
      const { message, results } = error as MigrationsStopped;
      expect(message).toMatch(/^0001_.* was changed after it was applied/);
      expect(results).toEqual([expect.objectContaining({ executed: false, error: message })]);
    });

    test('a version that is newer than the files is refused: nobody says later that it is there', async () => {
      const newer = migrations.latestVersion + 1;
      await expect(migrations.migrate(harness.bare, newer)).rejects.toThrow(
        /knows the template up to version/,
      );
    });

    test('a project without a database is refused', async () => {
      await expect(migrations.migrate(harness.missing, 1)).rejects.toThrow(Refused);
    });
  });
}
