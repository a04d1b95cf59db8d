import type pg from 'pg';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { AuditRow } from './audit-trail.ts';
import { firstPosition, SLACK, toEntry, type AuditEntry } from './queries.ts';

export interface MomentsQuery {
  readonly ownerId: string;
  readonly projectId: ProjectId;
  /** the types of events that are moments */
  readonly types: readonly string[];
  /** those of them that are left out first */
  readonly routine: readonly string[];
  /** inclusive */
  readonly since?: Date | undefined;
  /** exclusive */
  readonly until?: Date | undefined;
  /** how many are given at most; at least 1 */
  readonly most: number;
}

export interface Moment extends AuditEntry {
  /** how many moments it is given for, itself one of them */
  readonly standsFor: number;
  /** of the first and the last of those */
  readonly from: Date;
  readonly through: Date;
}

export interface Moments {
  readonly moments: readonly Moment[];
  /** those that were looked at */
  readonly total: number;
  /** there are more before the first of them */
  readonly isCut: boolean;
}

/** so that a question costs the same however long a project has lived */
const MOST_LOOKED_AT = 20_000;

interface Found extends AuditRow {
  readonly stands_for: string;
  readonly since_at: Date;
  readonly through_at: Date;
  readonly total: string;
  readonly is_cut: boolean;
}

/**
 * When something of a project changed, oldest first. Where there are more than `most`, they are cut into as many stretches
 * of equal length, and of each the last one is given, one that is not routine if there is any. The newest
 * {@link MOST_LOOKED_AT} of them are looked at; `until` leads to those before.
 */
export async function momentsOf(
  pool: pg.Pool,
  { ownerId, projectId, types, routine, since, until, most }: MomentsQuery,
  mostLookedAt = MOST_LOOKED_AT,
): Promise<Moments> {
  const values: unknown[] = [ownerId, projectId, types, routine, most, mostLookedAt];
  // only what is asked for stands in the statement, so that the index is walked in its order
  const bounds = [
    ...(since ? timeBound('>=', values.push(since), '-') : []),
    ...(until ? timeBound('<', values.push(until), '+') : []),
  ];
  const { rows } = await pool.query<Found>(picked(bounds), values);
  const moments = rows.map((row) => ({
    ...toEntry(row),
    standsFor: Number(row.stands_for),
    from: row.since_at,
    through: row.through_at,
  }));
  return { moments, total: Number(rows[0]?.total ?? 0), isCut: rows[0]?.is_cut === true };
}

/** A time becomes a position as well: nobody walks there through everything newer. */
const timeBound = (is: '>=' | '<', nth: number, slack: '-' | '+') => [
  `recorded_at ${is} $${nth}`,
  `position ${is === '<' ? '<=' : is} (${firstPosition(`$${nth}::timestamptz ${slack} ${SLACK}`)})`,
];

/** Said so, it is the index by type that has the wanted order: the planner would look for a rare type through everything else. */
const SAME_TYPE = 'type BETWEEN wanted.type AND wanted.type';

/** A walk back along the index for each type; what is read of an entry beside that is of those that are given. */
const picked = (bounds: readonly string[]): string => `
  WITH newest AS MATERIALIZED (
    SELECT found.position, found.recorded_at, wanted.type = ANY ($4) AS is_routine
    FROM unnest($3::text[]) AS wanted (type), LATERAL (
      SELECT position, recorded_at FROM view_audit_trail.entries
      WHERE ${['project_id = $2', SAME_TYPE, ...bounds].join(' AND ')}
      ORDER BY type, position DESC LIMIT $6::int + 1
    ) found
    ORDER BY position DESC LIMIT $6::int + 1
  ), looked_at AS (
    SELECT *, ntile($5::int) OVER (ORDER BY position) AS stretch
    FROM (SELECT * FROM newest ORDER BY position DESC LIMIT $6::int) bounded
  ), chosen AS (
    SELECT DISTINCT ON (stretch) position, count(*) OVER of_stretch AS stands_for,
      min(recorded_at) OVER of_stretch AS since_at, max(recorded_at) OVER of_stretch AS through_at
    FROM looked_at WINDOW of_stretch AS (PARTITION BY stretch)
    ORDER BY stretch, is_routine, position DESC
  )
  SELECT e.*, chosen.stands_for, chosen.since_at, chosen.through_at,
    (SELECT count(*) FROM looked_at) AS total, (SELECT count(*) > $6::int FROM newest) AS is_cut
  FROM chosen JOIN view_audit_trail.entries e USING (position) WHERE e.owner_id = $1 ORDER BY position`;
