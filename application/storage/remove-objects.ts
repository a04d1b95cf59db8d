import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { StorageCaller, StorageOperation } from '../ports/storage-directory.ts';
import { removeBytes } from './remove-bytes.ts';
import type { StoreDependencies, StoringProject } from './store-object.ts';

/** Those of exactly these names that the caller may delete; the others are no error. @returns as they stood */
export async function removeObjects(
  { directory, bytes }: Pick<StoreDependencies, 'directory' | 'bytes'>,
  project: Pick<StoringProject, 'id'>,
  caller: StorageCaller,
  operation: StorageOperation,
  { bucketId, names }: { readonly bucketId: string; readonly names: readonly string[] },
): Promise<readonly StoredObject[]> {
  const gone = await directory.as(project.id, caller, operation, ({ objects }) =>
    objects.delete(bucketId, names),
  );
  await removeBytes(
    bytes,
    project.id,
    gone.map(({ version }) => version),
  );
  return gone;
}
