import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Place, StorageCaller, StorageDirectory } from '../ports/storage-directory.ts';
import { descriptionOf } from './copy-object.ts';
import { sizeInRow } from './open-object.ts';
import { StorageError } from './storage-error.ts';
import { limitOf, placeOf, type StoringProject } from './store-object.ts';

/**
 * Only its row changes. Another bucket takes what may be uploaded there.
 * @throws {StorageError} InvalidKey, NoSuchKey, AccessDenied, ResourceAlreadyExists, EntityTooLarge, InvalidMimeType
 */
export async function moveObject(
  { directory }: { readonly directory: StorageDirectory },
  project: StoringProject,
  caller: StorageCaller,
  from: Place,
  to: Place,
): Promise<StoredObject> {
  const destination = placeOf(to.bucketId, to.name);
  return directory.as(project.id, caller, 'storage.object.move', async ({ buckets, objects }) => {
    const moved = await objects.move(from, destination);
    if (!moved) throw new StorageError('NoSuchKey');
    if (from.bucketId === destination.bucketId) return moved;
    const bucket = await buckets.rules(destination.bucketId);
    const wanted = { description: descriptionOf(moved), size: sizeInRow(moved) };
    if (bucket) limitOf(project, bucket, wanted, destination.name);
    return moved;
  });
}
