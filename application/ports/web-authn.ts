/** Judges what authenticators answer to a challenge, by the rules of WebAuthn. */
import type { KeyCredential } from '../../domain/auth/passkey.ts';
import type { RelyingParty } from '../../domain/auth/relying-party.ts';

/** As pages send it: bytes are base64url. */
export interface MadeKey {
  readonly id: string;
  readonly rawId: string;
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

export interface UsedKey {
  readonly id: string;
  readonly rawId: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

export interface Ceremony {
  readonly party: RelyingParty;
  /** base64url */
  readonly challenge: string;
  /** the authenticator has made sure who uses it, and not only that somebody does */
  readonly userVerified: boolean;
}

export type KeyUse = Pick<KeyCredential, 'signCount' | 'backedUp'>;

export interface WebAuthn {
  /**
   * A key that was made for this. Who made the authenticator is not asked, and where one tells, nobody is called to find out.
   * @returns undefined: it was not, or is of a kind that was not asked for. Never throws for what it is given.
   */
  made(ceremony: Ceremony, answer: MadeKey): Promise<KeyCredential | undefined>;
  /**
   * A key was used for this. A count that has not grown is that of a copy: it is refused where there ever was a count.
   * @returns undefined: it was not. Never throws for what it is given.
   */
  used(ceremony: Ceremony, answer: UsedKey, credential: KeyCredential): Promise<KeyUse | undefined>;
}
