import type { ProjectId } from '../../domain/project/project-id.ts';
import type { LoginBounds } from '../../domain/project/project-logins.ts';
import type { DatabaseLogins } from './secrets.ts';

/**
 * Databases and logins of projects. Every method is an idempotent "ensure" or "remove" on natural names with
 * an ownership mark (a comment `launchdb:<project>`). What has the name but not the mark is somebody else's: to
 * ensure it is refused, and removing leaves it alone.
 * One whose signal aborts stops what it has PostgreSQL do, and has settled soon after.
 * All throw {@link Unavailable} when PostgreSQL is away or slow and {@link Refused} for what is not ours.
 */
export interface Databases {
  /** A copy of the template, open to nobody else: PUBLIC and the shared roles have no CONNECT. */
  ensureDatabase(project: ProjectId, templateVersion: number, signal?: AbortSignal): Promise<void>;
  /** Those of the project's logins that it has, and what they may do in their own database; new sessions find it so. */
  ensureUsers(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void>;
  /** The half of {@link ensureUsers} that opens no session of the project's database: they can log in, and do nothing yet. */
  ensureLogins(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void>;
  /** The other half: what logins that are there may do in their own database. */
  ensureRights(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Ends sessions of the owner's login, so that what comes next finds its bounds as they are now.
   * @param which `idle`: nobody's work is cut off; those that were at work are given a moment to become idle, and those
   * that go on keep what they began with
   */
  endOwnerSessions(project: ProjectId, which: 'all' | 'idle', signal?: AbortSignal): Promise<void>;
  /**
   * Also removes what the logins own; fine when the database is gone already. They cannot be used any more and are no
   * longer listed; what names them elsewhere keeps nobody waiting, see {@link dropRetiredLogins}.
   */
  removeUsers(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /** Another try for those that could not be dropped, since something of other projects' names them. */
  dropRetiredLogins(): Promise<void>;
  /** Ends the database's sessions and drops it with everything in it. */
  dropDatabase(project: ProjectId, signal?: AbortSignal): Promise<void>;
  allowConnections(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /** Refuses new sessions and ends those that are there. */
  refuseConnections(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /** What stands of a project, compared with what its logins shall be; changes nothing. */
  state(project: ProjectId, logins: DatabaseLogins, bounds: LoginBounds): Promise<DatabaseStanding>;
  /** The same of many in one look. One that nothing can be told of is absent; throws when that is each of them. */
  states(wanted: readonly WantedStanding[]): Promise<ReadonlyMap<ProjectId, DatabaseStanding>>;
  /** What stands in the cluster under our mark, for reconcilers and tests. */
  list(): Promise<readonly ProjectId[]>;
}

/** A project, and what its logins shall be. */
export interface WantedStanding {
  readonly project: ProjectId;
  readonly logins: DatabaseLogins;
  readonly bounds: LoginBounds;
}

export interface DatabaseStanding {
  readonly database: 'open' | 'closed' | 'absent' | 'foreign';
  /**
   * `different`: a password, an attribute, the right to connect, how many may, or whether they begin read only was
   * changed, or one of them is missing. The time of a statement does not count: it is the owner's to lift.
   */
  readonly users: 'as-wanted' | 'different' | 'absent';
}
