import type { MultipartRows } from '../../application/ports/storage-directory.ts';
import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import { text, time } from '../auth/stored-values.ts';
import type { ObjectRow } from './object-columns.ts';

/** what was begun before is not in the spool any more, and a crash may have left its row */
const OVER = "pg_catalog.now() - interval '25 hours'";

export const multipartRows = (query: TenantConnection['query']): MultipartRows => ({
  async insert({ id, bucketId, key, ownerId, metadata, userMetadata }) {
    await Promise.all([
      // what it will be called by the store is not known yet, and nobody has to sign what the spool knows
      query(
        `INSERT INTO storage.s3_multipart_uploads
           (id, upload_signature, version, bucket_id, key, owner_id, metadata, user_metadata)
         VALUES ($1, '', $1, $2, $3, $4, $5, $6)`,
        [id, bucketId, key, ownerId, JSON.stringify(metadata), userMetadata && JSON.stringify(userMetadata)],
      ),
      query(`DELETE FROM storage.s3_multipart_uploads WHERE created_at < ${OVER}`),
    ]);
  },
  async putPart(id, { number, size, md5 }) {
    await Promise.all([
      // parts come at the same time, and each sees all that came before
      query('SELECT FROM storage.s3_multipart_uploads WHERE id = $1 FOR UPDATE', [id]),
      query(
        `WITH before AS (
           DELETE FROM storage.s3_multipart_uploads_parts WHERE upload_id = $1 AND part_number = $2::int RETURNING size
         ), after AS (
           INSERT INTO storage.s3_multipart_uploads_parts
             (upload_id, part_number, size, etag, bucket_id, key, owner_id, version)
           SELECT id, $2::int, $3::bigint, $4, bucket_id, key, owner_id, version
             FROM storage.s3_multipart_uploads WHERE id = $1
         )
         UPDATE storage.s3_multipart_uploads
            SET in_progress_size = in_progress_size + $3::bigint - (SELECT coalesce(sum(size), 0) FROM before)
          WHERE id = $1`,
        [id, number, size, md5],
      ),
    ]);
  },
  async list({ bucketId, prefix, limit, after }) {
    const { rows } = await query<ObjectRow>(
      `SELECT id, bucket_id, key, owner_id, created_at FROM storage.s3_multipart_uploads
       WHERE bucket_id = $1 AND starts_with(key, $2) AND created_at >= ${OVER}
         AND ($3::text IS NULL OR key COLLATE "C" > $3 OR key = $3 AND id COLLATE "C" > $4)
       ORDER BY key COLLATE "C", id COLLATE "C" LIMIT $5`,
      // without an id whatever is of that key is left out
      [bucketId, prefix, after?.key ?? null, after?.id ?? null, limit],
    );
    return rows.map((row) => ({
      id: text(row['id']) ?? '',
      bucketId: text(row['bucket_id']) ?? '',
      key: text(row['key']) ?? '',
      ownerId: text(row['owner_id']),
      createdAt: time(row['created_at']),
    }));
  },
  async delete(id) {
    await query('DELETE FROM storage.s3_multipart_uploads WHERE id = $1', [id]);
  },
});
