import type pg from 'pg';
import { z } from 'zod';
import { readOrEmpty } from '../../application/handle.ts';
import { explainProject } from '../../application/project/explain-project.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { EventStore, StoredEvent } from '../../application/ports/event-store.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { withoutSealed } from '../../projections/audit-trail/audit-trail.ts';
import { progressOf } from '../../projections/process-runs/queries.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { eventStream, type ServerSentEvent } from '../http/stream-reply.ts';
import { auditHeaders, auditPage, auditQuery, auditReply } from './audit-view.ts';
import { idParam } from './project-view.ts';
import { whyBody, whyView } from './why-view.ts';

export interface ProjectHistoryDependencies {
  readonly store: EventStore;
  readonly watch: StreamWatch;
  readonly pool: pg.Pool;
  /** waits, bounded, until a view shows everything up to now */
  readonly waitForView: (name: 'process-runs' | 'audit-trail') => Promise<void>;
}

const tags = ['history'];

/** What happened to a project, and what is happening. */
export const projectHistoryEndpoints = (dependencies: ProjectHistoryDependencies): Endpoint[] => [
  progress(dependencies),
  why(dependencies),
  events(dependencies),
  audit(dependencies),
];

const stepView = z.object({
  step: z.string(),
  state: z.enum(['pending', 'running', 'done', 'retrying', 'undone', 'failed']),
  attempts: z.int(),
  last_error: z.string().nullable(),
  next_attempt_at: z.iso.datetime().nullable(),
  duration_ms: z.number().nullable(),
});

const progress = ({ store, pool, waitForView }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/progress',
    summary: 'Every process of a project, step by step, newest first',
    tags,
    auth: 'owner',
    params: idParam,
    responses: {
      200: z.object({
        processes: z.array(
          z.object({
            process: z.string(),
            state: z.string(),
            started_at: z.iso.datetime(),
            ended_at: z.iso.datetime().nullable(),
            steps: z.array(stepView),
          }),
        ),
      }),
    },
    handler: async ({ owner, params }) => {
      await loadOwnedProject(store, owner.id, params.id);
      await waitForView('process-runs');
      const runs = await progressOf(pool, params.id);
      const processes = runs.map((run) => ({
        process: run.process,
        state: run.state,
        started_at: run.startedAt.toISOString(),
        ended_at: run.endedAt?.toISOString() ?? null,
        steps: run.steps.map((step) => ({
          step: step.step,
          state: step.state,
          attempts: step.attempts,
          last_error: step.lastError,
          next_attempt_at: step.nextAttemptAt?.toISOString() ?? null,
          duration_ms: step.durationMs,
        })),
      }));
      return { status: 200, body: { processes } };
    },
  });

const why = ({ store }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/why',
    summary: 'Why a project is as it is, in words',
    description: 'What happened, what caused it, what it waits for and until when, and what can be done.',
    tags,
    auth: 'owner',
    params: idParam,
    responses: { 200: whyView },
    handler: async ({ owner, params }) => ({
      status: 200,
      body: whyBody(explainProject(await loadOwnedProject(store, owner.id, params.id))),
    }),
  });

const events = (dependencies: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/events',
    summary: "The project's events as they happen (Server-Sent Events)",
    description: 'Begins with the first event, or after Last-Event-ID, without a gap.',
    tags,
    auth: 'owner',
    params: idParam,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,9}$/)
        .optional(),
    }),
    responses: { 200: 'text/event-stream' },
    handler: async ({ owner, params, headers, signal }) => {
      await loadOwnedProject(dependencies.store, owner.id, params.id);
      const last = headers['last-event-id'];
      return eventStream(follow(dependencies, params.id, last === undefined ? 0 : Number(last) + 1, signal));
    },
  });

async function* follow(
  { store, watch }: ProjectHistoryDependencies,
  id: ProjectId,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const stream = projectStream(id);
  let next = from;
  for (;;) {
    const news = await watch.until(
      stream,
      async () => {
        const found = await readOrEmpty(store, stream, { from: next });
        return found.length > 0 ? found : undefined;
      },
      signal,
    );
    if (!news) return;
    for (const event of news) yield shown(event);
    next += news.length;
  }
}

const shown = (event: StoredEvent): ServerSentEvent => ({
  id: String(event.revision),
  event: event.type,
  data: {
    type: event.type,
    revision: event.revision,
    position: event.position.toString(),
    recorded_at: event.recordedAt.toISOString(),
    actor: event.metadata.actor,
    correlation_id: event.metadata.correlationId,
    data: withoutSealed(event.data),
  },
});

const audit = ({ store, pool, waitForView }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/audit',
    summary: 'Who did what, when, from where and why; newest first',
    description: 'With Accept: application/x-ndjson everything, one entry a line.',
    tags,
    auth: 'owner',
    params: idParam,
    query: auditQuery,
    headers: auditHeaders,
    responses: { 200: auditPage },
    handler: async ({ owner, params, query, headers }) => {
      await loadOwnedProject(store, owner.id, params.id);
      await waitForView('audit-trail');
      return auditReply(pool, { ownerId: owner.id, projectId: params.id }, query, headers.accept);
    },
  });
