export interface Passwords {
  /**
   * A salted, slow hash that names its own parameters.
   * @param who whose turn it is, such as an address: one has a few only, however many wait
   * @throws {Unavailable} too many are waiting already
   */
  hash(password: string, who?: string): Promise<string>;
  /**
   * Whether the password made this hash. Without a hash (no such account) it takes the same time and is
   * false, so that nobody can tell accounts by the clock. @throws {Unavailable} as {@link hash}
   */
  verify(hash: string | undefined, password: string, who?: string): Promise<boolean>;
}
