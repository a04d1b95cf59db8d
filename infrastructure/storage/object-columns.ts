import type { Bucket, JsonObject, StoredObject } from '../../domain/storage/stored-object.ts';
import { text, time } from '../auth/stored-values.ts';

export type ObjectRow = Readonly<Record<string, unknown>>;

const OBJECT = [
  'id',
  'bucket_id',
  'name',
  'owner',
  'owner_id',
  'version',
  'metadata',
  'user_metadata',
  'created_at',
  'updated_at',
  'last_accessed_at',
];
const BUCKET = [
  'id',
  'name',
  'owner',
  'owner_id',
  'public',
  'file_size_limit',
  'allowed_mime_types',
  'created_at',
  'updated_at',
];

export const objectColumns = (of: string): string => OBJECT.map((name) => `${of}.${name}`).join(', ');
export const BUCKET_COLUMNS = BUCKET.join(', ');

export const objectOf = (row: ObjectRow): StoredObject => ({
  id: String(row['id']),
  bucketId: text(row['bucket_id']) ?? '',
  name: text(row['name']) ?? '',
  owner: text(row['owner']),
  ownerId: text(row['owner_id']),
  version: text(row['version']),
  metadata: json(row['metadata']),
  userMetadata: json(row['user_metadata']),
  createdAt: time(row['created_at']),
  updatedAt: time(row['updated_at']),
  lastAccessedAt: time(row['last_accessed_at']),
});

export const bucketOf = (row: ObjectRow): Bucket => ({
  id: text(row['id']) ?? '',
  name: text(row['name']) ?? '',
  owner: text(row['owner']),
  ownerId: text(row['owner_id']),
  public: row['public'] === true,
  fileSizeLimit: bytes(row['file_size_limit']),
  allowedMimeTypes: texts(row['allowed_mime_types']),
  createdAt: time(row['created_at']),
  updatedAt: time(row['updated_at']),
});

const json = (value: unknown): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;

/** bigint comes as a text */
const bytes = (value: unknown): number | null =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? null : Number(value);

const texts = (value: unknown): readonly string[] | null =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
