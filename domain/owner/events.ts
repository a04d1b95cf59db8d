/**
 * What happened to an owner. Credentials are never here: their hashes live in a plain table. The e-mail
 * address is sealed under a key of the owner's own that can be destroyed, so the log can stay append-only.
 */
export type OwnerEvent =
  | { readonly type: 'OwnerRegistered'; readonly data: { ownerId: string; sealedEmail: string } }
  | { readonly type: 'OwnerSignedIn'; readonly data: Record<never, never> }
  | { readonly type: 'OwnerSignedOut'; readonly data: Record<never, never> }
  /** all sessions of theirs ended, wherever they were */
  | { readonly type: 'OwnerSignedOutEverywhere'; readonly data: Record<never, never> }
  /** wrong passwords reached the limit; further tries from that address (the event's `ip`) are refused until then */
  | { readonly type: 'OwnerSignInBlocked'; readonly data: { until: string } }
  | {
      readonly type: 'TokenIssued';
      readonly data: {
        tokenId: string;
        name: string;
        scopes: readonly string[];
        projectId: string | null;
        expiresAt: string | null;
      };
    }
  | { readonly type: 'TokenRevoked'; readonly data: { tokenId: string } }
  /** the key of the owner's personal data is destroyed: what is sealed under it is unreadable from now on */
  | { readonly type: 'OwnerErased'; readonly data: Record<never, never> }
  /** a refresh token was shown twice: somebody has a copy, so every session of that login ended */
  | { readonly type: 'OwnerSessionRevoked'; readonly data: { reason: string } };

export const ownerStream = (ownerId: string): string => `owner-${ownerId}`;
