import type { StoredObject } from '../../domain/storage/stored-object.ts';
import {
  asService,
  type Place,
  type StorageCaller,
  type StorageDirectory,
  type StorageOperation,
} from '../ports/storage-directory.ts';
import { StorageError } from './storage-error.ts';
import { placeOf, type StoringProject } from './store-object.ts';

/** By what right somebody reads. */
export type Reading =
  /** what policies let them see, and whatever is in a public bucket */
  | { readonly by: 'policies'; readonly caller: StorageCaller }
  /** nobody knows who it is: what is in a public bucket. @property refusal of whatever else there is */
  | { readonly by: 'nobody'; readonly caller: StorageCaller; readonly refusal: StorageError }
  /** a link of the object's */
  | { readonly by: 'link'; readonly caller: StorageCaller };

/** @throws {StorageError} InvalidKey, NoSuchBucket, NoSuchKey */
export async function findObject(
  { directory }: { readonly directory: StorageDirectory },
  project: Pick<StoringProject, 'id'>,
  reading: Reading,
  operation: StorageOperation,
  wanted: Place,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const place = placeOf(wanted.bucketId, wanted.name);
  const caller = reading.by === 'policies' ? reading.caller : asService(reading.caller);
  return directory.as(
    project.id,
    caller,
    operation,
    async ({ buckets, objects, unjudged }) => {
      const [bucket, object] = await Promise.all([buckets.rules(place.bucketId), objects.find(place)]);
      if (!bucket) throw new StorageError('NoSuchBucket');
      if (reading.by === 'nobody' && !bucket.public) throw reading.refusal;
      const found =
        object ??
        (bucket.public && reading.by === 'policies' ? await unjudged.objects.find(place) : undefined);
      if (!found) throw new StorageError('NoSuchKey');
      return found;
    },
    signal && { signal },
  );
}
