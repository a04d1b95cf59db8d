import { NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
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

/** from this one on there are tables of users, and a login that works on them */
const USERS_SINCE_TEMPLATE = 12;

/** By the log, as it is now. @throws {Rejection} project/not-found, project/not-active, project/upgrade-needed */
export async function loadAuthProject(
  { store, secrets, vault, publicUrl }: LoadAuthProjectDependencies,
  id: ProjectId,
): Promise<AuthProject> {
  const project = await loadKeptProject(store, id);
  requireServed(project);
  if (project.templateVersion < USERS_SINCE_TEMPLATE)
    throw new Rejection(
      'project/upgrade-needed',
      'The database of the project has no users yet: it is of an earlier version. Whoever runs the platform brings it up (launchdb upgrade).',
    );
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
