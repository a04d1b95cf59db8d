import type { Project } from '../../domain/project/project.ts';
import type { Handled } from '../handle.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { Secrets } from '../ports/secrets.ts';
import { commandProject, type Who } from './command-project.ts';
import { loadOwnedProject } from './load-project.ts';

export interface UpgradeOwnProjectDependencies {
  readonly store: CommandLog;
  readonly ids: Ids;
  readonly secrets: Pick<Secrets, 'completed'>;
  readonly migrations: Pick<Migrations, 'latestVersion'>;
}

/**
 * An owner's project to the newest version of the template, while it serves. A rollout that comes to it finds it done.
 * @param ifRevision the revision that the caller has seen, if it has to be that one still
 * @throws {Rejection} project/not-found, project/not-active, project/busy, project/revision-mismatch
 */
export async function upgradeOwnProject(
  dependencies: UpgradeOwnProjectDependencies,
  who: Who,
  metadata: EventMetadata,
  ifRevision?: number,
): Promise<Handled<Project>> {
  const { store, secrets, migrations } = dependencies;
  const { project } = await loadOwnedProject(store, who.ownerId, who.projectId);
  const version = migrations.latestVersion;
  const completed = await secrets.completed(project.id, project.secrets, version);
  const command = { kind: 'UpgradeProject', version, secrets: completed } as const;
  // secrets were completed from what was read: whoever changed them meanwhile goes before
  return commandProject(dependencies, who, command, metadata, { ifRevision: ifRevision ?? project.revision });
}
