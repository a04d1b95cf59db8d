/** Links to objects: who makes one has to be allowed what it lets others do. */
import type { Place, StorageCaller } from '../ports/storage-directory.ts';
import type { DownloadLink, LinkFault, LinkKeys, UploadLink } from '../ports/signed-links.ts';
import { findObject } from './find-object.ts';
import type { StorageDependencies } from './storage-dependencies.ts';
import { StorageError } from './storage-error.ts';
import { judgeUpload, placeOf, type StoringProject } from './store-object.ts';

export interface LinkedProject extends StoringProject {
  readonly linkKeys: LinkKeys;
}

/** of an upload */
const UPLOAD_SECONDS = 7_200;

const urlOf = ({ bucketId, name }: Place): string => `${bucketId}/${name}`;

/** @returns its token @throws {StorageError} NoSuchKey */
export async function signDownload(
  dependencies: StorageDependencies,
  project: LinkedProject,
  caller: StorageCaller,
  place: Place,
  { seconds, transformations }: { readonly seconds: number; readonly transformations?: string | undefined },
  signal?: AbortSignal,
): Promise<string> {
  await findObject(dependencies, project, { by: 'policies', caller }, 'storage.object.sign', place, signal);
  const link: DownloadLink = {
    scope: 'download',
    url: urlOf(place),
    ...(transformations && { transformations }),
  };
  return dependencies.links.sign(project.linkKeys, link, seconds);
}

/** @returns a token for each of the names, or undefined where the caller sees no object of that name */
export async function signDownloads(
  { directory, links }: StorageDependencies,
  project: LinkedProject,
  caller: StorageCaller,
  {
    bucketId,
    names,
    seconds,
  }: { readonly bucketId: string; readonly names: readonly string[]; readonly seconds: number },
  signal?: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const found = await directory.as(
    project.id,
    caller,
    'storage.object.sign_many',
    async ({ buckets, objects, unjudged }) => {
      const [bucket, seen] = await Promise.all([buckets.rules(bucketId), objects.findAll(bucketId, names)]);
      return bucket?.public ? unjudged.objects.findAll(bucketId, names) : seen;
    },
    signal && { signal },
  );
  const there = new Set(found.map(({ name }) => name));
  return names.map((name) =>
    there.has(name)
      ? links.sign(project.linkKeys, { scope: 'download', url: urlOf({ bucketId, name }) }, seconds)
      : undefined,
  );
}

/** @returns its token @throws {StorageError} as an upload by the caller would */
export async function signUpload(
  dependencies: StorageDependencies,
  project: LinkedProject,
  uploader: { readonly caller: StorageCaller; readonly ownerId: string | null },
  { bucketId, name, upsert }: Place & { readonly upsert: boolean },
  signal?: AbortSignal,
): Promise<string> {
  const place = placeOf(bucketId, name);
  await judgeUpload(
    dependencies,
    project,
    { ...uploader, operation: 'storage.object.sign_upload_url', right: 'policies' },
    { ...place, upsert, description: UNKNOWN, size: undefined, typeIsOpen: true },
    signal,
  );
  const link: UploadLink = {
    scope: 'upload',
    url: urlOf(place),
    upsert,
    ...(uploader.ownerId !== null && { owner: uploader.ownerId }),
  };
  return dependencies.links.sign(project.linkKeys, link, UPLOAD_SECONDS);
}

/** what will be stored is not known yet */
const UNKNOWN = {
  mediaType: '',
  cacheControl: 'no-cache',
  contentEncoding: null,
  userMetadata: null,
} as const;

/** What the link lets whoever has it do here. @throws {StorageError} InvalidJWT, InvalidSignature */
export function openLink<S extends 'download' | 'upload'>(
  { links }: Pick<StorageDependencies, 'links'>,
  project: LinkedProject,
  token: string,
  scope: S,
  place: Place,
) {
  const read = links.read(project.linkKeys, token, scope);
  if ('fault' in read) throw refusal(read.fault);
  const { link } = read;
  if (link.url !== urlOf(place)) throw new StorageError('InvalidSignature');
  return link;
}

const FAULTS: Readonly<Record<Exclude<LinkFault, 'other'>, string>> = {
  malformed: 'Invalid Compact JWS',
  signature: 'signature verification failed',
  expired: '"exp" claim timestamp check failed',
  'not-yet': '"iat" claim timestamp check failed (it is in the future)',
};

const refusal = (fault: LinkFault): StorageError =>
  fault === 'other' ? new StorageError('InvalidSignature') : new StorageError('InvalidJWT', FAULTS[fault]);
