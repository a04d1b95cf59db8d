import type { ProjectId } from '../../domain/project/project-id.ts';

export interface SqlField {
  readonly name: string;
  readonly dataTypeId: number;
}

export interface SqlResult {
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly fields: readonly SqlField[];
  readonly rows: readonly unknown[][];
  /** the limit on rows was reached; the statement ran whole all the same */
  readonly truncated: boolean;
}

export interface SqlOutcome {
  /** of the last statement */
  readonly result: SqlResult;
  readonly notices: readonly string[];
  readonly durationMs: number;
  /** a table, function ... may have changed: the data API has to look again */
  readonly changedSchema: boolean;
}

/** The statement is wrong, by PostgreSQL. `position` counts characters from 1. */
export class SqlFailed extends Error {
  readonly code: string;
  readonly position: number | null;
  readonly detail: string | null;
  readonly hint: string | null;

  constructor(
    message: string,
    facts: { code: string; position: number | null; detail: string | null; hint: string | null },
  ) {
    super(message);
    this.name = 'SqlFailed';
    this.code = facts.code;
    this.position = facts.position;
    this.detail = facts.detail;
    this.hint = facts.hint;
  }
}

export interface ProjectSql {
  /**
   * Runs SQL as the project's owner login, never as a superuser, in one transaction, with limits on time,
   * rows and bytes. Aborting the signal cancels the statement.
   * @throws {SqlFailed} @throws {Unavailable}
   */
  run(
    project: ProjectId,
    ownerPassword: string,
    statement: { readonly query: string; readonly params?: readonly unknown[] },
    signal: AbortSignal,
  ): Promise<SqlOutcome>;
}
