import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { SeenSize } from '../../domain/project/limits.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';

export class PostgresDatabaseSizes implements DatabaseSizes {
  readonly #server: PostgresServer;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  async measure(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, SeenSize>> {
    if (projects.length === 0) return new Map();
    // the second view tells of VACUUM FULL, too
    const { rows } = await this.#server.administer('measure databases', (client) =>
      client.query<{ name: string; bytes: number | null; rewriting: boolean }>(
        `SELECT datname AS name, pg_database_size(oid)::float8 AS bytes,
                oid IN (SELECT datid FROM pg_stat_progress_cluster) AS rewriting
         FROM pg_database WHERE datname = ANY ($1)`,
        [projects.map(databaseName)],
      ),
    );
    return new Map(
      // null: dropped while it was looked at
      rows.flatMap(({ name, bytes, rewriting }) =>
        isProjectId(name) && bytes !== null ? [[name, { bytes, rewriting }] as const] : [],
      ),
    );
  }
}
