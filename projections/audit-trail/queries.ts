import type pg from 'pg';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { boundedLimit, decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { AuditRow } from './audit-trail.ts';

export interface AuditEntry {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly eventId: string;
  readonly projectId: ProjectId | null;
  readonly ownerId: string | null;
  readonly type: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly requestId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly recordedAt: Date;
  readonly data: unknown;
  /** hex, of the log's chain */
  readonly hash: string;
}

export interface AuditFilter {
  /** whose projects and account; nobody reads what is not theirs */
  readonly ownerId: string;
  readonly projectId?: ProjectId | undefined;
  readonly type?: string | undefined;
  /** the id of an actor, or the kind of one */
  readonly actor?: string | undefined;
  readonly correlationId?: string | undefined;
  /** inclusive */
  readonly since?: Date | undefined;
  /** exclusive */
  readonly until?: Date | undefined;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** for the page after this one; null: this is the last */
  readonly nextCursor: string | null;
}

const MOST_PER_PAGE = 500;
const CURSOR_SHAPE = [/^\d{1,18}$/] as const;

/**
 * Newest first.
 * @throws {InvalidCursor}
 */
export async function auditOf(
  pool: pg.Pool,
  query: AuditFilter & {
    /** 1 to 500 */
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<AuditPage> {
  const limit = boundedLimit(query.limit, MOST_PER_PAGE);
  const [before = null] = query.cursor === undefined ? [] : decodeCursor(query.cursor, CURSOR_SHAPE);
  const { rows } = await pool.query<AuditRow>(
    `SELECT * FROM view_audit_trail.entries
     WHERE owner_id = $1 AND ($2::text IS NULL OR project_id = $2) AND ($3::text IS NULL OR type = $3)
       AND ($4::text IS NULL OR actor_id = $4 OR actor_kind = $4)
       AND ($5::text IS NULL OR correlation_id = $5)
       AND ($6::timestamptz IS NULL OR recorded_at >= $6) AND ($7::timestamptz IS NULL OR recorded_at < $7)
       AND ($8::bigint IS NULL OR position < $8)
     ORDER BY position DESC LIMIT $9`,
    [
      query.ownerId,
      query.projectId ?? null,
      query.type ?? null,
      query.actor ?? null,
      query.correlationId ?? null,
      query.since ?? null,
      query.until ?? null,
      before,
      limit + 1,
    ],
  );
  const entries = rows.slice(0, limit).map(toEntry);
  const last = rows.length > limit ? entries.at(-1) : undefined;
  return { entries, nextCursor: last ? encodeCursor([last.position.toString()]) : null };
}

/** Everything that the filter lets pass, newest first, read page by page: an export of any length. */
export async function* exportAudit(
  pool: pg.Pool,
  filter: AuditFilter,
): AsyncGenerator<AuditEntry, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await auditOf(pool, { ...filter, limit: MOST_PER_PAGE, cursor });
    yield* page.entries;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

const toEntry = (row: AuditRow): AuditEntry => ({
  position: BigInt(row.position),
  stream: row.stream,
  revision: Number(row.revision),
  eventId: row.event_id,
  projectId: row.project_id,
  ownerId: row.owner_id,
  type: row.type,
  actor: { kind: row.actor_kind, id: row.actor_id },
  correlationId: row.correlation_id,
  causationId: row.causation_id,
  requestId: row.request_id,
  ip: row.ip,
  userAgent: row.user_agent,
  recordedAt: row.recorded_at,
  data: row.data,
  hash: row.hash,
});
