/** What second factors are made of and checked by. */
export interface SecondFactors {
  /** Of an authenticator: 160 random bits in base32. */
  newSecret(): string;
  /** The step whose code it is. @returns undefined: none of these steps', or the secret is none. Never throws. */
  stepOf(code: string, secret: string, steps: readonly number[]): number | undefined;
  /** A QR code as SVG. */
  qrCode(text: string): string;
  /** So many random ones, as people are shown them. */
  newRecoveryCodes(count: number): readonly string[];
  /** What is stored of one. @param factorId whose it is: the same code of somebody else has another hash */
  recoveryHash(factorId: string, code: string): string;
}
