import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Place, StorageCaller, StorageDirectory } from '../ports/storage-directory.ts';
import { StorageError } from './storage-error.ts';
import { placeOf, type StoringProject } from './store-object.ts';

/** Only its row changes. @throws {StorageError} InvalidKey, NoSuchKey, AccessDenied, ResourceAlreadyExists */
export async function moveObject(
  { directory }: { readonly directory: StorageDirectory },
  project: Pick<StoringProject, 'id'>,
  caller: StorageCaller,
  from: Place,
  to: Place,
): Promise<StoredObject> {
  const destination = placeOf(to.bucketId, to.name);
  const moved = await directory.as(project.id, caller, 'storage.object.move', ({ objects }) =>
    objects.move(from, destination),
  );
  if (!moved) throw new StorageError('NoSuchKey');
  return moved;
}
