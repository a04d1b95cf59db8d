import { Refused } from '../../application/errors.ts';
import type { FileResult, Migrations } from '../../application/ports/migrations.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import { applyMigrations } from './apply-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { MIGRATIONS_SCHEMA, PROJECT_MIGRATIONS } from './project-template.ts';

/** A database that is upgraded is in use: whoever comes after a statement that waits for a lock waits, too. */
const LOCK_WITHIN_MS = 2_000;

export class PostgresMigrations implements Migrations {
  readonly latestVersion: number;
  readonly #server: PostgresServer;
  readonly #folder: URL | string;

  /** @param latestVersion of the files, see `latestTemplateVersion` */
  constructor(server: PostgresServer, latestVersion: number, folder: URL | string = PROJECT_MIGRATIONS) {
    this.#server = server;
    this.latestVersion = latestVersion;
    this.#folder = folder;
  }

  async migrate(project: ProjectId, version: number, signal?: AbortSignal): Promise<readonly FileResult[]> {
    if (version > this.latestVersion) {
      throw new Refused(
        `this release knows the template up to version ${this.latestVersion}, not ${version}; start the newer one`,
      );
    }
    const options = { schema: MIGRATIONS_SCHEMA, upTo: version };
    const { results } = await this.#server.inDatabase(
      databaseName(project),
      'migrate the database',
      async (client) => {
        await client.query(`SET lock_timeout = ${LOCK_WITHIN_MS}`);
        return applyMigrations(client, this.#folder, options);
      },
      { endsLater: true, signal },
    );
    return results;
  }
}
