/** The tokens by which a project's users show who they are, and its API keys. */
import type { AssuranceLevel, JsonObject, ProvedMethod } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** What a project's tokens are signed with, and checked by. */
export interface ProjectKeys {
  readonly project: ProjectId;
  /** HS256; the first signs, the others are good until a rotation's overlap is over */
  readonly jwtSecrets: readonly string[];
}

export interface UserClaims {
  readonly issuer: string;
  readonly userId: string;
  readonly aud: string;
  readonly role: string;
  readonly email: string;
  readonly phone: string;
  readonly appMetadata: JsonObject;
  readonly userMetadata: JsonObject;
  readonly aal: AssuranceLevel;
  /** newest first */
  readonly methods: readonly ProvedMethod[];
  readonly sessionId: string;
  readonly isAnonymous: boolean;
  readonly issuedAt: Date;
  readonly expiresInSeconds: number;
}

/** What a token of a project says of whoever shows it. */
export interface ShownToken {
  /** undefined: an API key */
  readonly sub: string | undefined;
  readonly role: string | undefined;
  readonly sessionId: string | undefined;
  readonly aal: string | undefined;
  readonly email: string | undefined;
}

export interface UserTokens {
  sign(keys: ProjectKeys, claims: UserClaims): Promise<string>;
  /** @returns undefined: not a token of this project's, or not now. Never throws. */
  read(keys: ProjectKeys, token: string): Promise<ShownToken | undefined>;
}
