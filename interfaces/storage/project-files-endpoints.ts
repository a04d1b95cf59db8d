/** What the other parts of the platform ask the storage service. Internal. */
import { z } from 'zod';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ProjectFiles } from '../../application/ports/project-files.ts';
import { loadKeptProject } from '../../application/project/load-project.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint, knownProjectId, told } from '../http/internal-endpoints.ts';

export interface ProjectFilesDependencies {
  readonly store: EventStore;
  readonly files: ProjectFiles;
  /** how long one request goes on removing; default: 20 s */
  readonly sliceMs?: number;
}

const SLICE_MS = 20_000;
const common = { auth: 'internal', tags: ['storage'], timeMs: 30_000 } as const;
const params = z.object({ projectId: knownProjectId });

export const projectFilesEndpoints = ({
  store,
  files,
  sliceMs = SLICE_MS,
}: ProjectFilesDependencies): Endpoint<'internal'>[] => [
  internalEndpoint({
    ...common,
    method: 'get',
    path: '/internal/files/:projectId',
    summary: 'What the files of a project take',
    params,
    responses: { 200: z.object({ files: z.int(), bytes: z.int() }) },
    handler: async ({ params: { projectId }, signal }) => {
      await loadKeptProject(store, projectId);
      return { status: 200, body: { ...(await told(files.taken(projectId, signal))) } };
    },
  }),
  internalEndpoint({
    ...common,
    method: 'post',
    path: '/internal/files/:projectId/remove',
    summary: 'Removes files of a project that is being purged, as many as one request has time for',
    params,
    responses: { 200: z.object({ done: z.boolean().describe('false: there are more.') }) },
    handler: async ({ params: { projectId }, signal }) => {
      // no caller can choose whose are removed: the log says it
      const { status } = await loadKeptProject(store, projectId);
      if (!traitsOf(status).lost)
        throw new Rejection('project/not-active', `The project is ${status}: its files stay.`);
      const slice = AbortSignal.timeout(sliceMs);
      const removing = files.removeAll(projectId, AbortSignal.any([signal, slice])).then(
        () => true,
        (error: unknown) => {
          if (slice.aborted && !signal.aborted) return false;
          throw error;
        },
      );
      return { status: 200, body: { done: await told(removing) } };
    },
  }),
];
