import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { FlowRows, Lock } from '../../application/ports/user-directory.ts';
import type { AuthMethod, Flow } from '../../domain/auth/user.ts';
import { change, insertion, plain, selected, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { text, time, timeOr } from './stored-values.ts';
import { locking } from './user-rows.ts';

const COLUMNS: Columns<Flow> = {
  id: plain('id'),
  userId: plain('user_id'),
  authCode: plain('auth_code'),
  codeChallenge: plain('code_challenge'),
  codeChallengeMethod: plain('code_challenge_method'),
  providerType: plain('provider_type'),
  method: plain('authentication_method'),
  createdAt: plain('created_at'),
  authCodeIssuedAt: plain('auth_code_issued_at'),
  providerAccessToken: plain('provider_access_token'),
  providerRefreshToken: plain('provider_refresh_token'),
};
const SELECTED = selected(COLUMNS);

const flowOf = (row: Stored<Flow>): Flow => ({
  id: row.id as string,
  userId: text(row.userId),
  authCode: text(row.authCode) ?? '',
  // of the empty one there is no verifier
  codeChallenge: text(row.codeChallenge) ?? '',
  codeChallengeMethod: (text(row.codeChallengeMethod) ?? 's256') as Flow['codeChallengeMethod'],
  providerType: row.providerType as string,
  method: row.method as AuthMethod,
  createdAt: timeOr(row.createdAt, null),
  authCodeIssuedAt: time(row.authCodeIssuedAt),
  providerAccessToken: text(row.providerAccessToken),
  providerRefreshToken: text(row.providerRefreshToken),
});

export function flowRows(sql: TenantConnection): FlowRows {
  const one = async (where: string, values: readonly unknown[], lock?: Lock): Promise<Flow | undefined> => {
    const { rows } = await sql.query<Stored<Flow>>(
      `SELECT ${SELECTED} FROM auth.flow_state WHERE ${where}${locking(lock)}`,
      values,
    );
    return rows[0] && flowOf(rows[0]);
  };
  return {
    async insert(flow) {
      const { text: into, values } = insertion('auth.flow_state', COLUMNS, flow);
      await sql.query(into, values);
    },
    byId: async (id, lock) => (isUuid(id) ? one('id = $1', [id], lock) : undefined),
    byAuthCode: async (code, lock) => (code === '' ? undefined : one('auth_code = $1', [code], lock)),
    newestOf: async (userId, method) =>
      isUuid(userId)
        ? one(
            `user_id = $1 AND authentication_method = $2 AND provider_type = 'email'
             ORDER BY flow_state.created_at DESC NULLS LAST LIMIT 1`,
            [userId, method],
          )
        : undefined,
    async update(id, changes) {
      const statement = isUuid(id) ? change('auth.flow_state', COLUMNS, id, changes) : undefined;
      if (statement) await sql.query(statement.text, statement.values);
    },
    async delete(id) {
      if (isUuid(id)) await sql.query('DELETE FROM auth.flow_state WHERE id = $1', [id]);
    },
  };
}
