/** What is sent to people, and what of it is kept. */
export interface OneTimeCodes {
  /** `size` random bytes in base64url. */
  randomText(size: number): string;
  /** So many random decimal digits, each as likely as the others. */
  randomDigits(digits: number): string;
  /** Hex of SHA-224 of the address in lower case and the code: what is stored, and what a link holds. */
  hashOf(address: string, code: string): string;
  /** The S256 challenge of a PKCE verifier: base64url of SHA-256. */
  challengeOf(verifier: string): string;
}
