import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { BucketRows } from '../../application/ports/storage-directory.ts';
import { StorageError, type StorageErrorCode } from '../../application/storage/storage-error.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import type { Bucket } from '../../domain/storage/stored-object.ts';
import type { JudgedSql } from './judged-sql.ts';
import { BUCKET_COLUMNS, bucketOf, type ObjectRow } from './object-columns.ts';

const FIND = `SELECT ${BUCKET_COLUMNS} FROM storage.buckets WHERE id = $1`;
const MOST_LISTED = 10_000;
const COLUMN_OF = {
  public: 'public',
  fileSizeLimit: 'file_size_limit',
  allowedMimeTypes: 'allowed_mime_types',
} as const;

export const bucketRows = ({ asCaller, asService }: JudgedSql): BucketRows => ({
  rules: async (id) => one(await asService<ObjectRow>(FIND, [id])),
  find: async (id) => one(await asCaller<ObjectRow>(FIND, [id])),
  async list({ limit, offset, column, order, search }) {
    const { rows } = await asCaller<ObjectRow>(
      `SELECT ${BUCKET_COLUMNS} FROM storage.buckets WHERE $1 = '' OR strpos(lower(name), lower($1)) > 0
       ORDER BY ${column} ${order === 'asc' ? 'ASC' : 'DESC'}, id LIMIT $2 OFFSET $3`,
      [search, limit ?? MOST_LISTED, offset],
    );
    return rows.map(bucketOf);
  },
  async insert({ id, name, ownerId, public: isPublic, fileSizeLimit, allowedMimeTypes }) {
    const owner = ownerId !== null && isUuid(ownerId) ? ownerId : null;
    await telling(
      '23505',
      'BucketAlreadyExists',
      asCaller(
        `INSERT INTO storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [id, name, owner, ownerId, isPublic, fileSizeLimit, allowedMimeTypes],
      ),
    );
  },
  async update(id, change) {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const sets = given.map(([name], index) => `${COLUMN_OF[name as keyof typeof COLUMN_OF]} = $${index + 2}`);
    const { rowCount } = await asCaller(
      `UPDATE storage.buckets SET ${[...sets, 'updated_at = pg_catalog.now()'].join(', ')} WHERE id = $1`,
      [id, ...given.map(([, value]) => value)],
    );
    return rowCount > 0;
  },
  async delete(id) {
    // uploads that were begun are no files yet; of a bucket that stays they do, too
    const asked = [
      asCaller('SAVEPOINT going'),
      asService('DELETE FROM storage.s3_multipart_uploads WHERE bucket_id = $1', [id]),
    ];
    const deleted = asCaller('DELETE FROM storage.buckets WHERE id = $1', [id]);
    const [{ rowCount }] = await Promise.all([telling('23503', 'ResourceNotEmpty', deleted), ...asked]);
    if (rowCount === 0) await asCaller('ROLLBACK TO SAVEPOINT going');
    return rowCount > 0;
  },
});

const one = ({ rows }: { readonly rows: readonly ObjectRow[] }): Bucket | undefined =>
  rows[0] && bucketOf(rows[0]);

async function telling<T>(sqlstate: string, code: StorageErrorCode, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SqlFailed && error.code === sqlstate)
      throw new StorageError(code, undefined, sqlstate);
    throw error;
  }
}
