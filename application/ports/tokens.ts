export interface AccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** tells a personal token from an access token, and is what scanners for leaked secrets look for */
export const PERSONAL_TOKEN_PREFIX = 'ldb_';
/** the same for the code of an invite */
export const INVITE_PREFIX = 'ldi_';

/** the same for a token of an operator's */
export const OPERATOR_TOKEN_PREFIX = 'ldo_';

/** `hash` is what is stored: whoever reads the table cannot use it. */
export interface SecretToken {
  readonly token: string;
  readonly hash: string;
}

/** Tokens of owners. An access token proves itself; that of a session is a random secret that a table knows. */
export interface Tokens {
  issueAccessToken(ownerId: string): Promise<AccessToken>;
  /** Whose it is, or undefined for whatever is not a valid access token of ours now. Never throws. */
  ownerOfAccessToken(
    token: string,
  ): Promise<{ readonly ownerId: string; readonly expiresAt: Date } | undefined>;
  /** A refresh token, or what a browser's cookie holds. */
  issueSessionToken(): SecretToken;
  /** Begins with {@link PERSONAL_TOKEN_PREFIX}. */
  issuePersonalToken(): SecretToken;
  /** Begins with {@link INVITE_PREFIX}. */
  issueInvite(): SecretToken;
  /** Begins with {@link OPERATOR_TOKEN_PREFIX}. */
  issueOperatorToken(): SecretToken;
  /** of whatever was issued here but access tokens */
  hash(token: string): string;
  /** In a time that tells nothing of where they differ. */
  isSameHash(one: string, other: string): boolean;
}
