import type { ProjectId } from '../../domain/project/project-id.ts';

export interface Migrations {
  /** The version of the template that new projects get. */
  readonly latestVersion: number;
  /**
   * Brings a project's database to `version`: numbered SQL files, each in a transaction with its own row.
   * Idempotent; a new copy of the template has nothing left to do.
   * @throws {Refused} a file's checksum differs from what was applied, or its SQL fails
   */
  migrate(project: ProjectId, version: number): Promise<{ applied: readonly string[] }>;
}
