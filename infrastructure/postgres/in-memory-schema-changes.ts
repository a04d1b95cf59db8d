import { Refused } from '../../application/errors.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** For tests of what follows changes: passes the same contract as the real one. */
export class InMemorySchemaChanges implements SchemaChanges {
  /** of every database */
  readonly schemas = new Set(['public', 'storage']);
  readonly #databases = new Map<ProjectId, { count: number; untold: boolean }>();

  add(project: ProjectId): void {
    this.#databases.set(project, { count: 0, untold: false });
  }

  change(project: ProjectId): void {
    const database = this.#databases.get(project);
    if (database) this.#databases.set(project, { count: database.count + 1, untold: true });
  }

  marks(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, string>> {
    const there = [...this.#databases].filter(([project]) => projects.includes(project));
    return Promise.resolve(new Map(there.map(([project, { count }]) => [project, String(count)])));
  }

  existing(project: ProjectId, schemas: readonly string[]): Promise<readonly string[]> {
    if (!this.#databases.has(project))
      return Promise.reject(new Refused(`the database ${project} is missing`));
    return Promise.resolve(schemas.filter((name) => this.schemas.has(name)));
  }

  async take(project: ProjectId, tell: () => Promise<void>): Promise<void> {
    const database = this.#databases.get(project);
    if (!database) throw new Refused(`the database ${project} is missing`);
    if (!database.untold) return;
    await tell();
    database.untold = false;
  }
}
