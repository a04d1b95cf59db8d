import { z } from 'zod';
import { Refused } from '../../application/errors.ts';
import { MigrationsStopped, type FileResult, type Migrations } from '../../application/ports/migrations.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { InternalClient } from './internal-client.ts';

const answer = z.object({
  status: z.enum(['success', 'no_changes', 'failed']),
  results: z.array(
    z.object({
      name: z.string(),
      checksum: z.string(),
      executed: z.boolean(),
      duration_ms: z.number(),
      error: z.string().optional(),
    }),
  ),
});

/** Through the migrations service. */
export class RemoteMigrations implements Migrations {
  readonly latestVersion: number;
  readonly #service: InternalClient;

  constructor(service: InternalClient, latestVersion: number) {
    this.#service = service;
    this.latestVersion = latestVersion;
  }

  async migrate(project: ProjectId, version: number, signal?: AbortSignal): Promise<readonly FileResult[]> {
    const body = { project_id: project, version };
    const { status, results } = await this.#service.ask('POST', '/migrations/run', answer, { body, signal });
    const files = results.map(({ duration_ms: durationMs, error, ...file }) => ({
      ...file,
      durationMs,
      ...(error !== undefined && { error }),
    }));
    if (status !== 'failed') return files;
    const reason = files.at(-1)?.error;
    if (reason === undefined) throw new Refused('the migrations service failed and does not say why');
    throw new MigrationsStopped(reason, files);
  }
}
