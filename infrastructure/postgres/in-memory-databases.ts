import { Refused } from '../../application/errors.ts';
import type { Databases, DatabaseStanding, WantedStanding } from '../../application/ports/databases.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { LoginBounds } from '../../domain/project/project-logins.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryDatabases implements Databases {
  readonly databases = new Map<ProjectId, { open: boolean }>();
  /** with the verifiers of their passwords, as text */
  readonly users = new Map<ProjectId, string>();
  readonly bounds = new Map<ProjectId, LoginBounds>();
  /** names that somebody else has */
  readonly foreign = new Set<ProjectId>();

  ensureDatabase(project: ProjectId, _templateVersion?: number, signal?: AbortSignal): Promise<void> {
    return this.#on(project, () => void this.databases.set(project, { open: true }), signal);
  }

  ensureUsers(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void> {
    const ensure = () => {
      this.#require(project);
      this.users.set(project, verifiersOf(logins));
      this.bounds.set(project, bounds);
    };
    return this.#on(project, ensure, signal);
  }

  /** It keeps nothing of rights. */
  ensureLogins(...all: Parameters<Databases['ensureUsers']>): Promise<void> {
    return this.ensureUsers(...all);
  }

  ensureRights(...[project, , , signal]: Parameters<Databases['ensureUsers']>): Promise<void> {
    return this.#on(project, () => void this.#require(project), signal);
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
      made === verifiersOf(logins) &&
      has?.connections === bounds.connections &&
      has.readOnly === bounds.readOnly;
    const users = made === undefined ? 'absent' : same ? 'as-wanted' : 'different';
    return Promise.resolve({ database, users });
  }

  async states(wanted: readonly WantedStanding[]): Promise<ReadonlyMap<ProjectId, DatabaseStanding>> {
    const told = await Promise.allSettled(
      wanted.map(
        async ({ project, logins, bounds }) => [project, await this.state(project, logins, bounds)] as const,
      ),
    );
    return new Map(told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  }

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...new Set([...this.databases.keys(), ...this.users.keys()])]);
  }

  async #on(project: ProjectId, effect: () => void, signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    if (this.foreign.has(project)) throw new Refused(`the database ${project} exists and is not LaunchDB's`);
    effect();
  }

  #require(project: ProjectId): { open: boolean } {
    const found = this.databases.get(project);
    if (!found) throw new Refused(`the database ${project} is missing`);
    return found;
  }
}

const verifiersOf = (logins: DatabaseLogins): string =>
  JSON.stringify(Object.entries(logins).map(([name, login]) => [name, login?.verifier]));
