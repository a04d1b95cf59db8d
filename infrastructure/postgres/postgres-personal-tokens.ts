import type pg from 'pg';
import {
  MOST_TOKENS,
  type PersonalToken,
  type PersonalTokens,
  type TokenScope,
} from '../../application/ports/personal-tokens.ts';
import { queryRows } from './query-rows.ts';

interface TokenRow {
  readonly token_id: string;
  readonly owner_id: string;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly project_id: string | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
}

const COLUMNS = 'token_id, owner_id, name, scopes, project_id, created_at, expires_at, last_used_at';

export class PostgresPersonalTokens implements PersonalTokens {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async add(token: Omit<PersonalToken, 'lastUsedAt'>, tokenHash: string): Promise<boolean> {
    const row = {
      token_id: token.tokenId,
      owner_id: token.ownerId,
      token_hash: `\\x${tokenHash}`,
      name: token.name,
      scopes: token.scopes,
      project_id: token.projectId,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
    };
    const [added] = await queryRows<{ added: boolean }>(
      this.#pool,
      'store the token',
      'SELECT accounts.add_token($1, $2) AS added',
      [JSON.stringify(row), MOST_TOKENS],
    );
    return added?.added === true;
  }

  async use(tokenHash: string, now: Date): Promise<PersonalToken | undefined> {
    const [row] = await queryRows<TokenRow>(
      this.#pool,
      'read the token',
      `WITH found AS (
         SELECT ${COLUMNS} FROM accounts.personal_tokens
         WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)),
       noted AS (
         UPDATE accounts.personal_tokens t SET last_used_at = $2 FROM found
         WHERE t.token_id = found.token_id
           AND (t.last_used_at IS NULL OR t.last_used_at < $2::timestamptz - interval '1 minute'))
       SELECT * FROM found`,
      [Buffer.from(tokenHash, 'hex'), now],
    );
    return row && toToken(row);
  }

  async list(ownerId: string): Promise<readonly PersonalToken[]> {
    const rows = await queryRows<TokenRow>(
      this.#pool,
      'list the tokens',
      `SELECT ${COLUMNS} FROM accounts.personal_tokens WHERE owner_id = $1 ORDER BY created_at DESC, token_id`,
      [ownerId],
    );
    return rows.map(toToken);
  }

  async revoke(ownerId: string, tokenId: string): Promise<boolean> {
    const rows = await queryRows(
      this.#pool,
      'revoke the token',
      'DELETE FROM accounts.personal_tokens WHERE owner_id = $1 AND token_id = $2 RETURNING token_id',
      [ownerId, tokenId],
    );
    return rows.length === 1;
  }
}

const toToken = (row: TokenRow): PersonalToken => ({
  tokenId: row.token_id,
  ownerId: row.owner_id,
  name: row.name,
  scopes: row.scopes,
  projectId: row.project_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
});
