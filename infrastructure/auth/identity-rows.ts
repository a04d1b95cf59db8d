import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { IdentityRows } from '../../application/ports/user-directory.ts';
import type { Identity } from '../../domain/auth/user.ts';
import { insertion, insertions, json, plain, selected, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { object, time, timeOr } from './stored-values.ts';

const COLUMNS: Columns<Identity> = {
  id: plain('id'),
  userId: plain('user_id'),
  provider: plain('provider'),
  providerId: plain('provider_id'),
  data: json('identity_data'),
  lastSignInAt: plain('last_sign_in_at'),
  createdAt: plain('created_at'),
  updatedAt: plain('updated_at'),
};
const SELECTED = selected(COLUMNS);
const REPLACED = ['id', 'user_id', 'identity_data', 'last_sign_in_at', 'created_at', 'updated_at']
  .map((name) => `${name} = excluded.${name}`)
  .join(', ');

function identityOf(row: Stored<Identity>): Identity {
  const updatedAt = time(row.updatedAt);
  const createdAt = timeOr(row.createdAt, updatedAt);
  return {
    id: row.id as string,
    userId: row.userId as string,
    provider: row.provider as string,
    providerId: row.providerId as string,
    data: object(row.data),
    lastSignInAt: time(row.lastSignInAt),
    createdAt,
    updatedAt: updatedAt ?? createdAt,
  };
}

export function identityRows(sql: TenantConnection): IdentityRows {
  return {
    async of(userIds) {
      const { rows } = await sql.query<Stored<Identity>>(
        `SELECT ${SELECTED} FROM auth.identities WHERE user_id = ANY ($1) ORDER BY created_at, id`,
        [userIds.filter(isUuid)],
      );
      return rows.map(identityOf);
    },
    async find(provider, providerId) {
      const { rows } = await sql.query<Stored<Identity>>(
        `SELECT ${SELECTED} FROM auth.identities WHERE provider = $1 AND provider_id = $2`,
        [provider, providerId],
      );
      return rows[0] && identityOf(rows[0]);
    },
    async put(identity) {
      const { text, values } = insertion('auth.identities', COLUMNS, identity);
      await sql.query(`${text} ON CONFLICT (provider_id, provider) DO UPDATE SET ${REPLACED}`, values);
    },
    async putNew(identities) {
      if (identities.length === 0) return;
      const { text, values } = insertions('auth.identities', COLUMNS, identities);
      await sql.query(`${text} ON CONFLICT DO NOTHING`, values);
    },
    async add(identity) {
      const { text, values } = insertion('auth.identities', COLUMNS, identity);
      const { rowCount } = await sql.query(`${text} ON CONFLICT DO NOTHING`, values);
      return rowCount > 0;
    },
    async delete(id) {
      if (isUuid(id)) await sql.query('DELETE FROM auth.identities WHERE id = $1', [id]);
    },
  };
}
