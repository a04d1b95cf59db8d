export interface AccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** `hash` is what is stored: whoever reads the table cannot use it. */
export interface RefreshToken {
  readonly token: string;
  readonly hash: string;
}

/** Tokens of owners. An access token proves itself; a refresh token is a random secret that a table knows. */
export interface Tokens {
  issueAccessToken(ownerId: string): Promise<AccessToken>;
  /** The owner, or undefined for whatever is not a valid access token of ours now. Never throws. */
  ownerOfAccessToken(token: string): Promise<string | undefined>;
  issueRefreshToken(): RefreshToken;
  hashRefreshToken(token: string): string;
}
