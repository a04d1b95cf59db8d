/** Whose sessions fill what is on the server's disk and in no database: temporary files, and notifications. */
import { PROJECT_LOGIN, projectOfLogin, type ProjectId } from '../../domain/project/project-id.ts';
import { SESSIONS } from './open-sessions.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface FileBounds {
  /** of all sessions of a project; one of them has `temp_file_limit` */
  readonly temporaryBytes: number;
  /** of the queue of notifications, which all databases share; 1 is full */
  readonly queueShare: number;
}

/** 6 GB are three sessions at their limit; 0.05 of the queue are 400 MB. */
export const FILE_BOUNDS: FileBounds = { temporaryBytes: 6 * 1024 ** 3, queueShare: 0.05 };

/** The logins that have the largest temporary files, of projects that have too many. The name of each has a session's number. */
export async function overTemporaryFiles(
  server: PostgresServer,
  { temporaryBytes }: FileBounds,
): Promise<readonly string[]> {
  const { rows } = await server.administer('look at temporary files', (client) =>
    client.query<{ login: string; bytes: number }>(
      `SELECT login, sum(size)::float8 AS bytes
       FROM pg_ls_tmpdir() file
       JOIN ${SESSIONS} ON pid = substring(file.name FROM '^pgsql_tmp([0-9]+)')::int
       WHERE login ~ '${PROJECT_LOGIN}' GROUP BY login ORDER BY bytes DESC`,
    ),
  );
  const projects = new Map<ProjectId, number>();
  for (const { login, bytes } of rows)
    projects.set(projectOfLogin(login), (projects.get(projectOfLogin(login)) ?? 0) + bytes);
  const largest = new Map(rows.toReversed().map(({ login }) => [projectOfLogin(login), login]));
  return [...projects].flatMap(([project, bytes]) =>
    bytes > temporaryBytes ? (largest.get(project) ?? []) : [],
  );
}

/** An entry has its length, its database, its transaction and its session, 4 bytes each; a page begins with one. */
const FILLERS = `WITH file AS (
    SELECT 'pg_notify/' || name AS path FROM pg_ls_dir('pg_notify') name WHERE name ~ '^[0-9A-F]{4,}$'
    ORDER BY length(name) DESC, name DESC LIMIT 50),
  page AS (
    SELECT pg_read_binary_file(path, number * current_setting('block_size')::int, 12, true) AS head
    FROM file, generate_series(0, 31, 4) number),
  entry AS (
    SELECT get_byte(head, 4) + (get_byte(head, 5) << 8) + (get_byte(head, 6) << 16)
      + (get_byte(head, 7)::bigint << 24) AS database
    FROM page WHERE length(head) = 12)
  SELECT datname AS project, count(*)::int AS pages FROM entry JOIN pg_database ON oid = database::oid
  GROUP BY datname ORDER BY pages DESC LIMIT 1`;

/**
 * The project that most of the queue is of, and with it whoever listened long ago and does not take what came: their own
 * transaction keeps them from it.
 */
export async function overQueue(
  server: PostgresServer,
  { queueShare }: FileBounds,
): Promise<readonly string[]> {
  return server.administer('look at the queue of notifications', async (client) => {
    const { rows: usage } = await client.query<{ used: number }>(
      'SELECT pg_notification_queue_usage() AS used',
    );
    if ((usage[0]?.used ?? 0) < queueShare) return [];
    const [filler] = (await client.query<{ project: string }>(FILLERS)).rows;
    const { rows } = await client.query<{ login: string }>(
      `SELECT DISTINCT usename AS login FROM pg_stat_activity WHERE datname = $1 AND usename ~ '${PROJECT_LOGIN}'`,
      [filler?.project],
    );
    return rows.map(({ login }) => login);
  });
}
