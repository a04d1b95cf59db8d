import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { FactorRows } from '../../application/ports/user-directory.ts';
import type { Challenge, Factor, FactorType } from '../../domain/auth/user.ts';
import { address, change, insertion, json, plain, selected, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { addressOr, object, text, time, timeOr } from './stored-values.ts';
import { locking } from './user-rows.ts';

const FACTOR: Columns<Factor> = {
  id: plain('id'),
  userId: plain('user_id'),
  type: plain('factor_type'),
  status: plain('status'),
  friendlyName: plain('friendly_name'),
  secret: plain('secret'),
  credential: json('web_authn_credential'),
  lastChallengedAt: plain('last_challenged_at'),
  createdAt: plain('created_at'),
  updatedAt: plain('updated_at'),
};
const CHALLENGE: Columns<Challenge> = {
  id: plain('id'),
  factorId: plain('factor_id'),
  createdAt: plain('created_at'),
  verifiedAt: plain('verified_at'),
  // it cannot be NULL
  ip: address('ip_address', addressOr('0.0.0.0')),
  sessionData: json('web_authn_session_data'),
};
const SELECTED = selected(FACTOR);

const factorOf = (row: Stored<Factor>): Factor => ({
  id: row.id as string,
  userId: row.userId as string,
  type: row.type as FactorType,
  status: row.status as Factor['status'],
  friendlyName: text(row.friendlyName),
  secret: text(row.secret),
  credential: row.credential === null ? null : object(row.credential),
  lastChallengedAt: time(row.lastChallengedAt),
  createdAt: timeOr(row.createdAt, null),
  updatedAt: timeOr(row.updatedAt, null),
});

const challengeOf = (row: Stored<Challenge>): Challenge => ({
  id: row.id as string,
  factorId: row.factorId as string,
  createdAt: timeOr(row.createdAt, null),
  verifiedAt: time(row.verifiedAt),
  ip: text(row.ip) ?? '',
  sessionData: row.sessionData === null ? null : object(row.sessionData),
});

export function factorRows(sql: TenantConnection): FactorRows {
  return {
    async of(userIds) {
      const { rows } = await sql.query<Stored<Factor>>(
        `SELECT ${SELECTED} FROM auth.mfa_factors WHERE user_id = ANY ($1) ORDER BY created_at, id`,
        [userIds.filter(isUuid)],
      );
      return rows.map(factorOf);
    },
    async byId(id, lock) {
      if (!isUuid(id)) return undefined;
      const { rows } = await sql.query<Stored<Factor>>(
        `SELECT ${SELECTED} FROM auth.mfa_factors WHERE id = $1${locking(lock)}`,
        [id],
      );
      return rows[0] && factorOf(rows[0]);
    },
    async insert(factor) {
      const { text: into, values } = insertion('auth.mfa_factors', FACTOR, factor);
      return (await sql.query(`${into} ON CONFLICT DO NOTHING`, values)).rowCount > 0;
    },
    async update(id, changes) {
      const statement = isUuid(id) ? change('auth.mfa_factors', FACTOR, id, changes) : undefined;
      if (statement) await sql.query(statement.text, statement.values);
    },
    async delete(id) {
      if (isUuid(id)) await sql.query('DELETE FROM auth.mfa_factors WHERE id = $1', [id]);
    },
    async deleteUnverified(userId, type, olderThan) {
      if (!isUuid(userId)) return;
      await sql.query(
        `DELETE FROM auth.mfa_factors WHERE user_id = $1 AND factor_type = $2 AND status = 'unverified'
           AND ($3::timestamptz IS NULL OR created_at < $3)`,
        [userId, type, olderThan ?? null],
      );
    },
    async challenge(id, lock) {
      if (!isUuid(id)) return undefined;
      const { rows } = await sql.query<Stored<Challenge>>(
        `SELECT ${selected(CHALLENGE)} FROM auth.mfa_challenges WHERE id = $1${locking(lock)}`,
        [id],
      );
      return rows[0] && challengeOf(rows[0]);
    },
    async insertChallenge(challenge) {
      const { text: into, values } = insertion('auth.mfa_challenges', CHALLENGE, challenge);
      await sql.query(into, values);
    },
    async verifyChallenge(id, at) {
      if (isUuid(id))
        await sql.query('UPDATE auth.mfa_challenges SET verified_at = $2 WHERE id = $1', [id, at]);
    },
    async deleteChallenges(factorId, before) {
      if (!isUuid(factorId)) return;
      await sql.query('DELETE FROM auth.mfa_challenges WHERE factor_id = $1 AND created_at < $2', [
        factorId,
        before,
      ]);
    },
  };
}
