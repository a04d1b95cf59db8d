/** Whether the database of a project's name is there, whose it is, and whether it lets anybody in. */
import type pg from 'pg';
import { Refused } from '../../application/errors.ts';
import { databaseName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { markOf } from './project-logins.ts';

/** What is not ours is never touched: to "ensure" it is refused, and to "remove" there is nothing of ours. */
type DatabaseState = 'absent' | 'foreign' | 'unfinished' | 'whole';

export const STANDINGS = {
  whole: 'open',
  unfinished: 'closed',
  absent: 'absent',
  foreign: 'foreign',
} as const;

export const databaseState = async (client: pg.ClientBase, project: ProjectId): Promise<DatabaseState> =>
  (await databaseStates(client, [project])).get(project) ?? 'absent';

/** Of those that are there. */
export async function databaseStates(
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
