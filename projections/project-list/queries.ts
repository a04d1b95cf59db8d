import type pg from 'pg';
import type { DataApiSettings, ProcessName, ProjectLimits } from '../../domain/project/events.ts';
import type { DatabaseFill } from '../../domain/project/limits.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { statusesThat } from '../../domain/project/project-status.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { factsOf } from '../facts.ts';
import { fillOf } from '../fill-row.ts';
import { boundedLimit, decodeCursor, encodeCursor, InvalidCursor } from '../page-cursor.ts';
import type { ProjectRow } from './project-list.ts';

export interface ListedProject {
  readonly id: ProjectId;
  readonly ownerId: string;
  readonly name: string;
  readonly displayName: string;
  readonly status: ProjectStatus;
  readonly templateVersion: number;
  readonly dataApi: DataApiSettings;
  readonly limits: ProjectLimits;
  readonly fill: DatabaseFill | null;
  readonly purgeAfter: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly revision: number;
  /** of the last event that this shows */
  readonly position: bigint;
}

export interface BehindProject extends Pick<ListedProject, 'id' | 'name' | 'status' | 'templateVersion'> {
  /** the process under way */
  readonly process: ProcessName | null;
}

export interface ProjectPage {
  readonly projects: readonly ListedProject[];
  /** for the page after this one; null: this is the last */
  readonly nextCursor: string | null;
}

const MOST_PER_PAGE = 200;
const CURSOR_SHAPE = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, /^proj_[0-9a-f]{16}$/] as const;
const COLUMNS = `id, owner_id, name, display_name, status, template_version, data_api, limits, fill, purge_after,
  created_at, updated_at, revision, position`;

/**
 * One owner's projects, newest first, without purged ones.
 * @throws {InvalidCursor}
 */
export async function listProjects(
  pool: pg.Pool,
  query: {
    readonly ownerId: string;
    readonly status?: ProjectStatus | undefined;
    /** 1 to 200 */
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<ProjectPage> {
  const limit = limitOf(query.limit);
  const { rows } = await pool.query<ProjectRow>(
    `SELECT ${COLUMNS} FROM view_project_list.projects
     WHERE owner_id = $1 AND status <> 'purged' AND ($2::text IS NULL OR status = $2)
       AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [query.ownerId, query.status ?? null, ...placeOf(query.cursor), limit + 1],
  );
  return pageOf(rows, limit);
}

/**
 * Of all owners, newest first, without purged ones; spare ones only for who asks for that status.
 * @param query.text in the name, or the beginning of an id
 * @throws {InvalidCursor}
 */
export async function listEverybodys(
  pool: pg.Pool,
  query: {
    readonly status?: ProjectStatus | undefined;
    readonly text?: string | undefined;
    /** 1 to 200 */
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<ProjectPage> {
  const { rows } = await pool.query<ProjectRow>(
    `SELECT ${COLUMNS} FROM view_project_list.projects
     WHERE status <> 'purged' AND (owner_id <> '' OR $1 = 'spare') AND ($1::text IS NULL OR status = $1)
       AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR starts_with(id, $2))
       AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [query.status ?? null, query.text ?? null, ...placeOf(query.cursor), limitOf(query.limit) + 1],
  );
  return pageOf(rows, limitOf(query.limit));
}

const limitOf = (limit: number): number => boundedLimit(limit, MOST_PER_PAGE);

/** Where a page begins. @throws {InvalidCursor} */
function placeOf(cursor: string | undefined): readonly [createdAt: string | null, id: string | null] {
  const [createdAt = null, id = null] = cursor === undefined ? [] : decodeCursor(cursor, CURSOR_SHAPE);
  if (createdAt !== null && Number.isNaN(Date.parse(createdAt))) throw new InvalidCursor();
  return [createdAt, id];
}

function pageOf(rows: readonly ProjectRow[], limit: number): ProjectPage {
  const projects = rows.slice(0, limit).map(toProject);
  const last = rows.length > limit ? projects.at(-1) : undefined;
  return { projects, nextCursor: last ? encodeCursor([last.createdAt.toISOString(), last.id]) : null };
}

/** Projects of a status, of all owners, the longest unchanged first, a bounded number. */
export async function projectsThatAre(pool: pg.Pool, status: ProjectStatus): Promise<readonly ProjectId[]> {
  const { rows } = await pool.query<{ id: ProjectId }>(
    'SELECT id FROM view_project_list.projects WHERE status = $1 ORDER BY updated_at, id LIMIT 100',
    [status],
  );
  return rows.map(({ id }) => id);
}

/** Those of them of which nothing is left but their events. */
export async function purgedOf(pool: pg.Pool, ids: readonly ProjectId[]): Promise<readonly ProjectId[]> {
  const { rows } = await pool.query<{ id: ProjectId }>(
    `SELECT id FROM view_project_list.projects WHERE id = ANY ($1) AND status = 'purged'`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Whoever owns it and whatever its status, also `purged`; undefined when there never was one. */
export async function findProject(pool: pg.Pool, id: ProjectId): Promise<ListedProject | undefined> {
  const { rows } = await pool.query<ProjectRow>(
    `SELECT ${COLUMNS} FROM view_project_list.projects WHERE id = $1`,
    [id],
  );
  return rows[0] && toProject(rows[0]);
}

/** Of all owners, without spare ones, which are renewed instead: those whose database is older than this version of the template, oldest project first. */
export async function listBehind(pool: pg.Pool, version: number): Promise<readonly BehindProject[]> {
  const { rows } = await pool.query<BehindProject>(
    `SELECT id, name, status, process, template_version AS "templateVersion" FROM view_project_list.projects
     WHERE template_version < $1 AND owner_id <> '' AND status <> ALL ($2) ORDER BY created_at, id`,
    [version, statusesThat('lost')],
  );
  return rows;
}

export interface ListedSpare extends Pick<
  ListedProject,
  'id' | 'status' | 'templateVersion' | 'dataApi' | 'createdAt'
> {
  /** the process under way */
  readonly process: ProcessName | null;
}

/** Spare projects of which anything may stand, whatever becomes of them, the oldest first. */
export async function listSpares(pool: pg.Pool): Promise<readonly ListedSpare[]> {
  const { rows } = await pool.query<ListedSpare>(
    `SELECT id, status, process, template_version AS "templateVersion",
       data_api AS "dataApi", created_at AS "createdAt"
     FROM view_project_list.projects
     WHERE owner_id = '' AND status = ANY ('{spare,provisioning,purging,suspended}') ORDER BY created_at, id`,
  );
  return rows;
}

/** How many projects of the whole platform have which status; a status that none has is absent. */
export async function countByStatus(pool: pg.Pool): Promise<Partial<Record<ProjectStatus, number>>> {
  const { rows } = await pool.query<{ status: ProjectStatus; count: string }>(
    'SELECT status, count(*) FROM view_project_list.projects GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
}

/** How many projects an owner has of which anything is left. */
export async function countProjects(pool: pg.Pool, ownerId: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `SELECT count(*) FROM view_project_list.projects WHERE owner_id = $1 AND status <> 'purged'`,
    [ownerId],
  );
  return Number(rows[0]?.count ?? 0);
}

/** How many of them have anything that stands: what could not be provisioned has not. */
export async function countStanding(pool: pg.Pool, ownerId: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `SELECT count(*) FROM view_project_list.projects
     WHERE owner_id = $1 AND status = ANY ($2)`,
    [ownerId, statusesThat('kept')],
  );
  return Number(rows[0]?.count ?? 0);
}

export interface DueProject {
  readonly projectId: ProjectId;
  readonly what: 'purge' | 'keys';
}

/** What the clock alone makes due, the longest waiting first, a bounded number. */
export async function dueProjects(pool: pg.Pool, now: Date): Promise<readonly DueProject[]> {
  const { rows } = await pool.query<{ id: ProjectId; what: 'purge' | 'keys' }>(
    `(SELECT id, 'purge' AS what FROM view_project_list.projects
      WHERE purge_after <= $1 AND status = 'deleted' ORDER BY purge_after LIMIT 100)
     UNION ALL
     (SELECT id, 'keys' FROM view_project_list.projects
      WHERE least(previous_keys_until, signing_keys_until) <= $1 AND process IS NULL AND status <> 'purged'
      ORDER BY least(previous_keys_until, signing_keys_until) LIMIT 100)`,
    [now],
  );
  return rows.map(({ id, what }) => ({ projectId: id, what }));
}

const toProject = (row: ProjectRow): ListedProject => ({
  ...factsOf(row),
  fill: fillOf(row.fill),
  position: BigInt(row.position),
});
