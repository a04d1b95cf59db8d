import type { ProjectId } from '../../domain/project/project-id.ts';

/** Who works there. */
export interface TenantLogin {
  readonly role: string;
  readonly password: string;
}

/** One transaction in a project's database, for as long as the work lasts. */
export interface TenantConnection {
  /**
   * What is asked before the answer of the one before it is there is sent with that one, and runs behind it: each round trip
   * to the database is one that somebody waits for.
   * Names outside of `pg_catalog` need their schema: tenants may create what has the same one.
   * @throws {SqlFailed} PostgreSQL said no @throws {Unavailable} the session, or the time, is over
   */
  query<Row extends object>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Row[]; readonly rowCount: number }>;
}

export interface TenantWork {
  /** for all of it; default and bound: the adapter's own */
  readonly timeMs?: number;
  /** nobody waits for it any more */
  readonly signal?: AbortSignal;
}

/**
 * The platform's own work in projects' databases, as one of a project's logins and never as a superuser. Sessions are
 * kept and shared; how many there are, how many wait, and for how long, is bounded for each login of a project, so that
 * a project whose database holds its callers up has the others notice nothing.
 */
export interface TenantConnections {
  /**
   * The work is one transaction: it ends in COMMIT, or in ROLLBACK when the work throws, which is what it throws then.
   * @throws {Unavailable} no place, no session or no end in time; nothing was done then, unless it was about to end
   * @throws {Rejection} project/not-found, project/not-active
   * @throws {Refused} the project has no such login
   */
  with<T>(
    project: ProjectId,
    login: string,
    work: (connection: TenantConnection) => Promise<T>,
    options?: TenantWork,
  ): Promise<T>;
  /** What is known of the project's logins is no longer true: whoever comes next looks again. Work under way goes on. */
  forget(project: ProjectId): void;
  close(): Promise<void>;
}
