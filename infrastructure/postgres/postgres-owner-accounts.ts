import type pg from 'pg';
import type {
  NewOwnerAccount,
  NewSession,
  OpenSession,
  OwnerAccount,
  OwnerAccounts,
  Rotation,
} from '../../application/ports/owner-accounts.ts';
import { queryRows } from './query-rows.ts';

type AccountRow = { owner_id: string; email: string; password_hash: string; created_at: Date };
type SessionRow = { owner_id: string; session_id: string };

const ACCOUNT = 'SELECT owner_id, email, password_hash, created_at FROM accounts.owners';

/** Owners in the tables of the schema `accounts`. Limits on time are the pool's own. */
export class PostgresOwnerAccounts implements OwnerAccounts {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async create(account: NewOwnerAccount): Promise<boolean> {
    // one statement, thus one transaction
    const rows = await queryRows(
      this.#pool,
      'create the account',
      `WITH owner AS (
         INSERT INTO accounts.owners (owner_id, email, password_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING RETURNING owner_id)
       INSERT INTO accounts.owner_keys (owner_id, sealed_key) SELECT owner_id, $5 FROM owner RETURNING owner_id`,
      [
        account.ownerId,
        account.email,
        account.passwordHash,
        account.createdAt,
        Buffer.from(account.sealedKey),
      ],
    );
    return rows.length === 1;
  }

  async anyOther(email: string): Promise<boolean> {
    const sql = 'SELECT EXISTS (SELECT FROM accounts.owners WHERE email <> $1) AS found';
    const [row] = await queryRows<{ found: boolean }>(this.#pool, 'look for accounts', sql, [email]);
    return row?.found === true;
  }

  async findByEmail(email: string): Promise<OwnerAccount | undefined> {
    return accountOf(
      await queryRows<AccountRow>(this.#pool, 'read the account', `${ACCOUNT} WHERE email = $1`, [email]),
    );
  }

  async findById(ownerId: string): Promise<OwnerAccount | undefined> {
    return accountOf(
      await queryRows<AccountRow>(this.#pool, 'read the account', `${ACCOUNT} WHERE owner_id = $1`, [
        ownerId,
      ]),
    );
  }

  async sealedKey(ownerId: string): Promise<Uint8Array | undefined> {
    const sql = 'SELECT sealed_key FROM accounts.owner_keys WHERE owner_id = $1';
    const [row] = await queryRows<{ sealed_key: Buffer }>(this.#pool, 'read the key of the owner', sql, [
      ownerId,
    ]);
    return row?.sealed_key;
  }

  async startSession(session: NewSession): Promise<void> {
    const { sessionId, ownerId, tokenHash, startedAt, expiresAt, kind } = session;
    const ofBrowser = kind === 'browser' ? bytes(tokenHash) : null;
    await queryRows(
      this.#pool,
      'start the session',
      `WITH expired AS (DELETE FROM accounts.sessions WHERE owner_id = $2 AND expires_at < $4),
       session AS (
         INSERT INTO accounts.sessions (session_id, owner_id, started_at, expires_at, kind, token_hash, last_seen_at)
         VALUES ($1, $2, $4, $5, $6, $7::bytea, CASE WHEN $7::bytea IS NOT NULL THEN $4::timestamptz END)
         RETURNING session_id, kind)
       INSERT INTO accounts.refresh_tokens (token_hash, session_id, expires_at)
       SELECT $3, session_id, $5 FROM session WHERE kind = 'tokens'`,
      [sessionId, ownerId, bytes(tokenHash), startedAt, expiresAt, kind, ofBrowser],
    );
  }

  async useBrowserSession(
    tokenHash: string,
    { now, idleSince }: { now: Date; idleSince: Date },
  ): Promise<(OpenSession & { readonly expiresAt: Date }) | undefined> {
    const [row] = await queryRows<SessionRow & { expires_at: Date }>(
      this.#pool,
      'read the session',
      `WITH found AS (
         SELECT session_id, owner_id, expires_at FROM accounts.sessions
         WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND last_seen_at > $3),
       noted AS (
         UPDATE accounts.sessions s SET last_seen_at = $2 FROM found
         WHERE s.session_id = found.session_id AND s.last_seen_at <= $2::timestamptz - interval '1 minute')
       SELECT * FROM found`,
      [bytes(tokenHash), now, idleSince],
    );
    return row && { ...toSession(row), expiresAt: row.expires_at };
  }

  async rotate(
    tokenHash: string,
    next: { tokenHash: string; now: Date; expiresAt: Date },
  ): Promise<Rotation> {
    const [rotated] = await queryRows<SessionRow>(
      this.#pool,
      'exchange the refresh token',
      // of two with one token the second waits for the row, and finds it used
      `WITH session AS (
         SELECT s.session_id, s.owner_id FROM accounts.sessions s JOIN accounts.refresh_tokens t USING (session_id)
         WHERE t.token_hash = $1 AND s.ended_at IS NULL),
       used AS (
         UPDATE accounts.refresh_tokens t SET used_at = $3 FROM session
         WHERE t.token_hash = $1 AND t.used_at IS NULL AND t.expires_at > $3 RETURNING t.session_id),
       issued AS (
         INSERT INTO accounts.refresh_tokens (token_hash, session_id, expires_at)
         SELECT $2, session_id, $4 FROM used),
       forgotten AS (
         DELETE FROM accounts.refresh_tokens t USING used
         WHERE t.session_id = used.session_id AND t.expires_at <= $3)
       UPDATE accounts.sessions s SET expires_at = $4 FROM used
       WHERE s.session_id = used.session_id RETURNING s.session_id, s.owner_id`,
      [bytes(tokenHash), bytes(next.tokenHash), next.now, next.expiresAt],
    );
    if (rotated) return { outcome: 'rotated', ...toSession(rotated) };
    return this.#revokeIfUsed(tokenHash, next.now);
  }

  async endSession(tokenHash: string, now: Date): Promise<OpenSession | undefined> {
    const [ended] = await queryRows<SessionRow>(
      this.#pool,
      'end the session',
      `WITH named AS (
         SELECT session_id FROM accounts.refresh_tokens WHERE token_hash = $1 AND expires_at > $2
         UNION ALL SELECT session_id FROM accounts.sessions WHERE token_hash = $1 AND expires_at > $2)
       UPDATE accounts.sessions s SET ended_at = coalesce(s.ended_at, $2) FROM named
       WHERE s.session_id = named.session_id RETURNING s.session_id, s.owner_id`,
      [bytes(tokenHash), now],
    );
    return ended && toSession(ended);
  }

  async endSessions(ownerId: string, now: Date): Promise<void> {
    await queryRows(
      this.#pool,
      'end the sessions',
      'UPDATE accounts.sessions SET ended_at = $2 WHERE owner_id = $1 AND ended_at IS NULL',
      [ownerId, now],
    );
  }

  async erase(ownerId: string): Promise<boolean> {
    const [row] = await queryRows<{ erased: boolean }>(
      this.#pool,
      'erase the account',
      'SELECT accounts.erase_owner($1) AS erased',
      [ownerId],
    );
    return row?.erased === true;
  }

  async #revokeIfUsed(tokenHash: string, now: Date): Promise<Rotation> {
    const [reused] = await queryRows<SessionRow>(
      this.#pool,
      'end the session of a reused token',
      `UPDATE accounts.sessions s SET ended_at = coalesce(s.ended_at, $2) FROM accounts.refresh_tokens t
       WHERE t.token_hash = $1 AND t.used_at IS NOT NULL AND s.session_id = t.session_id AND s.expires_at > $2
       RETURNING s.session_id, s.owner_id`,
      [bytes(tokenHash), now],
    );
    if (!reused) return { outcome: 'invalid' };
    return { outcome: 'reused', ...toSession(reused) };
  }
}

const bytes = (hash: string): Buffer => Buffer.from(hash, 'hex');
const toSession = ({ owner_id: ownerId, session_id: sessionId }: SessionRow): OpenSession => ({
  ownerId,
  sessionId,
});

function accountOf([row]: AccountRow[]): OwnerAccount | undefined {
  return (
    row && {
      ownerId: row.owner_id,
      email: row.email,
      passwordHash: row.password_hash,
      createdAt: row.created_at,
    }
  );
}
