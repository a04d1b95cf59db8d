/** What the manager's endpoints share. */
import { z } from 'zod';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ManagedWorld } from '../../application/desired/world.ts';
import { loadKeptProject } from '../../application/project/load-project.ts';
import type { UsageDependencies } from '../../application/reconcilers/sample-usage.ts';
import type { Standing } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { knownProjectId } from '../http/internal-endpoints.ts';
import type { RemoteGateways } from './remote-gateways.ts';

export interface DataPlane {
  readonly store: EventStore;
  readonly world: ManagedWorld;
  readonly wake: (project: ProjectId, signal: AbortSignal) => Promise<void>;
  readonly use: UsageDependencies['use'];
  readonly gateways: RemoteGateways;
  /** projects of which something shall stand */
  readonly desired: () => Promise<readonly Standing[]>;
}

const WITHIN_MS = 30_000;
export const common = { auth: 'internal', tags: ['manager'], timeMs: WITHIN_MS } as const;

export const projectParam = z.object({ projectId: knownProjectId });

/** @throws {Rejection} nothing of the project shall stand now */
export async function wantedProject(
  store: EventStore,
  id: ProjectId,
  resource: 'pool' | 'postgrest',
): Promise<ExistingProject> {
  const project = await loadKeptProject(store, id);
  if (!traitsOf(project.status).comesUp && !project.resources[resource]) {
    throw new Rejection(
      'project/not-active',
      `The project is ${project.status}: its ${resource === 'pool' ? 'pool entry' : 'REST API'} shall not stand.`,
    );
  }
  return project;
}
