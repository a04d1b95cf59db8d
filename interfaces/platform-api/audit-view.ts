/** What the audit trail looks like over HTTP: of one project, and of all that an owner has. */
import type pg from 'pg';
import { z } from 'zod';
import { eventInWords } from '../../application/event-in-words.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { auditOf, exportAudit, type AuditEntry } from '../../projections/audit-trail/queries.ts';
import { csv, type Cell } from '../http/csv.ts';
import type { StreamReply } from '../http/endpoint.ts';
import { ndjson } from '../http/stream-reply.ts';

export const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
export const auditView = z.object({
  position: z.string(),
  stream: z.string(),
  revision: z.int(),
  event_id: z.string(),
  project_id: z.string().nullable().describe('null: it is about the account itself.'),
  type: z.string(),
  text: z.string().describe('What happened, as a sentence.'),
  actor: z.object({ kind: z.string(), id: z.string() }),
  correlation_id: z.string(),
  causation_id: z.string().nullable(),
  reason: z.string(),
  request_id: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  recorded_at: z.iso.datetime(),
  data: z.unknown(),
  hash: z.string(),
});

/** of the log; 18 digits are below what PostgreSQL holds */
export const position = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);

export const auditQuery = z.object({
  type: z.string().max(100).optional(),
  actor: z.string().max(100).optional().describe('The id of an actor, or a kind: owner, token, process ...'),
  correlation_id: z.string().max(200).optional(),
  since: time.optional(),
  until: time.optional(),
  after: position.optional().describe('Only what was recorded after the entry at this position.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(500).optional(),
  format: z
    .enum(['json', 'ndjson', 'csv'])
    .default('json')
    .describe(
      'ndjson, csv: everything that fits the filters as a file, for who cannot send an Accept header.',
    ),
});
export const EXPORTS =
  'With `Accept: application/x-ndjson` everything that fits the filters, one entry a line; with `Accept: text/csv` the same for spreadsheets: UTF-8 with its mark, a line of names first, `data` as JSON, and an apostrophe before whatever would be a formula there. It is sent as it is read; one that is not whole breaks off.';
export const auditHeaders = z.object({ accept: z.string().max(500).optional() });
export const auditPage = z.object({ entries: z.array(auditView), next_cursor: z.string().nullable() });

type AuditBody = ReturnType<typeof auditBody>;

/** A column each; what is not plain is JSON. */
const COLUMNS: Readonly<Record<string, (entry: AuditBody) => Cell>> = {
  position: ({ position: at }) => at,
  recorded_at: ({ recorded_at: at }) => at,
  type: ({ type }) => type,
  text: ({ text }) => text,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => actor.id,
  project_id: ({ project_id: project }) => project,
  stream: ({ stream }) => stream,
  revision: ({ revision }) => revision,
  reason: ({ reason }) => reason,
  ip: ({ ip }) => ip,
  user_agent: ({ user_agent: agent }) => agent,
  request_id: ({ request_id: request }) => request,
  correlation_id: ({ correlation_id: correlation }) => correlation,
  causation_id: ({ causation_id: causation }) => causation,
  event_id: ({ event_id: event }) => event,
  data: ({ data }) => JSON.stringify(data),
  hash: ({ hash }) => hash,
};

const FORMS = {
  ndjson: (entries: AsyncIterable<AuditBody>) => ndjson(entries),
  csv: (entries: AsyncIterable<AuditBody>) => csv(Object.keys(COLUMNS), rowsOf(entries)),
};

async function* rowsOf(entries: AsyncIterable<AuditBody>) {
  for await (const entry of entries) yield Object.values(COLUMNS).map((cell) => cell(entry));
}

/** A page, or everything as a stream when NDJSON or CSV is asked for. */
export async function auditReply(
  pool: pg.Pool,
  whose: { readonly ownerId: string | null; readonly projectId?: ProjectId },
  { limit, cursor, format, correlation_id: correlationId, ...rest }: z.output<typeof auditQuery>,
  accept: string | undefined,
) {
  const filter = { ...rest, correlationId, ...whose };
  const inForm = (form: keyof typeof FORMS) => FORMS[form](bodies(exportAudit(pool, filter)));
  if (format !== 'json') return asFile(inForm(format), `audit-${whose.projectId ?? 'account'}.${format}`);
  if (accept?.includes('application/x-ndjson')) return inForm('ndjson');
  if (accept?.includes('text/csv')) return inForm('csv');
  const page = await auditOf(pool, { ...filter, limit, cursor });
  const body = { entries: page.entries.map(auditBody), next_cursor: page.nextCursor };
  return { status: 200 as const, body };
}

const asFile = (reply: StreamReply & { readonly status: 200 }, name: string) => ({
  ...reply,
  headers: { ...reply.headers, 'content-disposition': `attachment; filename="${name}"` },
});

async function* bodies(entries: AsyncIterable<AuditEntry>) {
  for await (const entry of entries) yield auditBody(entry);
}

export const auditBody = (entry: AuditEntry) => ({
  position: entry.position.toString(),
  stream: entry.stream,
  revision: entry.revision,
  event_id: entry.eventId,
  project_id: entry.projectId,
  type: entry.type,
  text: eventInWords(entry),
  actor: { ...entry.actor },
  correlation_id: entry.correlationId,
  causation_id: entry.causationId,
  reason: entry.reason,
  request_id: entry.requestId,
  ip: entry.ip,
  user_agent: entry.userAgent,
  recorded_at: entry.recordedAt.toISOString(),
  data: entry.data,
  hash: entry.hash,
});
