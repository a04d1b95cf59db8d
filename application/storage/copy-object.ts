import { cacheControlOf } from '../../domain/storage/cache-control.ts';
import { ANY_BYTES } from '../../domain/storage/media-type.ts';
import {
  SAID_ALONG,
  saidAlongIn,
  textIn,
  type JsonObject,
  type ObjectDescription,
  type SaidAlong,
  type StoredObject,
} from '../../domain/storage/stored-object.ts';
import type { Place, StorageCaller, StorageOperation } from '../ports/storage-directory.ts';
import { findObject } from './find-object.ts';
import { openObject } from './open-object.ts';
import { StorageError } from './storage-error.ts';
import {
  judgeUpload,
  placeOf,
  storeObject,
  type StoreDependencies,
  type StoringProject,
  type Uploader,
  type Wanted,
} from './store-object.ts';

export interface Copy {
  readonly from: Place;
  readonly to: Place;
  readonly upsert: boolean;
  /** default: that of the REST service */
  readonly operation?: StorageOperation;
  /** what is said of the copy in place of what is said of the original; absent: the same */
  readonly described: {
    readonly mediaType?: string | undefined;
    readonly cacheControl?: string | undefined;
    /** empty: none */
    readonly contentEncoding?: string | undefined;
    readonly saidAlong?: SaidAlong | undefined;
    /** null: none */
    readonly userMetadata?: JsonObject | null | undefined;
  };
}

/**
 * The original takes SELECT, the copy what an upload takes. A copy onto itself is another description: its bytes stay.
 * @throws {StorageError} as storing does, and NoSuchKey
 */
export async function copyObject(
  dependencies: StoreDependencies,
  project: StoringProject,
  caller: StorageCaller,
  ownerId: string | null,
  { from, to, upsert, operation = 'storage.object.copy', described }: Copy,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const { bytes } = dependencies;
  const place = placeOf(to.bucketId, to.name);
  const find = () => findObject(dependencies, project, { by: 'policies', caller }, operation, from, signal);
  const uploader: Uploader = { caller, operation, ownerId, right: 'policies' };
  const wantedOf = (object: StoredObject, size: number | undefined): Wanted => ({
    ...place,
    upsert,
    description: descriptionOf(object, described),
    size,
  });
  if (from.bucketId === to.bucketId && from.name === to.name) {
    const object = await find();
    const wanted = wantedOf(object, undefined);
    await judgeUpload(dependencies, project, uploader, wanted, signal);
    return redescribe(dependencies, project, uploader, place, wanted.description, object);
  }
  const { object, bytes: source, size } = await openObject(bytes, project, find, () => undefined, signal);
  try {
    return await storeObject(dependencies, project, uploader, { ...wantedOf(object, size), source }, signal);
  } finally {
    source.destroy();
  }
}

/** nothing of what it was stays */
const SAID_ANEW: ReadonlySet<string> = new Set(['contentEncoding', ...SAID_ALONG]);

async function redescribe(
  { directory, clock }: StoreDependencies,
  project: StoringProject,
  { caller, operation }: Uploader,
  place: Place,
  { mediaType, cacheControl, contentEncoding, saidAlong, userMetadata }: ObjectDescription,
  { metadata }: StoredObject,
): Promise<StoredObject> {
  const before = Object.entries(metadata ?? {});
  const changed: JsonObject = {
    ...Object.fromEntries(before.filter(([name]) => !SAID_ANEW.has(name))),
    mimetype: mediaType,
    cacheControl,
    lastModified: clock.now().toISOString(),
    ...(contentEncoding !== null && { contentEncoding }),
    ...saidAlong,
  };
  const object = await directory.as(project.id, caller, operation, ({ objects }) =>
    objects.describe(place, { metadata: changed, userMetadata }),
  );
  if (!object) throw new StorageError('NoSuchKey');
  return object;
}

/** As the row of an object has it, which may be of anybody's hand. */
export function descriptionOf(
  { metadata, userMetadata }: StoredObject,
  described: Copy['described'] = {},
): ObjectDescription {
  const text = (name: string) => textIn(metadata, name);
  return {
    mediaType: described.mediaType ?? text('mimetype') ?? ANY_BYTES,
    cacheControl: cacheControlOf(described.cacheControl ?? text('cacheControl')),
    contentEncoding: (described.contentEncoding ?? text('contentEncoding')) || null,
    saidAlong: described.saidAlong ?? saidAlongIn(metadata),
    userMetadata: described.userMetadata === undefined ? userMetadata : described.userMetadata,
  };
}
