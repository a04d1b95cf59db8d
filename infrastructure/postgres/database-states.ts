/** Whether the database of a project's name is there, whose it is, and whether it lets anybody in; and its logins with it. */
import type pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { DatabaseStanding, WantedStanding } from '../../application/ports/databases.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectLogin } from '../../domain/project/project-logins.ts';
import type { PostgresServer } from './postgres-server.ts';
import { loginStandings, markOf, wantedLogins } from './project-logins.ts';

/** What is not ours is never touched: to "ensure" it is refused, and to "remove" there is nothing of ours. */
type DatabaseState = 'absent' | 'foreign' | 'unfinished' | 'whole';

const STANDINGS = {
  whole: 'open',
  unfinished: 'closed',
  absent: 'absent',
  foreign: 'foreign',
} as const;

export const databaseState = async (client: pg.ClientBase, project: ProjectId): Promise<DatabaseState> =>
  (await databaseStates(client, [project])).get(project) ?? 'absent';

/** Of those that are there. */
async function databaseStates(
  client: pg.ClientBase,
  projects: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, DatabaseState>> {
  const { rows } = await client.query<{ name: string; mark: string | null; open: boolean }>(
    `SELECT datname AS name, shobj_description(oid, 'pg_database') AS mark, datallowconn AS open
     FROM pg_database WHERE datname = ANY ($1::name[])`,
    [projects.map(databaseName)],
  );
  return new Map(
    rows.flatMap(({ name, mark, open }) =>
      isProjectId(name) ? [[name, stateOf(mark, mark === markOf(name), open)] as const] : [],
    ),
  );
}

/** a question is one for so many, so that nobody waits long for a session meanwhile */
const LOOKS_AT_ONCE = 100;

/** Of those that something can be told of. @throws {Unavailable} that is nobody */
export async function databaseStandings(
  server: PostgresServer,
  rows: readonly ProjectLogin[],
  wanted: readonly WantedStanding[],
): Promise<ReadonlyMap<ProjectId, DatabaseStanding>> {
  const told = new Map<ProjectId, DatabaseStanding>();
  let failure: { readonly reason: unknown } | undefined;
  for (let from = 0; from < wanted.length; from += LOOKS_AT_ONCE) {
    const some = wanted.slice(from, from + LOOKS_AT_ONCE);
    try {
      const standings = await server.administer('look at databases', (client) =>
        standingsOf(client, rows, some),
      );
      for (const [project, standing] of standings) told.set(project, standing);
    } catch (reason) {
      // whatever is wrong with one of them is nothing to those that are not asked about with it
      failure ??= { reason };
    }
  }
  if (failure && told.size === 0) throw failure.reason;
  return told;
}

async function standingsOf(
  client: pg.ClientBase,
  rows: readonly ProjectLogin[],
  wanted: readonly WantedStanding[],
): Promise<readonly (readonly [ProjectId, DatabaseStanding])[]> {
  const databases = await databaseStates(
    client,
    wanted.map(({ project }) => project),
  );
  const logins = await loginStandings(
    client,
    wanted.map((one) => ({ ...one, logins: wantedLogins(rows, one.project, one.logins) })),
  );
  return wanted.map(({ project }) => [
    project,
    { database: STANDINGS[databases.get(project) ?? 'absent'], users: logins.get(project) ?? 'absent' },
  ]);
}

function stateOf(mark: string | null, marked: boolean, open: boolean): DatabaseState {
  if (!marked && (open || mark !== null)) return 'foreign';
  return marked && open ? 'whole' : 'unfinished';
}

export const foreignDatabase = (project: ProjectId) =>
  new Refused(`the database ${databaseName(project)} exists and is not LaunchDB's; rename or drop it`);

export async function requireDatabase(client: pg.ClientBase, project: ProjectId): Promise<void> {
  const found = await databaseState(client, project);
  if (found === 'foreign') throw foreignDatabase(project);
  if (found === 'absent') throw new Refused(`the database ${databaseName(project)} is missing`);
}
