/** Rows of objects and buckets as clients read them. */
import type { FolderEntry } from '../../application/ports/storage-directory.ts';
import { sizeInRow } from '../../application/storage/open-object.ts';
import type { Bucket, StoredObject } from '../../domain/storage/stored-object.ts';
import { changedAtOf, entityTagOf, mediaTypeOf } from './serve-object.ts';

const times = ({ createdAt, updatedAt, lastAccessedAt }: StoredObject) => ({
  updated_at: updatedAt,
  created_at: createdAt,
  last_accessed_at: lastAccessedAt,
});

export const objectJson = (object: StoredObject) => ({
  id: object.id,
  bucket_id: object.bucketId,
  name: object.name,
  owner: object.owner,
  owner_id: object.ownerId,
  version: object.version,
  ...times(object),
  metadata: object.metadata,
  user_metadata: object.userMetadata,
});

export const infoJson = (object: StoredObject) => ({
  id: object.id,
  name: object.name,
  version: object.version,
  bucket_id: object.bucketId,
  size: sizeInRow(object) ?? null,
  content_type: mediaTypeOf(object),
  cache_control: object.metadata?.['cacheControl'] ?? null,
  etag: entityTagOf(object),
  metadata: object.userMetadata ?? {},
  last_modified: changedAtOf(object),
  created_at: object.createdAt,
});

/** @param name as the list has it: of an object in a folder, without the folder */
const listed = (name: string, object: StoredObject) => ({
  name,
  id: object.id,
  ...times(object),
  metadata: object.metadata,
});

const NO_OBJECT = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };

export const folderJson = (entries: readonly FolderEntry[], folder: string) =>
  entries.map((entry) =>
    'folder' in entry
      ? { name: entry.folder.slice(folder.length), ...NO_OBJECT }
      : listed(entry.object.name.slice(folder.length), entry.object),
  );

export const pageJson = (entries: readonly FolderEntry[]) => ({
  folders: entries.flatMap((entry) =>
    'folder' in entry ? [{ name: `${entry.folder}/`, key: `${entry.folder}/`, ...NO_OBJECT }] : [],
  ),
  objects: entries.flatMap((entry) =>
    'folder' in entry ? [] : [{ ...listed(entry.object.name, entry.object), key: entry.object.name }],
  ),
});

export const bucketJson = (bucket: Bucket) => ({
  id: bucket.id,
  name: bucket.name,
  owner: bucket.owner ?? '',
  public: bucket.public,
  type: 'STANDARD',
  file_size_limit: bucket.fileSizeLimit,
  allowed_mime_types: bucket.allowedMimeTypes,
  created_at: bucket.createdAt,
  updated_at: bucket.updatedAt,
});
