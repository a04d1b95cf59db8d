import {
  authSettingsDecider,
  isSame,
  type AuthSettingsCommand,
  type AuthSettingsState,
} from '../../domain/auth/auth-settings-decider.ts';
import { requireValid } from '../../domain/auth/auth-settings-rules.ts';
import { NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import {
  changeAuthSecrets,
  changeAuthSettings,
  type AuthSecretsChange,
  type AuthSettingsChange,
} from '../../domain/auth/change-auth-settings.ts';
import { projectAuthStream, type ProjectId } from '../../domain/project/project-id.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { AuthSecretVault } from '../ports/auth-secret-vault.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Who } from '../project/command-project.ts';
import { loadOwnedProject } from '../project/load-project.ts';
import { loadAuthSettings } from './load-auth-settings.ts';

export interface ChangeAuthSettingsDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly vault: AuthSecretVault;
}

/** What is absent stays as it is; null is the default again, or no secret any more. */
export interface AuthChange {
  readonly settings: AuthSettingsChange;
  readonly secrets: AuthSecretsChange;
}

/**
 * Repeatable: what is so already is no event.
 * @param mayFollow whether the change was thought for what is set at this revision (-1: nothing)
 * @throws {InvalidAuthSettings} with every fault
 * @throws {Rejection} project/not-found, project/not-active (it is on its way out), project/revision-mismatch
 */
export async function changeAuthSettingsOf(
  { store, ids, vault }: ChangeAuthSettingsDependencies,
  { ownerId, projectId }: Who,
  change: AuthChange,
  metadata: EventMetadata,
  mayFollow: (revision: number) => boolean = () => true,
): Promise<AuthSettingsState> {
  const { project } = await loadOwnedProject(store, ownerId, projectId);
  if (traitsOf(project.status).leaving)
    throw new Rejection('project/not-active', `The project is ${project.status}.`);
  const decider = {
    ...authSettingsDecider,
    decide: (asked: AuthChange, state: AuthSettingsState) =>
      authSettingsDecider.decide(commandOf(vault, projectId, asked, state), state),
  };
  const guard = ({ revision }: AuthSettingsState) => {
    if (!mayFollow(revision)) throw changedMeanwhile();
  };
  const options = { guard, lastTellsAll: true };
  await handle({ store, ids }, decider, projectAuthStream(projectId), change, metadata, options);
  return loadAuthSettings(store, projectId);
}

/** Sealed for the state that it changes: whoever is quicker has it done again. */
function commandOf(
  vault: AuthSecretVault,
  projectId: ProjectId,
  change: AuthChange,
  state: AuthSettingsState,
): AuthSettingsCommand {
  const before = state.secrets ? vault.open(projectId, state.secrets) : NO_AUTH_SECRETS;
  const settings = changeAuthSettings(state.settings, change.settings);
  const secrets = changeAuthSecrets(before, change.secrets, settings);
  requireValid(state.settings, settings, secrets, change.secrets);
  const sealed = isSame(secrets, NO_AUTH_SECRETS) ? null : vault.seal(projectId, secrets);
  return {
    kind: 'ChangeAuthSettings',
    projectId,
    settings,
    secrets: isSame(secrets, before) ? state.secrets : sealed,
  };
}

const changedMeanwhile = () =>
  new Rejection(
    'project/revision-mismatch',
    'The auth settings have changed since you read them; read them again.',
  );
