import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';
import { sqlState } from './postgres-errors.ts';
import { MIGRATIONS_SCHEMA } from './project-template.ts';

const NO_SUCH_TABLE = '42P01';

/**
 * DDL leaves a row in the database itself (see 0004_schema_changes.sql), which only a session in it can see. Where to
 * look is told by the server's counters of written rows, which DDL changes too: they cover every connection, also
 * those that go past the pooler, and they stand still where projects only read.
 */
export class PostgresSchemaChanges implements SchemaChanges {
  readonly #server: PostgresServer;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  async marks(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, string>> {
    if (projects.length === 0) return new Map();
    const { rows } = await this.#server.administer('ask what was written', (client) =>
      client.query<{ name: string; mark: string }>(
        // not by pg_stat_database, in which no index finds a database: joined with all others it takes a second of a thousand
        `SELECT datname AS name, concat_ws(' ', pg_stat_get_db_tuples_inserted(oid),
           pg_stat_get_db_tuples_updated(oid), pg_stat_get_db_tuples_deleted(oid)) AS mark
         FROM pg_database WHERE datallowconn AND datname = ANY ($1::name[])`,
        [projects.map(databaseName)],
      ),
    );
    return new Map(rows.flatMap(({ name, mark }) => (isProjectId(name) ? [[name, mark] as const] : [])));
  }

  async existing(project: ProjectId, schemas: readonly string[]): Promise<readonly string[]> {
    const attempted = `look for schemas in ${project}`;
    return this.#server.inDatabase(databaseName(project), attempted, async (client) => {
      const { rows } = await client.query<{ nspname: string }>(
        'SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1)',
        [schemas],
      );
      return schemas.filter((name) => rows.some(({ nspname }) => nspname === name));
    });
  }

  async take(project: ProjectId, tell: () => Promise<void>): Promise<void> {
    const attempted = `look for changed tables in ${project}`;
    await this.#server.inDatabase(databaseName(project), attempted, async (client) => {
      await client.query('BEGIN');
      try {
        const { rowCount } = await client.query(`DELETE FROM ${MIGRATIONS_SCHEMA}.schema_changes`);
        if (rowCount === 0) return;
      } catch (error) {
        // made by an earlier version of the template
        if (sqlState(error) === NO_SUCH_TABLE) return;
        throw error;
      }
      // before the rows are gone: who dies in between tells it again
      await tell();
      await client.query('COMMIT');
    });
  }
}
