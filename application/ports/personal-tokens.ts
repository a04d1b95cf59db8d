/** `read` lets GET through, `write` everything else; what an answer with keys or passwords needs besides is `secrets`. */
export const TOKEN_SCOPES = ['read', 'write', 'secrets'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** A token that a program of the owner's uses in their place; it is shown once and stored hashed. */
export interface PersonalToken {
  readonly tokenId: string;
  readonly ownerId: string;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** null: all projects of the owner */
  readonly projectId: string | null;
  readonly createdAt: Date;
  /** null: never */
  readonly expiresAt: Date | null;
  /** to the minute */
  readonly lastUsedAt: Date | null;
}

/** All throw {@link Unavailable}. */
export interface PersonalTokens {
  /** @returns false when the owner has {@link MOST_TOKENS} already */
  add(token: Omit<PersonalToken, 'lastUsedAt'>, tokenHash: string): Promise<boolean>;
  /** The token of a hash if it is good now; notes that it was used. */
  use(tokenHash: string, now: Date): Promise<PersonalToken | undefined>;
  /** Newest first, also those that have expired. */
  list(ownerId: string): Promise<readonly PersonalToken[]>;
  /** @returns false when the owner has no such token */
  revoke(ownerId: string, tokenId: string): Promise<boolean>;
}

export const MOST_TOKENS = 50;
