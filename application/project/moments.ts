/** Which events of a project are moments: after each of them it, or one of its settings, is not what it was before. */
import type { StorageSettingsEvent } from '../../domain/storage/storage-settings-decider.ts';
import type { AuthSettingsEvent } from '../../domain/auth/auth-settings-decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';

type Told = ProjectEvent | AuthSettingsEvent | StorageSettingsEvent;

/**
 * `detail`: a step on the way to something that is a moment, or nothing that shows. `routine`: it comes and goes by itself,
 * so where there are too many moments it goes first.
 */
const KINDS: { readonly [T in Told['type']]: 'moment' | 'routine' | 'detail' } = {
  ProjectRequestAbandoned: 'detail',
  ProjectRequested: 'moment',
  SpareRequested: 'detail',
  SparePrepared: 'detail',
  SpareLost: 'detail',
  SpareGivenUp: 'detail',
  SpareChosen: 'detail',
  SpareClaimed: 'moment',
  ProjectPauseRequested: 'moment',
  ProjectResumeRequested: 'moment',
  ProjectSleepRequested: 'detail',
  ProjectWakeRequested: 'detail',
  ProjectDeletionRequested: 'moment',
  ProjectUndeleteRequested: 'moment',
  ProjectPurgeRequested: 'moment',
  DataApiSettingsChanged: 'moment',
  JwtSecretRotated: 'moment',
  PreviousJwtSecretRetired: 'moment',
  SigningKeyChanged: 'moment',
  SigningKeysRetired: 'moment',
  DatabasePasswordRotated: 'moment',
  ProjectLimitsChanged: 'moment',
  DatabaseSizeWarned: 'moment',
  DatabaseSizeExceeded: 'moment',
  DatabaseSizeOverrun: 'moment',
  DatabaseSizeBackWithinLimit: 'moment',
  DatabaseSizeRelaxed: 'moment',
  ProjectUpgradeRequested: 'moment',
  DatabaseCreated: 'detail',
  DatabaseDropped: 'detail',
  DatabaseUsersCreated: 'detail',
  DatabaseUsersRemoved: 'detail',
  DatabaseUsersBounded: 'detail',
  ProjectLimitsInForce: 'detail',
  DatabasePasswordChanged: 'detail',
  SchemaMigrated: 'detail',
  DatabaseOpened: 'detail',
  DatabaseClosed: 'detail',
  PoolRegistered: 'detail',
  PoolUnregistered: 'detail',
  PostgrestSpawned: 'detail',
  PostgrestRemoved: 'detail',
  PostgrestReloaded: 'detail',
  ProjectFilesRemoved: 'detail',
  ProjectNameReleased: 'detail',
  ProjectActivated: 'moment',
  ProvisioningFailed: 'moment',
  ProjectPaused: 'moment',
  ProjectResumed: 'moment',
  ProjectSlept: 'routine',
  ProjectKeptAwake: 'detail',
  ProjectWoken: 'routine',
  ProjectDeleted: 'moment',
  ProjectUndeleted: 'moment',
  ProjectPurged: 'moment',
  DatabasePasswordInForce: 'detail',
  ProjectUpgraded: 'moment',
  ProjectUpgradeFailed: 'moment',
  ProjectSuspended: 'moment',
  StepFailed: 'routine',
  StepRetryRequested: 'moment',
  DriftDetected: 'detail',
  DriftRepaired: 'detail',
  ProjectRenamed: 'moment',
  AuthSettingsChanged: 'moment',
  StorageSettingsChanged: 'moment',
  S3KeyMade: 'moment',
  S3KeyRevoked: 'moment',
  FilesVerified: 'detail',
};

const typesOf = (...kinds: readonly string[]): readonly string[] =>
  Object.entries(KINDS).flatMap(([type, kind]) => (kinds.includes(kind) ? [type] : []));

export const MOMENTS = typesOf('moment', 'routine');
export const ROUTINE_MOMENTS = typesOf('routine');
