import type { StorageCaller } from '../ports/storage-directory.ts';
import { removeBytes } from './remove-bytes.ts';
import { StorageError } from './storage-error.ts';
import type { StoreDependencies, StoringProject } from './store-object.ts';

const AT_ONCE = 1_000;
/** who asks waits so long at most; it goes on without them */
const WAIT_MS = 10_000;
/** a bucket that its owner has fill itself again is left at that */
const MOST_MS = 600_000;
/** so that many who ask are no more work than one */
const UNDER_WAY = new Map<string, Promise<void>>();

/** @throws {StorageError} AccessDenied: it is for the service role; NoSuchBucket */
export async function emptyBucket(
  dependencies: Pick<StoreDependencies, 'directory' | 'bytes' | 'clock'>,
  project: Pick<StoringProject, 'id'>,
  caller: StorageCaller,
  bucketId: string,
): Promise<void> {
  if (caller.role !== 'service_role')
    throw new StorageError('AccessDenied', 'Emptying a bucket takes the service role');
  const { directory, clock } = dependencies;
  const bucket = await directory.as(project.id, caller, 'storage.bucket.empty', ({ buckets }) =>
    buckets.rules(bucketId),
  );
  if (!bucket) throw new StorageError('NoSuchBucket');
  const key = `${project.id}/${bucketId}`;
  const emptying =
    UNDER_WAY.get(key) ??
    empty(dependencies, project, caller, bucketId).finally(() => void UNDER_WAY.delete(key));
  UNDER_WAY.set(key, emptying);
  // what is not done by then is tried again by whoever asks again
  emptying.catch(() => {});
  await Promise.race([emptying, clock.sleep(WAIT_MS)]);
}

/** A part at a time: no transaction is long, and what is gone stays gone. */
async function empty(
  { directory, bytes, clock }: Pick<StoreDependencies, 'directory' | 'bytes' | 'clock'>,
  project: Pick<StoringProject, 'id'>,
  caller: StorageCaller,
  bucketId: string,
): Promise<void> {
  const endsAt = clock.elapsedMs() + MOST_MS;
  while (clock.elapsedMs() < endsAt) {
    const gone = await directory.as(project.id, caller, 'storage.bucket.empty', ({ objects }) =>
      objects.deleteSome(bucketId, AT_ONCE),
    );
    if (gone.length === 0) return;
    await removeBytes(
      bytes,
      project.id,
      gone.map(({ version }) => version),
    );
  }
}
