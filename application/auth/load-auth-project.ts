import { NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import { verifyingKeysOf } from '../desired/desired-project.ts';
import type { AuthSecretVault } from '../ports/auth-secret-vault.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { SigningKeyVault } from '../ports/signing-keys.ts';
import type { ProjectKeys } from '../ports/user-tokens.ts';
import { loadKeptProject } from '../project/load-project.ts';
import type { AuthProject } from './auth-project.ts';
import { loadAuthSettings } from './load-auth-settings.ts';

export interface LoadAuthProjectDependencies {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly signingKeys: SigningKeyVault;
  readonly vault: AuthSecretVault;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
}

/** from this one on there is all of users that we work on */
const USERS_SINCE_TEMPLATE = 14;

/** By the log, as it is now. @throws {Rejection} project/not-found, project/not-active, project/upgrade-needed */
export async function loadAuthProject(
  dependencies: LoadAuthProjectDependencies,
  id: ProjectId,
): Promise<AuthProject> {
  const { store, vault, publicUrl } = dependencies;
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
    keys: keysOf(dependencies, project),
  };
}

/** What signs is what the project's REST API knows, while it takes up a newer one. */
function keysOf(
  { secrets, signingKeys: vault }: LoadAuthProjectDependencies,
  project: ExistingProject,
): ProjectKeys {
  const { jwtSecrets, publicKeys } = verifyingKeysOf(secrets, project);
  const { held, signs } = project.signingKeys;
  const key = held.find(({ publicKey }) => publicKey.kid === signs);
  return {
    project: project.id,
    jwtSecrets: project.secretWaits ? jwtSecrets.toReversed() : jwtSecrets,
    publicKeys,
    signingKey: key ? vault.open(project.id, key) : null,
  };
}
