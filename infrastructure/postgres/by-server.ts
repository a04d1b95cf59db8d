/** The ports into projects' databases, each call by the server that the project is on. */
import { Refused } from '../../application/errors.ts';
import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { Migrations } from '../../application/ports/migrations.ts';
import type { OwnerMigrations } from '../../application/ports/owner-migrations.ts';
import type { ProjectSql } from '../../application/ports/project-sql.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

type Asked<Adapter> = readonly (readonly [Adapter, readonly ProjectId[]])[];

export class ByServer<Adapter> {
  readonly #serverOf: (project: ProjectId) => Promise<ServerName>;
  readonly #adapters: ReadonlyMap<ServerName, Adapter>;

  /** @param serverOf throws for a project that nobody knows: it is on no server, and least of all on the usual one */
  constructor(
    serverOf: (project: ProjectId) => Promise<ServerName>,
    adapters: ReadonlyMap<ServerName, Adapter>,
  ) {
    this.#serverOf = serverOf;
    this.#adapters = adapters;
  }

  /** @throws {Refused} it is on a server that this platform does not have */
  async of(project: ProjectId): Promise<Adapter> {
    const name = await this.#serverOf(project);
    const adapter = this.#adapters.get(name);
    if (!adapter)
      throw new Refused(`${project} is on the server "${name}", which this platform does not have`);
    return adapter;
  }

  /** Of each server, whatever becomes of the others; then throws what the first one threw. */
  async ofAll<T>(ask: (adapter: Adapter) => Promise<T>): Promise<readonly T[]> {
    const { answers, failure } = await settled([...this.#adapters.values()].map(ask));
    if (failure) throw failure.reason;
    return answers;
  }

  /** What the servers tell of their projects. One that does not answer tells nothing; throws when none does. */
  async askAbout<T>(
    projects: readonly ProjectId[],
    ask: (adapter: Adapter, theirs: readonly ProjectId[]) => Promise<ReadonlyMap<ProjectId, T>>,
  ): Promise<ReadonlyMap<ProjectId, T>> {
    const groups = await this.#groups(projects);
    const { answers, failure } = await settled(groups.map(([adapter, theirs]) => ask(adapter, theirs)));
    if (failure && answers.length === 0) throw failure.reason;
    return new Map(answers.flatMap((told) => [...told]));
  }

  /** A project whose server this platform does not have is in none of them. */
  async #groups(projects: readonly ProjectId[]): Promise<Asked<Adapter>> {
    const [only, ...others] = this.#adapters.values();
    // what is not there it does not tell of
    if (only !== undefined && others.length === 0) return [[only, projects]];
    const groups = new Map<Adapter, ProjectId[]>();
    for (const project of projects) {
      const adapter = this.#adapters.get(await this.#serverOf(project));
      if (adapter !== undefined) groups.set(adapter, [...(groups.get(adapter) ?? []), project]);
    }
    return [...groups];
  }
}

async function settled<T>(asked: readonly Promise<T>[]) {
  const outcomes = await Promise.allSettled(asked);
  return {
    answers: outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    failure: outcomes.find((one) => one.status === 'rejected'),
  };
}

export const databasesByServer = (by: ByServer<Databases>): Databases => ({
  ensureDatabase: async (project, ...rest) => (await by.of(project)).ensureDatabase(project, ...rest),
  ensureUsers: async (project, ...rest) => (await by.of(project)).ensureUsers(project, ...rest),
  ensureLogins: async (project, ...rest) => (await by.of(project)).ensureLogins(project, ...rest),
  ensureRights: async (project, ...rest) => (await by.of(project)).ensureRights(project, ...rest),
  endOwnerSessions: async (project, ...rest) => (await by.of(project)).endOwnerSessions(project, ...rest),
  removeUsers: async (project, ...rest) => (await by.of(project)).removeUsers(project, ...rest),
  dropRetiredLogins: async () => void (await by.ofAll((databases) => databases.dropRetiredLogins())),
  dropDatabase: async (project, ...rest) => (await by.of(project)).dropDatabase(project, ...rest),
  allowConnections: async (project, ...rest) => (await by.of(project)).allowConnections(project, ...rest),
  refuseConnections: async (project, ...rest) => (await by.of(project)).refuseConnections(project, ...rest),
  state: async (project, ...rest) => (await by.of(project)).state(project, ...rest),
  states: (wanted) => {
    const byProject = new Map(wanted.map((one) => [one.project, one]));
    return by.askAbout([...byProject.keys()], (databases, theirs) =>
      databases.states(theirs.flatMap((project) => byProject.get(project) ?? [])),
    );
  },
  list: async () => (await by.ofAll((databases) => databases.list())).flat(),
});

export const sizesByServer = (by: ByServer<DatabaseSizes>): DatabaseSizes => ({
  measure: (projects) => by.askAbout(projects, (sizes, theirs) => sizes.measure(theirs)),
});

export const schemaChangesByServer = (by: ByServer<SchemaChanges>): SchemaChanges => ({
  marks: (projects) => by.askAbout(projects, (changes, theirs) => changes.marks(theirs)),
  take: async (project, ...rest) => (await by.of(project)).take(project, ...rest),
  existing: async (project, ...rest) => (await by.of(project)).existing(project, ...rest),
});

export const sqlByServer = (by: ByServer<ProjectSql>): ProjectSql => ({
  run: async (project, ...rest) => (await by.of(project)).run(project, ...rest),
});

export const migrationsByServer = (by: ByServer<Migrations>, latestVersion: number): Migrations => ({
  latestVersion,
  migrate: async (project, ...rest) => (await by.of(project)).migrate(project, ...rest),
});

export const ownerMigrationsByServer = (
  by: ByServer<OwnerMigrations>,
  checksum: OwnerMigrations['checksum'],
): OwnerMigrations => ({
  checksum,
  list: async (project) => (await by.of(project)).list(project),
  sqlOf: async (project, version) => (await by.of(project)).sqlOf(project, version),
  exclusively: async (who, ...rest) => (await by.of(who.project)).exclusively(who, ...rest),
});
