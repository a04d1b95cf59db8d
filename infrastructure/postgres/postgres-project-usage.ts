import type pg from 'pg';
import {
  beginOf,
  KEPT_MS,
  type Per,
  type ProjectUsage,
  type Sample,
  type Samples,
  type SeenUse,
} from '../../application/ports/project-usage.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { queryRows } from './query-rows.ts';

export class PostgresProjectUsage implements ProjectUsage {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async record(seen: ReadonlyMap<ProjectId, SeenUse>, at: Date): Promise<void> {
    if (seen.size === 0) return;
    const uses = [...seen.values()];
    await this.#ask('record how projects are used', RECORD, [
      [...seen.keys()],
      uses.map(({ requests = 0 }) => requests),
      uses.map(({ connections = null }) => connections),
      uses.map(({ sizeBytes = null }) => sizeBytes),
      uses.map(({ requests = 0, isUsed = false }) => isUsed || requests > 0),
      at,
      beginOf('minute', at),
      beginOf('hour', at),
    ]);
  }

  async samplesOf(project: ProjectId, per: Per, from: Date): Promise<Samples> {
    const values = [project, per, beginOf(per, from)];
    const samples = await this.#ask<Sample>('read how a project was used', SAMPLES, values);
    const before = await this.#ask<{ bytes: number }>(
      'read how large a database was',
      SIZE_BEFORE,
      values.toSpliced(1, 1),
    );
    return { samples, sizeBefore: before[0]?.bytes ?? null };
  }

  async lastUses(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, Date>> {
    const rows = await this.#ask<{ id: ProjectId; at: Date }>(
      'read when projects were used last',
      `SELECT project_id AS id, last_used_at AS at FROM project_usage.projects
       WHERE project_id = ANY ($1) AND last_used_at IS NOT NULL`,
      [projects],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }

  async projects(): Promise<readonly ProjectId[]> {
    const rows = await this.#ask<{ id: ProjectId }>(
      'read which projects were used',
      'SELECT project_id AS id FROM project_usage.projects',
    );
    return rows.map(({ id }) => id);
  }

  async forget(projects: readonly ProjectId[]): Promise<void> {
    if (projects.length === 0) return;
    await this.#ask(
      'forget how projects were used',
      `WITH gone AS (DELETE FROM project_usage.samples WHERE project_id = ANY ($1))
       DELETE FROM project_usage.projects WHERE project_id = ANY ($1)`,
      [projects],
    );
  }

  async prune(now: Date): Promise<void> {
    const since = (per: Per) => new Date(now.getTime() - KEPT_MS[per]);
    await this.#ask(
      'forget how projects were used long ago',
      `DELETE FROM project_usage.samples
       WHERE per = 'minute' AND at < $1 OR per = 'hour' AND at < $2`,
      [since('minute'), since('hour')],
    );
  }

  #ask<Row extends pg.QueryResultRow>(
    attempted: string,
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return queryRows<Row>(this.#pool, attempted, sql, values);
  }
}

// in one order, so that two who record wait for each other and no more; what is known already is not written again
const RECORD = `WITH seen AS (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::boolean[])
      AS seen (id, requests, connections, bytes, used)),
  known AS (
    INSERT INTO project_usage.projects AS known
      SELECT id, CASE WHEN used THEN $6::timestamptz END FROM seen ORDER BY id
    ON CONFLICT (project_id) DO UPDATE SET last_used_at = excluded.last_used_at
      WHERE excluded.last_used_at > coalesce(known.last_used_at, '-infinity'))
  INSERT INTO project_usage.samples AS known
    SELECT id, per, at, requests, connections, bytes
    FROM seen, (VALUES ('minute', $7::timestamptz), ('hour', $8::timestamptz)) AS pers (per, at)
    ORDER BY id, per
  ON CONFLICT (project_id, per, at) DO UPDATE SET
    requests = known.requests + excluded.requests,
    connections = greatest(known.connections, excluded.connections),
    size_bytes = coalesce(excluded.size_bytes, known.size_bytes)
  WHERE excluded.requests > 0 OR excluded.connections > coalesce(known.connections, -1)
    OR excluded.size_bytes <> coalesce(known.size_bytes, -1)`;

const SAMPLES = `SELECT at, requests::float8 AS requests, connections, size_bytes::float8 AS "sizeBytes"
  FROM project_usage.samples WHERE project_id = $1 AND per = $2 AND at >= $3 ORDER BY at`;

const SIZE_BEFORE = `SELECT size_bytes::float8 AS bytes FROM project_usage.samples
  WHERE project_id = $1 AND per = 'hour' AND at < $2 AND size_bytes IS NOT NULL ORDER BY at DESC LIMIT 1`;
