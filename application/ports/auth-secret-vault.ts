import type { AuthSecrets } from '../../domain/auth/auth-settings.ts';
import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** Seals for the log what an owner gives their project's auth service to keep: passwords, secrets of clients and hooks. */
export interface AuthSecretVault {
  seal(project: ProjectId, secrets: AuthSecrets): SealedSecrets;
  /** @throws {Refused} sealed under another master key, for another project or purpose, or altered */
  open(project: ProjectId, sealed: SealedSecrets): AuthSecrets;
}
