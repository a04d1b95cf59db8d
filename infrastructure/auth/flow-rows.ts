import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { FlowRows, Lock } from '../../application/ports/user-directory.ts';
import type { AuthMethod, Flow } from '../../domain/auth/user.ts';
import { change, insertion, json, plain, selected, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { object, text, time, timeOr } from './stored-values.ts';
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
  redirectTo: plain('referrer'),
  linkingTargetId: plain('linking_target_id'),
  identityData: json('identity_data'),
};
const SELECTED = selected(COLUMNS);

/** Of those before the time that is the last parameter, and by an index each, however many there are. */
const sweeping = (parameter: string): string => `
  WITH of_providers AS (${sweep("<> 'email'", `${parameter}::timestamptz - interval '10 minutes'`)}),
    of_mails AS (${sweep("= 'email'", `${parameter}::timestamptz - interval '2 days'`)})`;

const sweep = (provider: string, before: string): string => `
  DELETE FROM auth.flow_state WHERE id IN (
    SELECT id FROM auth.flow_state WHERE provider_type ${provider} AND created_at < ${before}
    ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED)`;

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
  redirectTo: text(row.redirectTo),
  linkingTargetId: text(row.linkingTargetId),
  identityData: row.identityData === null ? null : object(row.identityData),
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
      await sql.query(`${sweeping(`$${values.length + 1}`)} ${into}`, [...values, flow.createdAt]);
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
    async take(id, boundTo) {
      if (!isUuid(id)) return undefined;
      const { rows } = await sql.query<Stored<Flow>>(
        `DELETE FROM auth.flow_state WHERE id = $1 AND user_id IS NULL AND auth_code_issued_at IS NULL
           AND (auth_code = $2 OR linking_target_id IS NOT NULL) RETURNING ${SELECTED}`,
        [id, boundTo],
      );
      return rows[0] && flowOf(rows[0]);
    },
    async update(id, changes) {
      const statement = isUuid(id) ? change('auth.flow_state', COLUMNS, id, changes) : undefined;
      if (statement) await sql.query(statement.text, statement.values);
    },
    async delete(id) {
      if (isUuid(id)) await sql.query('DELETE FROM auth.flow_state WHERE id = $1', [id]);
    },
  };
}
