import type pg from 'pg';
import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { SeenSize } from '../../domain/project/limits.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';

/** whatever the counters say: a server may have lost some, and files grow by what no transaction tells of */
const LOOK_AT_ALL_EVERY_MS = 300_000;

interface Known {
  readonly mark: string;
  readonly size: SeenSize;
}

/**
 * Looking at a database's files takes PostgreSQL half a millisecond, and most databases have nobody in them. So one that no
 * session is in, and whose count of transactions is what it was when it was looked at, is as large as it was then.
 */
export class PostgresDatabaseSizes implements DatabaseSizes {
  readonly #server: PostgresServer;
  #known = new Map<ProjectId, Known>();
  #lookAtAllMs = 0;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  async measure(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, SeenSize>> {
    if (projects.length === 0) return new Map();
    return this.#server.administer('measure databases', async (client) => {
      // before their files: what comes in between counts at the next look
      const marks = await marksOf(client, projects);
      this.#forgetNowAndThen();
      const isKnown = ([project, mark]: readonly [ProjectId, string | null]) =>
        mark !== null && this.#known.get(project)?.mark === mark;
      const anew = [...marks].filter((one) => !isKnown(one)).map(([project]) => project);
      const sizes = await sizesOf(client, anew);
      for (const project of anew) {
        const [mark, size] = [marks.get(project), sizes.get(project)];
        if (mark && size) this.#known.set(project, { mark, size });
        else this.#known.delete(project);
      }
      return new Map(
        [...marks.keys()].flatMap((project) => {
          const size = sizes.get(project) ?? this.#known.get(project)?.size;
          return size ? [[project, size] as const] : [];
        }),
      );
    });
  }

  #forgetNowAndThen(): void {
    const now = performance.now();
    if (now < this.#lookAtAllMs) return;
    this.#lookAtAllMs = now + LOOK_AT_ALL_EVERY_MS;
    this.#known = new Map();
  }
}

/** @returns of each that is there; null: somebody is in it, and what they do is counted later */
async function marksOf(
  client: pg.ClientBase,
  projects: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, string | null>> {
  const { rows } = await client.query<{ name: string; mark: string | null }>(
    `SELECT datname AS name, CASE WHEN oid NOT IN (SELECT datid FROM pg_stat_get_activity(NULL) WHERE datid IS NOT NULL)
       THEN concat_ws(' ', oid, pg_stat_get_db_xact_commit(oid), pg_stat_get_db_xact_rollback(oid),
         pg_stat_get_db_stat_reset_time(oid)) END AS mark
     FROM pg_database WHERE datname = ANY ($1::name[])`,
    [projects.map(databaseName)],
  );
  return new Map(rows.flatMap(({ name, mark }) => (isProjectId(name) ? [[name, mark] as const] : [])));
}

async function sizesOf(
  client: pg.ClientBase,
  projects: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, SeenSize>> {
  if (projects.length === 0) return new Map();
  // the second view tells of VACUUM FULL, too
  const { rows } = await client.query<{ name: string; bytes: number | null; rewriting: boolean }>(
    `SELECT datname AS name, pg_database_size(oid)::float8 AS bytes,
       oid IN (SELECT datid FROM pg_stat_progress_cluster) AS rewriting
     FROM pg_database WHERE datname = ANY ($1::name[])`,
    [projects.map(databaseName)],
  );
  return new Map(
    // null: dropped while it was looked at
    rows.flatMap(({ name, bytes, rewriting }) =>
      isProjectId(name) && bytes !== null ? [[name, { bytes, rewriting }] as const] : [],
    ),
  );
}
