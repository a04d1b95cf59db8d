/** The migrations service: brings a project's database to a version of the template. Internal. */
import { z } from 'zod';
import { MigrationsStopped, type FileResult, type Migrations } from '../../application/ports/migrations.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { loadKeptProject } from '../../application/project/load-project.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint, knownProjectId, told } from '../http/internal-endpoints.ts';

export interface MigrationsDependencies {
  readonly store: EventStore;
  readonly migrations: Migrations;
}

const WITHIN_MS = 30_000;

const report = z.object({
  project_id: z.string(),
  migrations_applied: z.int(),
  migrations_skipped: z.int(),
  total_duration_ms: z.number(),
  results: z.array(
    z.object({
      name: z.string(),
      checksum: z.string(),
      executed: z.boolean(),
      duration_ms: z.number(),
      error: z.string().optional(),
    }),
  ),
  status: z.enum(['success', 'no_changes', 'failed']),
});

export const migrationsEndpoints = ({ store, migrations }: MigrationsDependencies): Endpoint[] => [
  internalEndpoint({
    method: 'get',
    path: '/internal/migrations',
    summary: 'Up to which version the template goes that projects can be brought to',
    auth: 'internal',
    tags: ['migrations'],
    responses: { 200: z.object({ latest_version: z.int() }) },
    handler: () =>
      Promise.resolve({ status: 200 as const, body: { latest_version: migrations.latestVersion } }),
  }),
  internalEndpoint({
    method: 'post',
    path: '/internal/migrations/run',
    summary: "Applies the template's files that a project's database does not have",
    auth: 'internal',
    tags: ['migrations'],
    timeMs: WITHIN_MS,
    body: z.object({
      project_id: knownProjectId,
      set: z.enum(['project-template']).default('project-template'),
      version: z
        .int()
        .min(1)
        .max(9_999)
        .optional()
        .describe('Default: the one that the project was requested with.'),
    }),
    responses: { 200: report },
    handler: async ({ body: { project_id: id, version }, signal }) => {
      const project = await loadKeptProject(store, id);
      const results = await told(
        resultsOf(migrations.migrate(id, version ?? project.templateVersion, signal)),
      );
      return { status: 200, body: { project_id: id, ...reportOf(results) } };
    },
  }),
];

/** A file that fails is an answer, too: the last result has its error. */
const resultsOf = (work: Promise<readonly FileResult[]>): Promise<readonly FileResult[]> =>
  work.catch((error: unknown) => {
    if (error instanceof MigrationsStopped) return error.results;
    throw error;
  });

function reportOf(results: readonly FileResult[]) {
  const applied = results.filter(({ executed }) => executed).length;
  const failed = results.filter(({ error }) => error !== undefined).length;
  return {
    migrations_applied: applied,
    migrations_skipped: results.length - applied - failed,
    total_duration_ms: results.reduce((sum, { durationMs }) => sum + durationMs, 0),
    results: results.map(({ durationMs, ...file }) => ({ ...file, duration_ms: durationMs })),
    status: failed > 0 ? ('failed' as const) : applied > 0 ? ('success' as const) : ('no_changes' as const),
  };
}
