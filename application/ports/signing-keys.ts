import type { ProjectId } from '../../domain/project/project-id.ts';
import type { SigningKey } from '../../domain/project/events.ts';
import type { SigningAlgorithm } from '../../domain/project/public-key.ts';

/** The private half of a key, open; of {@link ProjectKeys} alone, never of an event, a log or an answer. */
export interface PrivateKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly jwk: Readonly<Record<string, string>>;
}

/** Keys that users' tokens of a project are signed with. */
export interface SigningKeyVault {
  /** A new one. Of RS256 it takes a moment, beside the main thread. */
  make(project: ProjectId, algorithm: SigningAlgorithm): Promise<SigningKey>;
  /** @throws {Refused} sealed under another master key, for another project or key, or altered */
  open(project: ProjectId, key: SigningKey): PrivateKey;
}
