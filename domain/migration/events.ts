import type { ProjectId } from '../project/project-id.ts';

interface Migration {
  readonly projectId: ProjectId;
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

/**
 * An owner's migrations of their project's database, in a stream of their own: they change nothing of the project
 * itself, so they must not change its revision. The SQL is not kept here, it stands in the project's database.
 */
export type MigrationEvent =
  | { readonly type: 'MigrationStarted'; readonly data: Migration }
  /** `appliedAt` as the database has it */
  | {
      readonly type: 'MigrationApplied';
      readonly data: Migration & { readonly appliedAt: string; readonly durationMs: number };
    }
  /** `outcome`: `sqlstate 42P01`, or `cut off` when nobody can tell more than that it is not applied */
  | { readonly type: 'MigrationFailed'; readonly data: Migration & { readonly outcome: string } }
  /** a dry run: what it did was taken back */
  | {
      readonly type: 'MigrationRehearsed';
      readonly data: Migration & { readonly outcome: string; readonly durationMs: number };
    };
