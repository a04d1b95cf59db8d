import { Refused } from '../../application/errors.ts';
import type {
  DatabaseLogins,
  Databases,
  DatabaseStanding,
  LoginBounds,
} from '../../application/ports/databases.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryDatabases implements Databases {
  readonly databases = new Map<ProjectId, { open: boolean }>();
  /** with the verifier of the owner's password */
  readonly users = new Map<ProjectId, string>();
  readonly bounds = new Map<ProjectId, LoginBounds>();
  /** names that somebody else has */
  readonly foreign = new Set<ProjectId>();

  ensureDatabase(project: ProjectId): Promise<void> {
    return this.#on(project, () => void this.databases.set(project, { open: true }));
  }

  ensureUsers(project: ProjectId, { owner }: DatabaseLogins, bounds: LoginBounds): Promise<void> {
    return this.#on(project, () => {
      this.#require(project);
      this.users.set(project, owner.verifier);
      this.bounds.set(project, bounds);
    });
  }

  /** There are no sessions here. */
  endOwnerSessions(project: ProjectId): Promise<void> {
    return this.#on(project, () => void this.#require(project));
  }

  removeUsers(project: ProjectId): Promise<void> {
    this.bounds.delete(project);
    return Promise.resolve(void this.users.delete(project));
  }

  /** Nothing can be in their way here. */
  dropRetiredLogins(): Promise<void> {
    return Promise.resolve();
  }

  dropDatabase(project: ProjectId): Promise<void> {
    return Promise.resolve(void this.databases.delete(project));
  }

  allowConnections(project: ProjectId): Promise<void> {
    return this.#on(project, () => void (this.#require(project).open = true));
  }

  refuseConnections(project: ProjectId): Promise<void> {
    return this.#on(project, () => void (this.#require(project).open = false));
  }

  state(project: ProjectId, logins: DatabaseLogins, bounds: LoginBounds): Promise<DatabaseStanding> {
    const found = this.databases.get(project);
    const database = this.foreign.has(project)
      ? 'foreign'
      : !found
        ? 'absent'
        : found.open
          ? 'open'
          : 'closed';
    const made = this.users.get(project);
    const has = this.bounds.get(project);
    const same =
      made === logins.owner.verifier &&
      has?.connections === bounds.connections &&
      has.readOnly === bounds.readOnly;
    const users = made === undefined ? 'absent' : same ? 'as-wanted' : 'different';
    return Promise.resolve({ database, users });
  }

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...new Set([...this.databases.keys(), ...this.users.keys()])]);
  }

  async #on(project: ProjectId, effect: () => void): Promise<void> {
    await Promise.resolve();
    if (this.foreign.has(project)) throw new Refused(`the database ${project} exists and is not LaunchDB's`);
    effect();
  }

  #require(project: ProjectId): { open: boolean } {
    const found = this.databases.get(project);
    if (!found) throw new Refused(`the database ${project} is missing`);
    return found;
  }
}
