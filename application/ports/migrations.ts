import type { ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';

/** What became of one file. */
export interface FileResult {
  readonly name: string;
  readonly checksum: string;
  /** false: it was there already, or failed */
  readonly executed: boolean;
  readonly durationMs: number;
  readonly error?: string;
}

/** A file is not as it was applied, or its SQL fails: it left nothing, those before it stay. */
export class MigrationsStopped extends Refused {
  /** the last one is the one that failed */
  readonly results: readonly FileResult[];

  constructor(reason: string, results: readonly FileResult[], cause?: unknown) {
    super(reason, cause);
    this.results = results;
  }
}

export interface Migrations {
  /** The version of the template that new projects get. */
  readonly latestVersion: number;
  /**
   * Brings a project's database to `version`: numbered SQL files, each in a transaction with its own row.
   * Idempotent; a new copy of the template has nothing left to do.
   * @throws {MigrationsStopped} a file's checksum differs from what was applied, or its SQL fails
   * @throws {Refused} there is no such database, or the version is newer than the files @throws {Unavailable}
   */
  migrate(project: ProjectId, version: number, signal?: AbortSignal): Promise<readonly FileResult[]>;
}
