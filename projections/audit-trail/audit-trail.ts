import type pg from 'pg';
import {
  isProjectId,
  projectBesideStream,
  projectOfStream,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import type { Projection } from '../projection.ts';
import { insertRows, upsertRows } from '../write-rows.ts';

export interface AuditRow {
  readonly position: bigint | string;
  readonly stream: string;
  readonly revision: number | string;
  readonly event_id: string;
  readonly project_id: ProjectId | null;
  readonly owner_id: string | null;
  readonly type: string;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly reason: string;
  readonly request_id: string | null;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly recorded_at: Date;
  readonly data: unknown;
  readonly hash: string;
}

/** no owner reads these */
const OF_THE_PLATFORM = /^(platform|invite)-/;

export type Subject = { readonly projectId: ProjectId | null; readonly ownerId: string | null };

/** Of a project's events; the others have to look it up. */
const SAY_THE_OWNER = new Set(['ProjectRequested', 'ProjectRequestAbandoned']);
const SEALED = new Set(['secrets', 'sealed', 'sealedEmail', 'tokenHash', 'sessionHash']);

/** Who did what, when, from where and why: one row for each event of projects, their names, owners, and the platform. */
export const auditTrail: Projection = {
  name: 'audit-trail',
  version: 4,
  schemaUrl: new URL('schema.sql', import.meta.url),
  indexesUrl: new URL('indexes.sql', import.meta.url),
  async apply(events, tx) {
    const relevant = events.flatMap((event) => {
      const subject = subjectOf(event);
      return subject ? [{ event, subject }] : [];
    });
    const owners = await ownersOf(relevant, tx);
    const rows = relevant.map(({ event, subject }) => {
      const ownerId = subject.ownerId ?? (subject.projectId && owners.get(subject.projectId));
      return auditRow(event, { ...subject, ownerId: ownerId ?? null });
    });
    await insertRows(tx, 'entries', rows);
  },
};

/** Whom an event is about, as far as it says so itself; undefined: nobody's business. */
export function subjectOf(event: StoredEvent): Subject | undefined {
  const { stream } = event;
  const data = event.data as { readonly projectId?: unknown; readonly ownerId?: unknown };
  const projectId = projectOfStream(stream) ?? projectBesideStream(stream);
  if (projectId) {
    const named = SAY_THE_OWNER.has(event.type) && typeof data.ownerId === 'string';
    return { projectId, ownerId: named ? (data.ownerId as string) : null };
  }
  const nameOwner = /^projectname-([^-]+)-/.exec(stream)?.[1];
  if (nameOwner !== undefined) {
    const named = typeof data.projectId === 'string' && isProjectId(data.projectId) ? data.projectId : null;
    return { projectId: named, ownerId: nameOwner };
  }
  if (stream.startsWith('owner-')) return { projectId: null, ownerId: stream.slice('owner-'.length) };
  return OF_THE_PLATFORM.test(stream) ? { projectId: null, ownerId: null } : undefined;
}

/** Later events of a project do not repeat its owner: the first one is remembered. */
async function ownersOf(
  relevant: readonly { readonly event: StoredEvent; readonly subject: Subject }[],
  tx: pg.ClientBase,
): Promise<ReadonlyMap<string, string>> {
  const requested = relevant.flatMap(({ event, subject: { projectId, ownerId } }) =>
    event.type === 'ProjectRequested' && projectId !== null && ownerId !== null
      ? [{ project_id: projectId, owner_id: ownerId }]
      : [],
  );
  const owners = new Map<string, string>(requested.map((row) => [row.project_id, row.owner_id]));
  await upsertRows(tx, 'project_owners', ['project_id'], requested);
  const unknown = relevant.flatMap(({ subject: { projectId, ownerId } }) =>
    projectId !== null && ownerId === null && !owners.has(projectId) ? [projectId] : [],
  );
  if (unknown.length > 0) {
    const { rows } = await tx.query<{ project_id: string; owner_id: string }>(
      'SELECT project_id, owner_id FROM project_owners WHERE project_id = ANY ($1)',
      [[...new Set(unknown)]],
    );
    for (const row of rows) owners.set(row.project_id, row.owner_id);
  }
  return owners;
}

export function auditRow(event: StoredEvent, { projectId, ownerId }: Subject): AuditRow {
  const { actor, correlationId, causationId, reason, requestId, ip, userAgent } = event.metadata;
  return {
    position: event.position,
    stream: event.stream,
    revision: event.revision,
    event_id: event.id,
    project_id: projectId,
    owner_id: ownerId,
    type: event.type,
    actor_kind: actor.kind,
    actor_id: actor.id,
    correlation_id: correlationId,
    causation_id: causationId,
    reason,
    request_id: requestId ?? null,
    ip: ip ?? null,
    user_agent: userAgent ?? null,
    recorded_at: event.recordedAt,
    data: withoutSealed(event.data) ?? {},
    hash: event.hash,
  };
}

/** What is sealed is of no use to a reader, and the fewer copies of it the better. */
export function withoutSealed(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(withoutSealed);
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => (SEALED.has(key) ? [] : [[key, withoutSealed(value)]])),
  );
}
