/** Seals personal data of owners for the log, each under a key of the owner's own that can be destroyed. */
export interface EmailVault {
  /** A new random key, sealed under the master key for this owner. */
  issueKey(ownerId: string): Uint8Array;
  /** @throws {Refused} when the key was sealed under another master key, for another owner, or altered */
  seal(ownerId: string, sealedKey: Uint8Array, email: string): string;
  /** @throws {Refused} as {@link seal}, and when the sealed text was altered */
  open(ownerId: string, sealedKey: Uint8Array, sealed: string): string;
}
