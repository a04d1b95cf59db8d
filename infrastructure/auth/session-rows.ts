import { randomBytes } from 'node:crypto';
import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { SessionRows } from '../../application/ports/user-directory.ts';
import type { AssuranceLevel, AuthMethod, Session } from '../../domain/auth/user.ts';
import { address, change, insertion, plain, selected, utc, type Columns, type Stored } from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { addressOr, nonEmpty, text, time, timeOr } from './stored-values.ts';
import { locking } from './user-rows.ts';

const COLUMNS: Columns<Session> = {
  id: plain('id'),
  userId: plain('user_id'),
  createdAt: plain('created_at'),
  updatedAt: plain('updated_at'),
  refreshedAt: utc('refreshed_at'),
  notAfter: plain('not_after'),
  factorId: plain('factor_id'),
  aal: plain('aal'),
  userAgent: plain('user_agent'),
  ip: address('ip', addressOr(null)),
  refreshTokenCounter: plain('refresh_token_counter'),
  refreshTokenKey: plain('refresh_token_hmac_key'),
};
const SELECTED = selected(COLUMNS);
const MOST_LISTED = 1_000;

function sessionOf(row: Stored<Session>): Session {
  const updatedAt = time(row.updatedAt);
  const createdAt = timeOr(row.createdAt, updatedAt);
  return {
    id: row.id as string,
    userId: row.userId as string,
    createdAt,
    updatedAt: updatedAt ?? createdAt,
    refreshedAt: time(row.refreshedAt),
    notAfter: time(row.notAfter),
    factorId: text(row.factorId),
    aal: (text(row.aal) ?? 'aal1') as AssuranceLevel,
    userAgent: text(row.userAgent),
    ip: text(row.ip),
    refreshTokenCounter: Number(row.refreshTokenCounter ?? 0),
    // a session of a dump has none: nobody may sign with the empty one
    refreshTokenKey: nonEmpty(row.refreshTokenKey) ?? randomBytes(32).toString('base64url'),
  };
}

export function sessionRows(sql: TenantConnection): SessionRows {
  return {
    async byId(id, lock) {
      if (!isUuid(id)) return undefined;
      const { rows } = await sql.query<Stored<Session>>(
        `SELECT ${SELECTED} FROM auth.sessions WHERE id = $1${locking(lock)}`,
        [id],
      );
      return rows[0] && sessionOf(rows[0]);
    },
    async of(userId) {
      if (!isUuid(userId)) return [];
      const { rows } = await sql.query<Stored<Session>>(
        `SELECT ${SELECTED} FROM auth.sessions WHERE user_id = $1
         ORDER BY created_at DESC NULLS LAST, id LIMIT ${MOST_LISTED}`,
        [userId],
      );
      return rows.map(sessionOf);
    },
    async insert(session) {
      const { text: into, values } = insertion('auth.sessions', COLUMNS, session);
      await sql.query(into, values);
    },
    async update(id, changes) {
      const statement = isUuid(id) ? change('auth.sessions', COLUMNS, id, changes) : undefined;
      if (statement) await sql.query(statement.text, statement.values);
    },
    async endOf(userId, { except, only, aal } = {}) {
      if (!isUuid(userId)) return;
      await sql.query(
        `DELETE FROM auth.sessions WHERE user_id = $1 AND id::text IS DISTINCT FROM $2::text
           AND ($3::text IS NULL OR id::text = $3) AND ($4::auth.aal_level IS NULL OR coalesce(aal, 'aal1') = $4)`,
        [userId, except?.toLowerCase() ?? null, only?.toLowerCase() ?? null, aal ?? null],
      );
    },
    async downgrade(factorId, method) {
      if (!isUuid(factorId)) return;
      await sql.query(
        `WITH lower AS (UPDATE auth.sessions SET aal = 'aal1', factor_id = NULL WHERE factor_id = $1 RETURNING id)
         DELETE FROM auth.mfa_amr_claims USING lower WHERE session_id = lower.id AND authentication_method = $2`,
        [factorId, method],
      );
    },
    async prove(sessionId, method, at) {
      await sql.query(
        `INSERT INTO auth.mfa_amr_claims AS claims (id, session_id, created_at, updated_at, authentication_method)
         VALUES (gen_random_uuid(), $1, $2, $2, $3)
         ON CONFLICT (session_id, authentication_method)
           DO UPDATE SET updated_at = greatest(claims.updated_at, excluded.updated_at)`,
        [sessionId, at, method],
      );
    },
    async methodsOf(sessionId) {
      if (!isUuid(sessionId)) return [];
      const { rows } = await sql.query<{ method: AuthMethod; at: unknown }>(
        `SELECT authentication_method AS method, updated_at AS at FROM auth.mfa_amr_claims WHERE session_id = $1
         ORDER BY updated_at DESC, method`,
        [sessionId],
      );
      return rows.map(({ method, at }) => ({ method, at: timeOr(at, null) }));
    },
  };
}
