import type { StoredObject } from '../../domain/storage/stored-object.ts';
import {
  BytesMissing,
  isObjectVersion,
  type ByteRange,
  type ObjectStore,
  type ObjectVersion,
  type OpenedBytes,
} from '../ports/object-store.ts';
import { StorageError } from './storage-error.ts';
import type { StoringProject } from './store-object.ts';

const MOST_TRIES = 3;

export interface Opened {
  readonly object: StoredObject;
  readonly size: number;
  readonly range: ByteRange | undefined;
  readonly bytes: OpenedBytes;
}

/** As its row has it, which may be of anybody's hand; undefined: it does not say. */
export function sizeInRow({ metadata }: StoredObject): number | undefined {
  const size = metadata?.['size'];
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/**
 * What is made of an object's bytes as it is now: who replaces it while it is looked up has nobody wait for what is gone.
 * @param find its row, again for each try
 * @throws {StorageError} NoSuchKey: the row is there, but no bytes are
 */
export async function asItIsNow<T>(
  find: () => Promise<StoredObject>,
  use: (object: StoredObject) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    const object = await find();
    try {
      return await use(object);
    } catch (error) {
      if (!(error instanceof BytesMissing)) throw error;
      if (tried === MOST_TRIES) throw new StorageError('NoSuchKey');
    }
  }
}

/** Of what a row may say. @throws {BytesMissing} none of ours */
export function versionOf({ version }: StoredObject): ObjectVersion {
  if (version === null || !isObjectVersion(version)) throw new BytesMissing();
  return version;
}

/**
 * @param choose which part of it is wanted, by its size; it may throw
 * @throws as {@link asItIsNow}
 */
export const openObject = (
  bytes: ObjectStore,
  project: Pick<StoringProject, 'id'>,
  find: () => Promise<StoredObject>,
  choose: (object: StoredObject, size: number) => ByteRange | undefined,
  signal?: AbortSignal,
): Promise<Opened> => asItIsNow(find, (object) => opened(bytes, project, object, choose, signal));

async function opened(
  bytes: ObjectStore,
  { id }: Pick<StoringProject, 'id'>,
  object: StoredObject,
  choose: (object: StoredObject, size: number) => ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const version = versionOf(object);
  const said = sizeInRow(object);
  const range = said === undefined ? undefined : choose(object, said);
  const found = await bytes.open(id, version, range, signal);
  if (found.size === said) return { object, range, ...found };
  // the row says something else than what is there
  found.bytes.destroy();
  const right = choose(object, found.size);
  return { object, range: right, ...(await bytes.open(id, version, right, signal)) };
}
