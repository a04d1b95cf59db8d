import type { AuthSecrets, AuthSettings } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectKeys } from '../ports/user-tokens.ts';

/** A project as the auth service knows it. */
export interface AuthProject {
  readonly id: ProjectId;
  /** of its auth service, as its users reach it: `https://host/project/<id>/auth/v1` */
  readonly url: string;
  /** where people come back to when nothing else is asked for: what its owner has set, or the project's own address */
  readonly siteUrl: string;
  readonly settings: AuthSettings;
  readonly secrets: AuthSecrets;
  readonly keys: ProjectKeys;
}

export interface AuthProjects {
  /**
   * As of now, or of a second ago; while the log is away, as it was last known.
   * @throws {Rejection} project/not-found; project/not-active: it is paused, or on its way out; project/upgrade-needed
   * @throws {Unavailable} the log is away, or too many projects are asked for that nobody here has heard of
   */
  find(id: ProjectId): Promise<AuthProject>;
}
