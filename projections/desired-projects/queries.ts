import type pg from 'pg';
import type { DataApiSettings, ProjectLimits, SealedSecrets } from '../../domain/project/events.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { DatabaseFill } from '../../domain/project/limits.ts';
import { statusesThat, traitsOf } from '../../domain/project/project-status.ts';
import type { ExistingProject, ProjectStatus } from '../../domain/project/project.ts';
import { factsOf } from '../facts.ts';
import { fillOf } from '../fill-row.ts';
import { desiredOf, type DesiredProjectRow } from './desired-projects.ts';

export interface DesiredProject {
  readonly projectId: ProjectId;
  readonly ownerId: string;
  readonly status: ProjectStatus;
  /** whether the pooler's entry, PostgREST and the logins shall stand */
  readonly pool: boolean;
  readonly postgrest: boolean;
  readonly users: boolean;
  readonly secrets: SealedSecrets;
  readonly previousKeys: ExistingProject['previousKeys'];
  readonly signingKeys: ExistingProject['signingKeys'];
  readonly dataApi: DataApiSettings;
  readonly templateVersion: number;
  /** where its database is */
  readonly server: ServerName;
  readonly limits: ProjectLimits;
  readonly fill: DatabaseFill | null;
  readonly revision: number;
}

const SELECT = `SELECT project_id, owner_id, status, pool, postgrest, users, secrets, previous_keys, signing_keys,
    data_api, template_version, server, limits, fill, revision
  FROM view_desired_projects.projects`;

/** All projects of which at least one thing shall stand, by id. */
export async function listDesiredProjects(pool: pg.Pool): Promise<readonly DesiredProject[]> {
  const { rows } = await pool.query<DesiredProjectRow>(
    `${SELECT} WHERE users OR pool OR postgrest ORDER BY project_id`,
  );
  return rows.map(desiredOf);
}

/** @param server default: on all of them */
export async function countProjectsByStatus(
  pool: pg.Pool,
  server?: ServerName,
): Promise<readonly { readonly status: ProjectStatus; readonly count: number }[]> {
  const { rows } = await pool.query<{ status: ProjectStatus; count: number }>(
    `SELECT status, count(*)::int AS count FROM view_desired_projects.projects
     WHERE $1::text IS NULL OR server = $1 GROUP BY status`,
    [server],
  );
  return rows;
}

/** How many databases are at which level; one that none is at is absent. */
export async function countAtLimit(
  pool: pg.Pool,
): Promise<readonly { readonly level: DatabaseFill['level']; readonly count: number }[]> {
  const { rows } = await pool.query<{ level: DatabaseFill['level']; count: number }>(
    `SELECT fill->>'level' AS level, count(*)::int AS count FROM view_desired_projects.projects
     WHERE fill IS NOT NULL AND users GROUP BY 1`,
  );
  return rows;
}

/** Projects that hold connections of that PostgreSQL server, or may. */
export async function countProjectsInService(pool: pg.Pool, server: ServerName): Promise<number> {
  const counts = await countProjectsByStatus(pool, server);
  return counts.reduce((sum, { status, count }) => sum + (traitsOf(status).takesPlace ? count : 0), 0);
}

/** Projects that are served and that no process is at work on, by id. */
export async function listAwake(
  pool: pg.Pool,
): Promise<readonly Pick<DesiredProject, 'projectId' | 'revision'>[]> {
  const { rows } = await pool.query<Pick<DesiredProjectRow, 'project_id' | 'revision'>>(
    `SELECT project_id, revision FROM view_desired_projects.projects
     WHERE postgrest AND status = 'active' AND process IS NULL ORDER BY project_id`,
  );
  return rows.map(factsOf);
}

/** Projects that are served, asleep or not, and that no process is at work on, by id. */
export async function listServed(
  pool: pg.Pool,
): Promise<readonly Pick<DesiredProject, 'projectId' | 'limits' | 'fill'>[]> {
  const { rows } = await pool.query<Pick<DesiredProjectRow, 'project_id' | 'limits' | 'fill'>>(
    `SELECT project_id, limits, fill FROM view_desired_projects.projects
     WHERE pool AND status = ANY ($1) AND process IS NULL ORDER BY project_id`,
    [statusesThat('changeable')],
  );
  return rows.map(({ project_id, limits, fill }) => ({ projectId: project_id, limits, fill: fillOf(fill) }));
}

/** One project, also when nothing of it stands; undefined when it is purged or never was. */
export async function findDesiredProject(pool: pg.Pool, id: ProjectId): Promise<DesiredProject | undefined> {
  const { rows } = await pool.query<DesiredProjectRow>(`${SELECT} WHERE project_id = $1`, [id]);
  return rows[0] && desiredOf(rows[0]);
}
