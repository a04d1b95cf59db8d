import type pg from 'pg';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { boundedLimit, decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { auditRow, type AuditRow, type Subject } from './audit-trail.ts';

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
  readonly reason: string;
  readonly requestId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly recordedAt: Date;
  readonly data: unknown;
  /** hex, of the log's chain */
  readonly hash: string;
}

export interface AuditFilter {
  /** whose projects and account; nobody reads what is not theirs. null: everything, for operators alone */
  readonly ownerId: string | null;
  readonly projectId?: ProjectId | undefined;
  readonly type?: string | undefined;
  /** the id of an actor, or the kind of one */
  readonly actor?: string | undefined;
  readonly correlationId?: string | undefined;
  /** inclusive */
  readonly since?: Date | undefined;
  /** exclusive */
  readonly until?: Date | undefined;
  /** exactly this place of the log */
  readonly at?: bigint | undefined;
  /** what came later than this place of the log */
  readonly after?: bigint | undefined;
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
  const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, CURSOR_SHAPE);
  const { conditions, values } = conditionsOf(query, before);
  const { rows } = await pool.query<AuditRow>(
    `SELECT * FROM view_audit_trail.entries WHERE ${conditions.join(' AND ')}
     ORDER BY position DESC LIMIT ${limit + 1}`,
    values,
  );
  const entries = rows.slice(0, limit).map(toEntry);
  const last = rows.length > limit ? entries.at(-1) : undefined;
  return { entries, nextCursor: last ? encodeCursor([last.position.toString()]) : null };
}

/**
 * Only what is asked for stands in the statement, so that each question finds its index. A time becomes a
 * position as well: where it is far back, nobody walks there through everything newer.
 */
function conditionsOf(filter: AuditFilter, before: string | undefined) {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = filter.ownerId === null ? ['true'] : [`owner_id = ${value(filter.ownerId)}`];
  const { projectId, type, actor, correlationId, since, until, at, after } = filter;
  if (at !== undefined) conditions.push(`position = ${value(at)}`);
  if (after !== undefined) conditions.push(`position > ${value(after)}`);
  if (projectId !== undefined) conditions.push(`project_id = ${value(projectId)}`);
  if (type !== undefined) conditions.push(`type = ${value(type)}`);
  if (actor !== undefined) {
    conditions.push(`${ACTOR_KINDS.has(actor) ? 'actor_kind' : 'actor_id'} = ${value(actor)}`);
  }
  if (correlationId !== undefined) conditions.push(`correlation_id = ${value(correlationId)}`);
  if (since !== undefined) {
    const time = value(since);
    conditions.push(
      `recorded_at >= ${time}`,
      `position >= ${firstPosition(`${time}::timestamptz - ${SLACK}`)}`,
    );
  }
  if (until !== undefined) {
    const time = value(until);
    conditions.push(
      `recorded_at < ${time}`,
      `position <= ${firstPosition(`${time}::timestamptz + ${SLACK}`)}`,
    );
  }
  if (before !== undefined) conditions.push(`position < ${value(before)}`);
  return { conditions, values };
}

const ACTOR_KINDS: ReadonlySet<string> = new Set(['owner', 'token', 'process', 'operator', 'system']);
/** how far a clock may have been set back: positions and times need not be in the same order */
export const SLACK = `interval '10 minutes'`;
/** of what was recorded at a time or later; beyond the end when there is nothing */
export const firstPosition = (time: string): string =>
  `coalesce((SELECT position FROM view_audit_trail.entries WHERE recorded_at >= ${time}
     ORDER BY recorded_at, position LIMIT 1), 9223372036854775807)`;

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

export interface AroundEntry {
  /** undefined: it has none, or one that is not this owner's */
  readonly cause: AuditEntry | undefined;
  /** oldest first, 50 at most */
  readonly effects: readonly AuditEntry[];
}

const MOST_EFFECTS = 50;

/** What caused an entry, and what it has caused, as far as its owner may see it. */
export async function aroundEntry(
  pool: pg.Pool,
  ownerId: string,
  { eventId, causationId }: Pick<AuditEntry, 'eventId' | 'causationId'>,
): Promise<AroundEntry> {
  const read = async (condition: string, given: string) =>
    (
      await pool.query<AuditRow>(
        `SELECT * FROM view_audit_trail.entries WHERE owner_id = $1 AND ${condition}
         ORDER BY position LIMIT ${MOST_EFFECTS}`,
        [ownerId, given],
      )
    ).rows.map(toEntry);
  const isEvent = causationId !== null && UUID.test(causationId);
  const [causes, effects] = await Promise.all([
    isEvent ? read('event_id = $2', causationId) : [],
    read('causation_id = $2', eventId),
  ]);
  return { cause: causes[0], effects };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** As the trail has it or is about to. */
export const entryOf = (event: StoredEvent, subject: Subject): AuditEntry =>
  toEntry(auditRow(event, subject));

export const toEntry = (row: AuditRow): AuditEntry => ({
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
  reason: row.reason,
  requestId: row.request_id,
  ip: row.ip,
  userAgent: row.user_agent,
  recordedAt: row.recorded_at,
  data: row.data,
  hash: row.hash,
});
