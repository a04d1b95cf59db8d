import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { OneTimeTokenRows } from '../../application/ports/user-directory.ts';
import type { OneTimeToken } from '../../domain/auth/user.ts';
import { plain, selected, utc, written, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { timeOr } from './stored-values.ts';

const COLUMNS: Columns<OneTimeToken> = {
  userId: plain('user_id'),
  type: plain('token_type'),
  hash: plain('token_hash'),
  relatesTo: plain('relates_to'),
  createdAt: utc('created_at'),
};
const SELECTED = selected(COLUMNS);

export function oneTimeTokenRows(sql: TenantConnection): OneTimeTokenRows {
  return {
    async put(token) {
      const { names, expressions, values } = written(COLUMNS, token);
      await sql.query(
        `INSERT INTO auth.one_time_tokens (id, ${names.join(', ')}) VALUES (gen_random_uuid(), ${expressions.join(', ')})
         ON CONFLICT (user_id, token_type) DO UPDATE SET token_hash = excluded.token_hash, relates_to = excluded.relates_to,
           created_at = excluded.created_at, updated_at = excluded.updated_at`,
        values,
      );
    },
    async take(hashes, types) {
      const { rows } = await sql.query<Stored<OneTimeToken>>(
        `SELECT ${SELECTED} FROM auth.one_time_tokens
         WHERE token_hash = ANY ($1) AND token_type = ANY ($2::auth.one_time_token_type[])
         ORDER BY one_time_tokens.created_at DESC LIMIT 1 FOR UPDATE`,
        [hashes, types],
      );
      const [row] = rows;
      return row && ({ ...row, createdAt: timeOr(row.createdAt, null) } as OneTimeToken);
    },
    async delete(userId, types) {
      if (!isUuid(userId)) return;
      await sql.query(
        `DELETE FROM auth.one_time_tokens
         WHERE user_id = $1 AND ($2::auth.one_time_token_type[] IS NULL OR token_type = ANY ($2))`,
        [userId, types ?? null],
      );
    },
  };
}
