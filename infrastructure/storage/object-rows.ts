import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type {
  FolderEntry,
  NewObject,
  ObjectRows,
  Page,
  PrefixListing,
} from '../../application/ports/storage-directory.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { listing } from './listing.ts';
import { listedColumns, objectColumns, objectOf, type ObjectRow } from './object-columns.ts';

type Query = TenantConnection['query'];

const COLUMNS = objectColumns('objects');
/** of many rows */
const LISTED = listedColumns('objects');
const AT = 'bucket_id = $1 AND name = $2';
const INSERT = `INSERT INTO storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
const REPLACE = `owner = $3, owner_id = $4, version = $5, metadata = $6, user_metadata = $7, updated_at = pg_catalog.now()`;
/** what we could have written: an owner's rows may have no name, or one that nobody can go on from */
const NAMED = 'pg_catalog.length(bucket_id) <= 100 AND pg_catalog.length(name) <= 1024';
/** a row that comes and goes while we look is somebody's who uploads and deletes it all the time */
const MOST_TRIES = 5;

const valuesOf = ({ bucketId, name, ownerId, version, metadata, userMetadata }: NewObject) => [
  bucketId,
  name,
  ownerId !== null && isUuid(ownerId) ? ownerId : null,
  ownerId,
  version,
  JSON.stringify(metadata),
  userMetadata && JSON.stringify(userMetadata),
];

export const objectRows = (query: Query): ObjectRows => ({
  find: async ({ bucketId, name }) =>
    one(await query(`SELECT ${COLUMNS} FROM storage.objects WHERE ${AT}`, [bucketId, name])),
  async findAll(bucketId, names) {
    const found = await query<ObjectRow>(
      `SELECT ${LISTED} FROM storage.objects WHERE bucket_id = $1 AND name = ANY ($2)`,
      [bucketId, names],
    );
    return found.rows.map(objectOf);
  },
  async folder({ folder, ...wanted }) {
    const { text, values } = listing({
      ...wanted,
      prefix: folder,
      byFolder: true,
      after: undefined,
      startAfter: undefined,
    });
    return (await query<ObjectRow>(text, values)).rows.map(entryOf);
  },
  page: (wanted) => page(query, wanted),
  tryInsert: (object, { upsert }) => tryInsert(query, object, upsert),
  put: (object, { upsert }) => put(query, object, upsert),
  move: async (from, to) =>
    one(
      await query(
        `UPDATE storage.objects SET bucket_id = $3, name = $4, updated_at = pg_catalog.now() WHERE ${AT} RETURNING ${COLUMNS}`,
        [from.bucketId, from.name, to.bucketId, to.name],
      ),
    ),
  describe: async ({ bucketId, name }, { metadata, userMetadata }) =>
    one(
      await query(
        `UPDATE storage.objects SET metadata = $3, user_metadata = $4, updated_at = pg_catalog.now() WHERE ${AT} RETURNING ${COLUMNS}`,
        [bucketId, name, JSON.stringify(metadata), userMetadata && JSON.stringify(userMetadata)],
      ),
    ),
  async delete(bucketId, names) {
    const gone = await query<ObjectRow>(
      `DELETE FROM storage.objects WHERE bucket_id = $1 AND name = ANY ($2) RETURNING ${COLUMNS}`,
      [bucketId, names],
    );
    return gone.rows.map(objectOf);
  },
  async named(versions) {
    const found = await query<{ version: string }>(
      'SELECT version FROM storage.objects WHERE version = ANY ($1)',
      [versions],
    );
    return new Set(found.rows.map(({ version }) => version));
  },
  async inOrder(after, limit) {
    const found = await query<ObjectRow>(
      `SELECT ${LISTED} FROM storage.objects
        WHERE ($1::text IS NULL OR (bucket_id, name) > ($1, $2)) AND ${NAMED}
        ORDER BY objects.bucket_id, objects.name LIMIT $3`,
      [after?.bucketId ?? null, after?.name ?? null, limit],
    );
    return found.rows.map(objectOf);
  },
  async deleteSome(bucketId, limit) {
    const gone = await query<ObjectRow>(
      `DELETE FROM storage.objects WHERE id IN (SELECT id FROM storage.objects WHERE bucket_id = $1 LIMIT $2) RETURNING ${LISTED}`,
      [bucketId, limit],
    );
    return gone.rows.map(objectOf);
  },
});

const one = ({ rows }: { readonly rows: readonly ObjectRow[] }): StoredObject | undefined =>
  rows[0] && objectOf(rows[0]);

const entryOf = (row: ObjectRow): FolderEntry =>
  row['is_folder'] === true ? { folder: String(row['entry']).slice(0, -1) } : { object: objectOf(row) };

async function page(query: Query, { limit, startAfter, ...wanted }: PrefixListing): Promise<Page> {
  const { text, values } = listing({ ...wanted, search: '', offset: 0, limit: limit + 1, startAfter });
  const { rows } = await query<ObjectRow>(text, values);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    entries: rows.slice(0, limit).map(entryOf),
    next: last && { name: String(last['entry']), value: last['value'] as string | null },
  };
}

/** All of it is asked at once: whatever fails, the last of it takes it back. */
async function tryInsert(query: Query, object: NewObject, upsert: boolean): Promise<void> {
  const values = valuesOf(object);
  const asked = [
    query('SAVEPOINT tried'),
    query(
      upsert ? `${INSERT} ON CONFLICT (bucket_id, name) DO UPDATE SET ${REPLACE} RETURNING id` : INSERT,
      values,
    ),
    ...(upsert
      ? [query(`UPDATE storage.objects SET version = $3 WHERE ${AT}`, [...values.slice(0, 2), values[4]])]
      : []),
    query('ROLLBACK TO SAVEPOINT tried'),
  ];
  const outcomes = await Promise.allSettled(asked);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  const changed = upsert ? outcomes[2] : undefined;
  if (changed?.status === 'fulfilled' && changed.value.rowCount === 0) throw new StorageError('AccessDenied');
}

async function put(query: Query, object: NewObject, upsert: boolean) {
  const values = valuesOf(object);
  const place = values.slice(0, 2);
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    if (upsert) {
      const { rows } = await query<{ version: string | null }>(
        `SELECT version FROM storage.objects WHERE ${AT} FOR UPDATE`,
        place,
      );
      const replaced =
        rows[0] &&
        one(await query(`UPDATE storage.objects SET ${REPLACE} WHERE ${AT} RETURNING ${COLUMNS}`, values));
      if (rows[0] && replaced) return { object: replaced, replaced: rows[0].version };
    }
    const inserted = one(
      await query(`${INSERT} ON CONFLICT (bucket_id, name) DO NOTHING RETURNING ${COLUMNS}`, values),
    );
    if (inserted) return { object: inserted, replaced: null };
    const { rowCount } = await query(`SELECT FROM storage.objects WHERE ${AT}`, place);
    if (rowCount > 0 && !upsert) throw new StorageError('ResourceAlreadyExists');
  }
  throw new StorageError(
    'DatabaseError',
    'Something that the owner has hung on storage.objects keeps the row out',
  );
}
