import type pg from 'pg';
import { z } from 'zod';
import { explainProject } from '../../application/project/explain-project.ts';
import type { ProjectHost } from '../../application/process-managers/project-process.ts';
import { loadOwnedProject, ownedSince } from '../../application/project/load-project.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { progressOf } from '../../projections/process-runs/queries.ts';
import { SPARE_PROCESSES } from '../../domain/project/spare.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { eventStream } from '../http/stream-reply.ts';
import { followProject } from './follow-project.ts';
import { auditHeaders, auditPage, auditQuery, auditReply, EXPORTS } from './audit-view.ts';
import { idParam } from './project-view.ts';
import { whyBody, whyView } from './why-view.ts';

export interface ProjectHistoryDependencies {
  readonly store: EventStore;
  readonly watch: StreamWatch;
  readonly pool: pg.Pool;
  readonly processes: ProjectHost['processes'];
  /** waits, bounded, until a view shows everything up to now */
  readonly waitForView: (name: 'process-runs' | 'audit-trail') => Promise<void>;
}

const tags = ['history'];

/** What happened to a project, and what is happening. */
export const projectHistoryEndpoints = (dependencies: ProjectHistoryDependencies): Endpoint[] => [
  processTables(dependencies),
  progress(dependencies),
  why(dependencies),
  events(dependencies),
  audit(dependencies),
];

const processTables = ({ processes }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/processes',
    summary: 'The steps of every process of a project, in their order',
    description:
      'For whoever follows the events of a project: each event is the end of a step, or of its undoing.',
    tags,
    auth: 'owner',
    responses: {
      200: z.object({
        processes: z.array(
          z.object({
            process: z.string(),
            steps: z.array(
              z.object({
                step: z.string(),
                text: z.string(),
                records: z.string().describe('The type of the event that says that it is done.'),
                undone_by: z.string().nullable().describe('Likewise that it is undone.'),
              }),
            ),
          }),
        ),
      }),
    },
    handler: () => {
      const theirs = Object.values(processes).filter(
        ({ name }) => !SPARE_PROCESSES.some((one) => one === name),
      );
      const tables = theirs.map(({ name, steps }) => ({
        process: name,
        steps: steps.map((step) => ({
          step: step.name,
          text: step.text,
          records: step.records,
          undone_by: step.undo?.records ?? null,
        })),
      }));
      return Promise.resolve({ status: 200, body: { processes: tables } } as const);
    },
  });

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
    handler: async ({ owner, params }) => {
      const loaded = await loadOwnedProject(store, owner.id, params.id);
      return { status: 200, body: whyBody(explainProject(loaded, ownedSince(loaded.history))) };
    },
  });

const events = ({ store, watch }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/events',
    summary: "The project's events as they happen (Server-Sent Events)",
    description:
      'Begins with the first event that is yours, or after Last-Event-ID, without a gap. Each tells the status of the project after it and the process under way: which, the revision of the event that began it, and the step for whose failure it is being undone.',
    tags,
    auth: 'owner',
    params: idParam,
    query: z.object({
      from: z
        .enum(['start', 'latest-process'])
        .default('start')
        .describe('latest-process: with the event that began the latest process.'),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,9}$/)
        .optional(),
    }),
    responses: { 200: 'text/event-stream' },
    handler: async ({ owner, params: { id }, query, headers, signal }) => {
      const { history } = await loadOwnedProject(store, owner.id, id);
      const last = headers['last-event-id'];
      const start = query.from === 'start' ? 0 : query.from;
      const from = last === undefined ? start : Number(last) + 1;
      return eventStream(followProject({ store, watch }, { id, history, from }, signal));
    },
  });

const audit = ({ store, pool, waitForView }: ProjectHistoryDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/audit',
    summary: 'Who did what, when, from where and why; newest first',
    description: EXPORTS,
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
