/**
 * The end of a project's logins. Who has tables can grant on them to any role, and hold a lock on it: what names a login
 * may stand in other projects' databases, and must keep nobody waiting. So a login is ended at once (it can log in no
 * more, and is no longer listed), and dropped when nothing is in the way: mostly at once, too, and otherwise by a sweep.
 */
import pg from 'pg';
import { Unavailable } from '../../application/errors.ts';
import { PROJECT_LOGIN, projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { sqlState } from './postgres-errors.ts';
import type { PostgresServer } from './postgres-server.ts';

/** Of one try: whoever waits for a lock has others wait behind it. */
const HASTY = { lockMs: 200, statementMs: 2_000 } as const;
const TRY_WITHIN_MS = 3_000;
const A_SWEEP = 10;
const DEPENDENTS = '2BP01';

export const retiredMark = (project: ProjectId): string => `launchdb:retired:${project}`;

/** All that is needed for it never to be used again. */
export const retirement = (project: ProjectId, roles: readonly string[]): readonly string[] =>
  roles.flatMap((role) => [
    `ALTER ROLE ${id(role)} NOLOGIN`,
    `COMMENT ON ROLE ${id(role)} IS ${pg.escapeLiteral(retiredMark(project))}`,
  ]);

type Alone = <T>(
  project: ProjectId,
  attempted: string,
  work: (client: pg.ClientBase) => Promise<T>,
) => Promise<T>;

/** Tries it once for the logins of one project; ends nobody's session, and waits for nobody. */
export async function dropRetired(server: PostgresServer, alone: Alone, project: ProjectId): Promise<void> {
  const attempted = `drop the logins of ${project}`;
  try {
    await dropWhatTheyOwn(server, attempted, await retiredOf(server, project));
    await alone(project, attempted, async (client) => {
      const roles = (await rolesMarked(client, retiredMark(project))).map(id).join(', ');
      if (roles === '') return;
      await client.query(
        `SET LOCAL lock_timeout = ${HASTY.lockMs}; DROP OWNED BY ${roles}; DROP ROLE ${roles}`,
      );
    });
  } catch (error) {
    if (!(error instanceof Unavailable) && sqlState(error) !== DEPENDENTS) throw error;
  }
}

/** Some of those that could not be dropped yet, others each time. */
export async function retiredProjects(server: PostgresServer): Promise<readonly ProjectId[]> {
  return server.administer('look for logins to drop', async (client) => {
    const { rows } = await client.query<{ project: string }>(
      // by the mark, which few have: asked for each role it takes 200 ms with 1,000 projects
      `WITH marked AS MATERIALIZED (
         SELECT objoid, description FROM pg_shdescription
         WHERE classoid = 'pg_authid'::regclass AND description ^@ 'launchdb:retired:')
       SELECT project FROM (
         SELECT DISTINCT left(rolname, 21) AS project FROM marked JOIN pg_roles ON oid = objoid
         WHERE rolname ~ '${PROJECT_LOGIN}' AND description = 'launchdb:retired:' || left(rolname, 21)) retired
       ORDER BY random() LIMIT ${A_SWEEP}`,
    );
    return rows.map(({ project }) => projectId(project));
  });
}

const retiredOf = (server: PostgresServer, project: ProjectId) =>
  server.administer('look for logins to drop', async (client) => {
    const roles = await rolesMarked(client, retiredMark(project));
    return { roles, databases: await databasesWith(client, roles) };
  });

export async function rolesMarked(client: pg.ClientBase, mark: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname ~ '${PROJECT_LOGIN}' AND shobj_description(oid, 'pg_authid') = $1`,
    [mark],
  );
  return rows.map(({ name }) => name);
}

/** Where they own something or hold a privilege, and one can look: a closed one is left until it is opened or dropped. */
async function databasesWith(client: pg.ClientBase, roles: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
     WHERE datallowconn AND oid IN (SELECT dbid FROM pg_shdepend JOIN pg_roles ON refobjid = pg_roles.oid
                   WHERE refclassid = 'pg_authid'::regclass AND rolname = ANY ($1))
     ORDER BY random()`,
    [roles],
  );
  return rows.map(({ name }) => name);
}

/** Only a session inside a database can drop what a role owns there. No session of administration is held meanwhile. */
async function dropWhatTheyOwn(
  server: PostgresServer,
  attempted: string,
  { roles, databases }: Awaited<ReturnType<typeof retiredOf>>,
): Promise<void> {
  const until = performance.now() + TRY_WITHIN_MS;
  for (const database of databases) {
    if (performance.now() > until) return;
    await server
      .inDatabase(
        database,
        attempted,
        (inside) => inside.query(`DROP OWNED BY ${roles.map(id).join(', ')} CASCADE`),
        HASTY,
      )
      // there is another try
      .catch(() => {});
  }
}

const id = (name: string): string => pg.escapeIdentifier(name);
