/** What the manager's endpoints share. */
import { z } from 'zod';
import { Refused, Unavailable } from '../../application/errors.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ManagedWorld } from '../../application/process-managers/world.ts';
import { loadProject } from '../../application/project/load-project.ts';
import type { IdleDependencies } from '../../application/reconcilers/sleep-when-idle.ts';
import type { Standing } from '../../application/reconcilers/keep-projects-reachable.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { RequestProblem } from '../http/problems.ts';

export interface DataPlane {
  readonly store: EventStore;
  readonly world: ManagedWorld;
  readonly wake: (project: ProjectId, signal: AbortSignal) => Promise<void>;
  readonly use: IdleDependencies['use'];
  /** projects of which something shall stand */
  readonly desired: () => Promise<readonly Standing[]>;
}

const WITHIN_MS = 30_000;
export const common = { auth: 'internal', tags: ['manager'], limits: { timeMs: WITHIN_MS } } as const;

export const projectParam = z.object({
  projectId: z
    .string()
    .refine(isProjectId, 'not a project id')
    .transform((text) => text as ProjectId),
});

/** @throws {Rejection} nothing of the project shall stand now */
export async function wantedProject(
  store: EventStore,
  id: ProjectId,
  resource: 'pool' | 'postgrest',
): Promise<ExistingProject> {
  const project = (await loadProject(store, id))?.project;
  if (!project || project.status === 'purged')
    throw new Rejection('project/not-found', 'There is no such project.');
  const comesUp = ['provisioning', 'resuming', 'waking'].includes(project.status);
  if (!comesUp && !project.resources[resource]) {
    throw new Rejection(
      'project/not-active',
      `The project is ${project.status}: its ${resource === 'pool' ? 'pool entry' : 'REST API'} shall not stand.`,
    );
  }
  return project;
}

/** Those who may ask the manager may also read why it could not: our own words, without secrets. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable) throw new RequestProblem('platform/unavailable', error.message);
    if (error instanceof Refused) throw new RequestProblem('platform/refused', error.message);
    throw error;
  }
}
