import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { Lock, PasskeyRows } from '../../application/ports/user-directory.ts';
import type { Passkey, PasskeyChallenge } from '../../domain/auth/passkey.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import {
  change,
  insertion,
  json,
  plain,
  selected,
  type Column,
  type Columns,
  type Stored,
} from './columns.ts';
import { object, text, time, timeOr } from './stored-values.ts';
import { locking } from './user-rows.ts';

/** base64url as we have it */
const bytes = (name: string): Column => ({
  name,
  value: (value) => Buffer.from(value as string, 'base64url'),
});
const PASSKEY: Columns<Passkey> = {
  id: plain('id'),
  userId: plain('user_id'),
  credentialId: bytes('credential_id'),
  publicKey: bytes('public_key'),
  signCount: plain('sign_count'),
  transports: json('transports'),
  aaguid: plain('aaguid'),
  backupEligible: plain('backup_eligible'),
  backedUp: plain('backed_up'),
  friendlyName: plain('friendly_name'),
  createdAt: plain('created_at'),
  updatedAt: plain('updated_at'),
  lastUsedAt: plain('last_used_at'),
};
const SELECTED = selected(PASSKEY);
/** So many of those that are long over go with each one that begins; until then whoever comes with one is told why it is not good. */
const CLEARED = 100;
const KEPT_MS = 3_600_000;

const textOf = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('base64url') : '');

const passkeyOf = (row: Stored<Passkey>): Passkey => ({
  id: row.id as string,
  userId: row.userId as string,
  credentialId: textOf(row.credentialId),
  publicKey: textOf(row.publicKey),
  // PostgreSQL's bigint comes as text
  signCount: Number(row.signCount),
  transports: Array.isArray(row.transports)
    ? row.transports.filter((one): one is string => typeof one === 'string')
    : [],
  aaguid: text(row.aaguid),
  backupEligible: row.backupEligible === true,
  backedUp: row.backedUp === true,
  friendlyName: text(row.friendlyName) ?? '',
  createdAt: timeOr(row.createdAt, null),
  updatedAt: timeOr(row.updatedAt, null),
  lastUsedAt: time(row.lastUsedAt),
});

export function passkeyRows(sql: TenantConnection): PasskeyRows {
  const where = async (condition: string, values: readonly unknown[], lock?: Lock) => {
    const { rows } = await sql.query<Stored<Passkey>>(
      `SELECT ${SELECTED} FROM auth.webauthn_credentials WHERE ${condition}${locking(lock)}`,
      values,
    );
    return rows.map(passkeyOf);
  };
  return {
    of: async (userId) => (isUuid(userId) ? where('user_id = $1 ORDER BY created_at, id', [userId]) : []),
    byId: async (id, lock) => (isUuid(id) ? (await where('id = $1', [id], lock))[0] : undefined),
    byCredentialId: async (id, lock) =>
      (await where('credential_id = $1', [Buffer.from(id, 'base64url')], lock))[0],
    async insert(passkey) {
      const { text: into, values } = insertion('auth.webauthn_credentials', PASSKEY, passkey);
      return (await sql.query(`${into} ON CONFLICT DO NOTHING`, values)).rowCount > 0;
    },
    async update(id, changes) {
      const statement = isUuid(id) ? change('auth.webauthn_credentials', PASSKEY, id, changes) : undefined;
      if (statement) await sql.query(statement.text, statement.values);
    },
    async delete(id) {
      if (isUuid(id)) await sql.query('DELETE FROM auth.webauthn_credentials WHERE id = $1', [id]);
    },
    insertChallenge: (challenge) => insertChallenge(sql, challenge),
    takeChallenge: (id, kind, userId) => takeChallenge(sql, id, kind, userId),
  };
}

async function insertChallenge(sql: TenantConnection, challenge: PasskeyChallenge): Promise<void> {
  const { id, kind, userId, sessionId, challenge: shown, createdAt, expiresAt } = challenge;
  await sql.query(
    `DELETE FROM auth.webauthn_challenges WHERE id = ANY (ARRAY(
       SELECT id FROM auth.webauthn_challenges WHERE expires_at < $1 LIMIT ${CLEARED} FOR UPDATE SKIP LOCKED))`,
    [new Date(createdAt.getTime() - KEPT_MS)],
  );
  await sql.query(
    `INSERT INTO auth.webauthn_challenges (id, user_id, challenge_type, session_data, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [id, userId, kind, JSON.stringify({ challenge: shown, session_id: sessionId }), createdAt, expiresAt],
  );
}

async function takeChallenge(
  sql: TenantConnection,
  id: string,
  kind: PasskeyChallenge['kind'],
  userId: string | null,
): Promise<PasskeyChallenge | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await sql.query<{ data: unknown; createdAt: unknown; expiresAt: unknown }>(
    `DELETE FROM auth.webauthn_challenges
     WHERE id = $1 AND challenge_type = $2 AND user_id IS NOT DISTINCT FROM $3::uuid
     RETURNING session_data AS data, created_at AS "createdAt", expires_at AS "expiresAt"`,
    [id, kind, userId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const data = object(row.data);
  return {
    id,
    kind,
    userId,
    sessionId: text(data['session_id']),
    // no answer is for the empty one
    challenge: text(data['challenge']) ?? '',
    createdAt: timeOr(row.createdAt, null),
    expiresAt: timeOr(row.expiresAt, null),
  };
}
