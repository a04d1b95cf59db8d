import type pg from 'pg';
import type { MeasuredSizes } from '../../application/ports/measured-sizes.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { queryRows } from './query-rows.ts';

export class PostgresMeasuredSizes implements MeasuredSizes {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async record(sizes: ReadonlyMap<ProjectId, number>): Promise<void> {
    if (sizes.size === 0) return;
    await queryRows(this.#pool, 'record the sizes of databases', RECORD, [
      [...sizes.keys()],
      [...sizes.values()],
    ]);
  }

  async of(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, number>> {
    const rows = await queryRows<{ id: ProjectId; bytes: number }>(
      this.#pool,
      'read the sizes of databases',
      'SELECT project_id AS id, bytes::float8 AS bytes FROM measured.database_sizes WHERE project_id = ANY ($1)',
      [projects],
    );
    return new Map(rows.map(({ id, bytes }) => [id, bytes]));
  }
}

// most have the size that they had before, and are left out: a conflict locks a row, which is a write. In one order, so that
// two who record wait for each other and no more
const RECORD = `WITH forgotten AS (
    DELETE FROM measured.database_sizes
    WHERE measured_at < now() - interval '90 days' AND project_id <> ALL ($1::text[]))
  INSERT INTO measured.database_sizes
    SELECT id, seen.bytes, now() FROM unnest($1::text[], $2::bigint[]) AS seen (id, bytes)
    LEFT JOIN measured.database_sizes before ON project_id = id
    WHERE before.bytes IS DISTINCT FROM seen.bytes OR measured_at < now() - interval '1 day' ORDER BY id
  ON CONFLICT (project_id) DO UPDATE SET bytes = excluded.bytes, measured_at = excluded.measured_at`;
