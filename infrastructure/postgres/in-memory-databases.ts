import { Refused } from '../../application/errors.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of processes: passes the same contract as the real one. */
export class InMemoryDatabases implements Databases {
  readonly databases = new Map<ProjectId, { open: boolean }>();
  readonly users = new Set<ProjectId>();
  /** names that somebody else has */
  readonly foreign = new Set<ProjectId>();

  ensureDatabase(project: ProjectId): Promise<void> {
    return this.#on(project, () => void this.databases.set(project, { open: true }));
  }

  ensureUsers(project: ProjectId): Promise<void> {
    return this.#on(project, () => {
      this.#require(project);
      this.users.add(project);
    });
  }

  removeUsers(project: ProjectId): Promise<void> {
    return Promise.resolve(void this.users.delete(project));
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

  list(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...new Set([...this.databases.keys(), ...this.users])]);
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
