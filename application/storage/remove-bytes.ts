import type { ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import { isObjectVersion, type ObjectStore, type ObjectVersion } from '../ports/object-store.ts';

/** Those of rows that are gone. What rows name may be anything; what stays because the store is away, a sweep finds. */
export async function removeBytes(
  bytes: ObjectStore,
  project: ProjectId,
  versions: readonly (string | null)[],
): Promise<void> {
  const ours = versions.filter((version) => version !== null && isObjectVersion(version));
  if (ours.length === 0) return;
  await bytes.remove(project, ours as ObjectVersion[]).catch(() => {});
}

/**
 * What fails leaves no bytes. Where nobody knows whether it did, because its COMMIT was under way, a row may have them:
 * then they stay, and if none has, a sweep finds them.
 */
export async function removeUnlessStored<T>(
  bytes: ObjectStore,
  project: ProjectId,
  version: ObjectVersion,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unavailable)) await removeBytes(bytes, project, [version]);
    throw error;
  }
}
