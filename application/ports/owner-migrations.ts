import type { MigrationFile } from '../../domain/migration/migration-file.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** What the project's database says of a file: the truth of what was applied. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly appliedAt: Date;
  readonly durationMs: number;
}

export interface MigrationLimits {
  /** of one statement */
  readonly statementTimeoutMs: number;
  /** how long a statement waits for a lock that somebody else holds */
  readonly lockTimeoutMs: number;
}

/** Somebody else migrates the same database, and does not come to an end in time. */
export class MigrationsBusy extends Error {}

/** One session as the project's owner; while it lasts nobody else has one on the same database. */
export interface MigrationSession {
  applied(): Promise<readonly AppliedMigration[]>;
  /**
   * Runs the file and writes down that it is applied: in one transaction, unless its header says otherwise.
   * @throws {SqlFailed} with the position in the file @throws {Unavailable}
   */
  apply(file: MigrationFile): Promise<AppliedMigration>;
  /**
   * Runs the file after those that were rehearsed before in this session; all of it is taken back at its end.
   * @returns how long it took, in ms @throws {SqlFailed} @throws {Unavailable}
   */
  rehearse(file: MigrationFile): Promise<number>;
}

export interface OwnerMigrations {
  /** hex sha256 of a file's canonical text */
  checksum(sql: string): string;
  /** in order; also while somebody migrates @throws {Unavailable} */
  list(project: ProjectId): Promise<readonly AppliedMigration[]>;
  /** the text of an applied file */
  sqlOf(project: ProjectId, version: number): Promise<string | undefined>;
  /**
   * Aborting the signal ends the session and what runs in it; what was not committed by then is not applied.
   * @param waitMs how long to wait while somebody else migrates
   * @throws {MigrationsBusy} @throws {Unavailable}
   */
  exclusively<T>(
    who: { readonly project: ProjectId; readonly ownerPassword: string },
    limits: MigrationLimits & { readonly waitMs: number },
    signal: AbortSignal,
    work: (session: MigrationSession) => Promise<T>,
  ): Promise<T>;
}
