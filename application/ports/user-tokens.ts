/** The tokens by which a project's users show who they are, and its API keys. */
import type { TokenClaims } from '../../domain/auth/token-claims.ts';
import type { JsonObject, Session } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { VerifyingKeys } from './secrets.ts';
import type { PrivateKey } from './signing-keys.ts';

/** What a project's users' tokens are signed with, and all of its tokens are checked by. */
export interface ProjectKeys extends VerifyingKeys {
  readonly project: ProjectId;
  /** null: the first of the secrets signs */
  readonly signingKey: PrivateKey | null;
}

/** What a token of a project says of whoever shows it. */
export interface ShownToken {
  /** undefined: an API key */
  readonly sub: string | undefined;
  readonly role: string | undefined;
  readonly sessionId: string | undefined;
  readonly aal: string | undefined;
  /** the whole of its payload: what policies read */
  readonly claims: JsonObject;
}

/** Which of a session's tokens it is; whether it is one at all, its session's key says. */
export interface RefreshTokenPlace {
  readonly sessionId: string;
  readonly counter: number;
}

export type RefreshTokenKey = Pick<Session, 'id' | 'refreshTokenKey'>;

export interface UserTokens {
  sign(keys: ProjectKeys, claims: TokenClaims): Promise<string>;
  /** @returns undefined: not a token of this project's, or not now. Never throws. */
  read(keys: VerifyingKeys, token: string): Promise<ShownToken | undefined>;
  refreshToken(session: RefreshTokenKey, counter: number): string;
  /** @returns undefined: not what {@link refreshToken} gives. Never throws. */
  readRefreshToken(token: string): RefreshTokenPlace | undefined;
  /** Whether it was made with the session's key. */
  isRefreshTokenOf(session: RefreshTokenKey, token: string): boolean;
}
