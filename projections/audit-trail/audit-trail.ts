import type pg from 'pg';
import {
  isProjectId,
  projectBesideStream,
  projectOfStream,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import type { Projection } from '../projection.ts';
import { prepared } from '../prepared.ts';
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

type About = { readonly event: StoredEvent; readonly subject: Subject };

/** Of a project's events; those after it have to look it up, and those before it are nobody's to read. */
const BRING_THE_OWNER = new Set(['ProjectRequested', 'SpareClaimed']);
const SAY_THE_OWNER = new Set([...BRING_THE_OWNER, 'ProjectRequestAbandoned']);
const SEALED = new Set(['secrets', 'sealed', 'sealedEmail', 'tokenHash', 'sessionHash']);

/** Who did what, when, from where and why: one row for each event of projects, their names, owners, and the platform. */
export const auditTrail: Projection = {
  name: 'audit-trail',
  version: 4,
  schemaUrl: new URL('schema.sql', import.meta.url),
  indexesUrl: new URL('indexes.sql', import.meta.url),
  async apply(events, tx) {
    const relevant: About[] = [];
    for (const event of events) {
      const subject = subjectOf(event);
      if (subject) relevant.push({ event, subject });
    }
    const owners = await knownOwners(relevant, tx);
    const told: { readonly project_id: ProjectId; readonly owner_id: string }[] = [];
    const rows = relevant.map(({ event, subject }) => {
      const owner = toldOwner(event, subject);
      if (owner) {
        told.push(owner);
        owners.set(owner.project_id, owner.owner_id);
      }
      const { projectId } = subject;
      const ownerId = subject.ownerId ?? (projectId && owners.get(projectId)) ?? null;
      return auditRow(event, { projectId, ownerId });
    });
    await upsertRows(tx, 'project_owners', ['project_id'], told);
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

/** Whose a project is from this event on. */
const toldOwner = ({ type }: StoredEvent, { projectId, ownerId }: Subject) =>
  BRING_THE_OWNER.has(type) && projectId !== null && ownerId !== null
    ? { project_id: projectId, owner_id: ownerId }
    : undefined;

/** Of projects that were told of in an earlier batch: their later events do not repeat whose they are. */
async function knownOwners(relevant: readonly About[], tx: pg.ClientBase): Promise<Map<string, string>> {
  const [unknown, told] = [new Set<ProjectId>(), new Set<ProjectId>()];
  for (const { event, subject } of relevant) {
    const { projectId, ownerId } = subject;
    const owner = toldOwner(event, subject);
    if (owner) told.add(owner.project_id);
    else if (projectId !== null && ownerId === null && !told.has(projectId)) unknown.add(projectId);
  }
  if (unknown.size === 0) return new Map();
  const { rows } = await tx.query<{ project_id: string; owner_id: string }>({
    ...prepared('SELECT project_id, owner_id FROM project_owners WHERE project_id = ANY ($1)'),
    values: [[...unknown]],
  });
  return new Map(rows.map((row) => [row.project_id, row.owner_id]));
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

/** What is sealed is of no use to a reader, and the fewer copies of it the better. Most events hold nothing of it. */
export const withoutSealed = (data: unknown): unknown => (holdsSealed(data) ? unsealed(data) : data);

function holdsSealed(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  for (const [key, value] of Object.entries(data)) if (SEALED.has(key) || holdsSealed(value)) return true;
  return false;
}

function unsealed(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(unsealed);
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => (SEALED.has(key) ? [] : [[key, unsealed(value)]])),
  );
}
