/** What REST APIs do at PostgreSQL itself, which neither a pooler sees nor, where Caddy asks them without us, a gateway. */
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { SESSIONS } from './open-sessions.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface RestSessions {
  readonly project: ProjectId;
  /** of what was begun or ended last in one that is open; milliseconds since 1970 */
  readonly lastMs: number;
  readonly busy: boolean;
}

/** Of every project that has some now. @throws {Unavailable} */
export async function restSessions(server: PostgresServer): Promise<readonly RestSessions[]> {
  const { rows } = await server.administer("look at REST APIs' sessions", (client) =>
    client.query<{ project: string; lastMs: number; busy: boolean }>(
      `SELECT left(login, 21) AS project, (extract(epoch FROM max(state_change)) * 1000)::float8 AS "lastMs",
         bool_or(state <> 'idle') AS busy
       FROM ${SESSIONS} WHERE login ~ '^proj_[0-9a-f]{16}_authenticator$' GROUP BY login`,
    ),
  );
  return rows.flatMap(({ project, ...seen }) => (isProjectId(project) ? [{ project, ...seen }] : []));
}
