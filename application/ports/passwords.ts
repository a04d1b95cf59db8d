import type { ProjectId } from '../../domain/project/project-id.ts';

/** Whose turn it is: projects are served in turn, and in each of them its addresses. */
export interface Asker {
  /** whose user it is; undefined: an owner, who are all together as one project is */
  readonly project?: ProjectId;
  /** of whoever asks; null: nobody knows */
  readonly address?: string | null;
}

/** As of now. */
export interface PasswordLoad {
  /** computed at this moment */
  readonly running: number;
  /** for their turn */
  readonly waiting: number;
  /** sent away since the start, because too many were waiting */
  readonly refused: number;
}

export interface Passwords {
  /**
   * A salted, slow hash that names its own parameters.
   * @throws {Unavailable} too many are waiting already
   */
  hash(password: string, asker?: Asker): Promise<string>;
  /**
   * Whether the password made this hash, which may be of any kind that password-hash.ts knows. Without a hash (no such
   * account), with a malformed one and with one that asks for too much it is false, at the same time as with one of
   * ours, so that nobody can tell accounts by the clock. @throws {Unavailable} as {@link hash}
   */
  verify(hash: string | null | undefined, password: string, asker?: Asker): Promise<boolean>;
  /** Of another kind than ours, or with other parameters: to be made anew while the right password is at hand. */
  isOutdated(hash: string): boolean;
  readonly load: PasswordLoad;
}
