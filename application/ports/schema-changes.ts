import type { ProjectId } from '../../domain/project/project-id.ts';

/** DDL in projects' databases, by whatever connection it came. */
export interface SchemaChanges {
  /**
   * One cheap question for all of them: a mark of each database, another one than before as soon as DDL was committed
   * there. It may change for less than that. One that is missing or closed has none,
   * nor has one whose server does not answer, where there are others. @throws {Unavailable}
   */
  marks(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, string>>;
  /**
   * Calls `tell` when DDL was committed since the last call of which it returned, and not otherwise; what it throws
   * leaves the changes where they are. A database made before changes were kept has none.
   * @throws {Refused} the database is missing @throws {Unavailable}
   */
  take(project: ProjectId, tell: () => Promise<void>): Promise<void>;
  /** Those of the schemas that the database has. @throws {Refused} the database is missing @throws {Unavailable} */
  existing(project: ProjectId, schemas: readonly string[]): Promise<readonly string[]>;
}
