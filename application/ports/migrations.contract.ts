/** What bringing a project's database to a version must do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import type { Migrations } from './migrations.ts';

export interface MigrationsHarness {
  readonly migrations: Migrations;
  /** a project whose database has nothing of ours yet */
  readonly bare: ProjectId;
  /** a project whose database is a copy of the newest template */
  readonly whole: ProjectId;
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

    test('a new copy of the template has nothing left to do', async () => {
      expect(await migrations.migrate(harness.whole, migrations.latestVersion)).toEqual({ applied: [] });
    });

    test('goes up version by version, each file once', async () => {
      const first = await migrations.migrate(harness.bare, 1);
      expect(first.applied).toHaveLength(1);
      const rest = await migrations.migrate(harness.bare, migrations.latestVersion);
      expect(rest.applied).toHaveLength(migrations.latestVersion - 1);
      expect(await migrations.migrate(harness.bare, migrations.latestVersion)).toEqual({ applied: [] });
      expect(await migrations.migrate(harness.bare, 1)).toEqual({ applied: [] });
    });

    test('a project without a database is refused', async () => {
      await expect(migrations.migrate(harness.missing, 1)).rejects.toThrow(Refused);
    });
  });
}
