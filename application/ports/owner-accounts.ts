export interface OwnerAccount {
  readonly ownerId: string;
  /** normalised */
  readonly email: string;
  readonly passwordHash: string;
  readonly createdAt: Date;
}

export interface NewOwnerAccount extends OwnerAccount {
  /** the owner's own key, sealed under the master key: destroying it makes the owner's events unreadable */
  readonly sealedKey: Uint8Array;
}

/** What a login began. */
export interface NewSession {
  /** `tokens`: a chain of refresh tokens, of which only the last one is good; `browser`: one token, which stays the same */
  readonly kind: 'tokens' | 'browser';
  readonly sessionId: string;
  readonly ownerId: string;
  readonly tokenHash: string;
  readonly startedAt: Date;
  readonly expiresAt: Date;
}

export interface OpenSession {
  readonly ownerId: string;
  readonly sessionId: string;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly ownerId: string; readonly sessionId: string }
  /** the token had been exchanged before: the session is revoked now, with every token of it */
  | { readonly outcome: 'reused'; readonly ownerId: string; readonly sessionId: string }
  /** never issued, expired, or of a session that has ended */
  | { readonly outcome: 'invalid' };

/** The plain tables behind owners: what may be changed and destroyed. All throw {@link Unavailable}. */
export interface OwnerAccounts {
  /** All rows or none. @returns false when the e-mail address, or the id, has an account already */
  create(account: NewOwnerAccount): Promise<boolean>;
  /** Whether an e-mail address other than this one has an account. */
  anyOther(email: string): Promise<boolean>;
  findByEmail(email: string): Promise<OwnerAccount | undefined>;
  findById(ownerId: string): Promise<OwnerAccount | undefined>;
  sealedKey(ownerId: string): Promise<Uint8Array | undefined>;
  startSession(session: NewSession): Promise<void>;
  /** Exchanges a token for the next one. Of two at the same moment exactly one is `rotated`. */
  rotate(tokenHash: string, next: { tokenHash: string; now: Date; expiresAt: Date }): Promise<Rotation>;
  /**
   * The session of a browser if it is good now, and was used after `idleSince`; notes that it was used, once a minute at
   * most. A refresh token opens none.
   */
  useBrowserSession(
    tokenHash: string,
    times: { now: Date; idleSince: Date },
  ): Promise<(OpenSession & { readonly expiresAt: Date }) | undefined>;
  /** Ends the session that the token belongs to, or has ended it before; undefined for an unknown token. */
  endSession(tokenHash: string, now: Date): Promise<OpenSession | undefined>;
  /** Ends all of the owner's, of whatever kind. Repeatable. */
  endSessions(ownerId: string, now: Date): Promise<void>;
  /** Takes away the account, its sessions, its tokens and its key. @returns false when there is none */
  erase(ownerId: string): Promise<boolean>;
}
