import type { ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import { loadKeptProject } from '../project/load-project.ts';
import { upgradeProject, type UpgradeProjectDependencies } from '../project/upgrade-project.ts';

/**
 * Has one project brought to a version of the template, and waits for nothing.
 * @throws {Rejection} project/not-found, project/not-active, project/busy: something else is being done to it
 */
export async function askForUpgrade(
  dependencies: UpgradeProjectDependencies,
  id: ProjectId,
  version: number,
  metadata: EventMetadata,
): Promise<'done' | 'under-way'> {
  await loadKeptProject(dependencies.store, id);
  const verdict = await upgradeProject(dependencies, id, version, metadata);
  if (verdict?.kind === 'done') return 'done';
  if (verdict?.kind === 'out-of-service')
    throw new Rejection('project/not-active', `The project is ${verdict.status}: it cannot be upgraded now.`);
  const { run, templateVersion } = await loadKeptProject(dependencies.store, id);
  if (run?.process === 'upgrade') return 'under-way';
  if (templateVersion >= version) return 'done';
  throw new Rejection('project/busy', 'Something else is being done to the project; try again.');
}
