import type { ProjectId } from '../../domain/project/project-id.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { ProjectFiles } from '../ports/project-files.ts';
import { loadProject } from '../project/load-project.ts';

export interface RemovePurgedFilesDependencies {
  readonly store: EventStore;
  readonly bytes: Pick<ObjectStore, 'projects'>;
  readonly files: Pick<ProjectFiles, 'removeAll'>;
}

/**
 * What an upload that was under way has left of a project that was being purged. One that the log does not know is left alone:
 * its files are another platform's, or the log is not the one that they belong to.
 * @returns whose files were removed
 */
export async function removePurgedFiles(
  { store, bytes, files }: RemovePurgedFilesDependencies,
  signal: AbortSignal,
): Promise<readonly ProjectId[]> {
  const removed: ProjectId[] = [];
  for await (const id of bytes.projects(signal)) {
    const loaded = await loadProject(store, id);
    if (loaded?.project.status !== 'purged') continue;
    await files.removeAll(id, signal);
    removed.push(id);
  }
  return removed;
}
