import type { Bucket, JsonObject, StoredObject } from '../../domain/storage/stored-object.ts';
import { text, time } from '../auth/stored-values.ts';

export type ObjectRow = Readonly<Record<string, unknown>>;

/**
 * Rows are the owner's to write, and whatever comes of them is held in the memory of all projects. What is larger than anything
 * that is stored here is as if it were not there: a name is its beginning, and so is a list.
 */
const MOST_CHARACTERS = 2_048;
const MOST_BYTES = { metadata: 16 * 1024, user_metadata: 256 * 1024 };
const MOST_TYPES = 1_000;

const OBJECT = {
  id: whole,
  bucket_id: beginning,
  name: beginning,
  owner: whole,
  owner_id: beginning,
  version: beginning,
  metadata: unlessLarge,
  user_metadata: unlessLarge,
  created_at: whole,
  updated_at: whole,
  last_accessed_at: whole,
};
const BUCKET = {
  id: beginning,
  name: beginning,
  owner: whole,
  owner_id: beginning,
  public: whole,
  file_size_limit: whole,
  allowed_mime_types: firstOnes,
  created_at: whole,
  updated_at: whole,
};

type Expression = (column: string, name: string) => string;

function whole(column: string): string {
  return column;
}

function beginning(column: string): string {
  return `pg_catalog.substr(${column}, 1, ${MOST_CHARACTERS})`;
}

function unlessLarge(column: string, name: string): string {
  const most = MOST_BYTES[name as keyof typeof MOST_BYTES];
  return `CASE WHEN pg_catalog.octet_length(${column}::text) <= ${most} THEN ${column} END`;
}

function firstOnes(column: string): string {
  return `${column}[1:${MOST_TYPES}]`;
}

const columns = (all: Readonly<Record<string, Expression>>, of: string): string =>
  Object.entries(all)
    .map(([name, expression]) => `${expression(`${of}.${name}`, name)} AS ${name}`)
    .join(', ');

export const objectColumns = (of: string): string => columns(OBJECT, of);

/** What lists tell: not what whoever stored it says of it besides. */
export function listedColumns(of: string): string {
  const { user_metadata: _, ...listed } = OBJECT;
  return columns(listed, of);
}

export const BUCKET_COLUMNS = columns(BUCKET, 'buckets');

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
