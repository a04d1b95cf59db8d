import { NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { jwtSecretsOf } from '../desired/desired-project.ts';
import type { AuthSecretVault } from '../ports/auth-secret-vault.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Secrets } from '../ports/secrets.ts';
import { loadKeptProject } from '../project/load-project.ts';
import type { AuthProject } from './auth-project.ts';
import { loadAuthSettings } from './load-auth-settings.ts';

export interface LoadAuthProjectDependencies {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly vault: AuthSecretVault;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
}

/** By the log, as it is now. @throws {Rejection} project/not-found, project/not-active */
export async function loadAuthProject(
  { store, secrets, vault, publicUrl }: LoadAuthProjectDependencies,
  id: ProjectId,
): Promise<AuthProject> {
  const project = await loadKeptProject(store, id);
  requireServed(project);
  const { settings, secrets: sealed } = await loadAuthSettings(store, id);
  const address = `${publicUrl}/project/${id}`;
  return {
    id,
    url: `${address}/auth/v1`,
    siteUrl: settings.siteUrl ?? address,
    settings,
    secrets: sealed ? vault.open(id, sealed) : NO_AUTH_SECRETS,
    keys: { project: id, jwtSecrets: jwtSecretsOf(secrets, project) },
  };
}
