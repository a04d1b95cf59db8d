import type pg from 'pg';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { AuditRow } from './audit-trail.ts';
import { toEntry, type AuditEntry } from './queries.ts';

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
}

interface Found extends AuditRow {
  readonly stands_for: string;
  readonly total: string;
}

/**
 * When something of a project changed, oldest first. Where there are more than `most`, they are cut into as many stretches
 * of equal length, and of each the last one is given, one that is not routine if there is any.
 */
export async function momentsOf(
  pool: pg.Pool,
  { ownerId, projectId, types, routine, since, until, most }: MomentsQuery,
): Promise<{ readonly moments: readonly Moment[]; readonly total: number }> {
  const { rows } = await pool.query<Found>(PICKED, [
    ownerId,
    projectId,
    types,
    routine,
    most,
    since ?? '-infinity',
    until ?? 'infinity',
  ]);
  const moments = rows.map((row) => ({ ...toEntry(row), standsFor: Number(row.stands_for) }));
  return { moments, total: Number(rows[0]?.total ?? 0) };
}

/** One look at the index for each type; what is read of an entry beside that is of those that are given. */
const PICKED = `
  WITH all_moments AS (
    SELECT position, type = ANY ($4) AS is_routine, ntile($5::int) OVER (ORDER BY position) AS stretch
    FROM view_audit_trail.entries
    WHERE owner_id = $1 AND project_id = $2 AND type = ANY ($3)
      AND recorded_at >= $6::timestamptz AND recorded_at < $7::timestamptz
  ), picked AS (
    SELECT DISTINCT ON (stretch) position, count(*) OVER (PARTITION BY stretch) AS stands_for
    FROM all_moments ORDER BY stretch, is_routine, position DESC
  )
  SELECT e.*, picked.stands_for, (SELECT count(*) FROM all_moments) AS total
  FROM picked JOIN view_audit_trail.entries e USING (position) ORDER BY position`;
