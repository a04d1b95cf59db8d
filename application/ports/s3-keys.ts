import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** The two halves of an access key, as a client of the S3 protocol is given them. */
export interface S3KeyPair {
  readonly id: string;
  readonly secret: string;
}

/** Makes access keys of projects, and seals their secrets for the log: a signature is checked by the secret itself. */
export interface S3KeyVault {
  /** Random. */
  make(): S3KeyPair;
  seal(project: ProjectId, key: S3KeyPair): SealedSecrets;
  /** @throws {Refused} sealed under another master key, for another project or key, or altered */
  open(project: ProjectId, id: string, sealed: SealedSecrets): S3KeyPair;
}
