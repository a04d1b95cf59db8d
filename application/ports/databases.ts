import type { ProjectId } from '../../domain/project/project-id.ts';
import type { DatabaseLogin } from './secrets.ts';

/**
 * Databases and logins of projects. Every method is an idempotent "ensure" or "remove" on natural names with
 * an ownership mark (a comment `launchdb:<project>`). What has the name but not the mark is somebody else's: to
 * ensure it is refused, and removing leaves it alone.
 * All throw {@link Unavailable} when PostgreSQL is away or slow and {@link Refused} for what is not ours.
 */
export interface Databases {
  /** A copy of the template, open to nobody else: PUBLIC and the shared roles have no CONNECT. */
  ensureDatabase(project: ProjectId, templateVersion: number): Promise<void>;
  /** The project's two logins and what they may do in their own database. */
  ensureUsers(
    project: ProjectId,
    logins: { readonly owner: DatabaseLogin; readonly authenticator: DatabaseLogin },
  ): Promise<void>;
  /** Also removes what the logins own; fine when the database is gone already. */
  removeUsers(project: ProjectId): Promise<void>;
  /** Ends the database's sessions and drops it with everything in it. */
  dropDatabase(project: ProjectId): Promise<void>;
  allowConnections(project: ProjectId): Promise<void>;
  /** Refuses new sessions and ends those that are there. */
  refuseConnections(project: ProjectId): Promise<void>;
  /** What stands of a project, compared with what its logins shall be; changes nothing. */
  state(
    project: ProjectId,
    logins: { readonly owner: DatabaseLogin; readonly authenticator: DatabaseLogin },
  ): Promise<DatabaseStanding>;
  /** What stands in the cluster under our mark, for reconcilers and tests. */
  list(): Promise<readonly ProjectId[]>;
}

export interface DatabaseStanding {
  readonly database: 'open' | 'closed' | 'absent' | 'foreign';
  /** `different`: a password, an attribute or the right to connect was changed, or one of the two is missing */
  readonly users: 'as-wanted' | 'different' | 'absent';
}
