import type { FileResult, Migrations } from '../../application/ports/migrations.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { applyMigrations } from './apply-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { MIGRATIONS_SCHEMA, PROJECT_MIGRATIONS } from './project-template.ts';

export class PostgresMigrations implements Migrations {
  readonly latestVersion: number;
  readonly #server: PostgresServer;

  /** @param latestVersion of the files, see `latestTemplateVersion` */
  constructor(server: PostgresServer, latestVersion: number) {
    this.#server = server;
    this.latestVersion = latestVersion;
  }

  async migrate(project: ProjectId, version: number): Promise<readonly FileResult[]> {
    const options = { schema: MIGRATIONS_SCHEMA, upTo: version };
    const { results } = await this.#server.inDatabase(
      databaseName(project),
      'migrate the database',
      (client) => applyMigrations(client, PROJECT_MIGRATIONS, options),
    );
    return results;
  }
}
