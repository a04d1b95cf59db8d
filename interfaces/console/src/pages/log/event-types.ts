/** The types of events that an owner's log has, and how they are called where one chooses among them. */

export const EVENT_TYPES = [
  'ApiKeysRevealed',
  'ServiceTokenIssued',
  'SqlExecuted',
  'JwtSecretRotated',
  'PreviousJwtSecretRetired',
  'SigningKeyChanged',
  'SigningKeysRetired',
  'DatabasePasswordRotated',
  'DatabasePasswordChanged',
  'DatabasePasswordInForce',
  'S3KeyMade',
  'S3KeyRevoked',
  'TokenIssued',
  'TokenRevoked',
  'DataApiSettingsChanged',
  'AuthSettingsChanged',
  'StorageSettingsChanged',
  'ProjectLimitsChanged',
  'ProjectLimitsInForce',
  'ProjectRenamed',
  'ProjectRequested',
  'SpareClaimed',
  'ProjectRequestAbandoned',
  'ProjectActivated',
  'ProvisioningFailed',
  'ProjectPauseRequested',
  'ProjectPaused',
  'ProjectResumeRequested',
  'ProjectResumed',
  'ProjectSleepRequested',
  'ProjectSlept',
  'ProjectKeptAwake',
  'ProjectWakeRequested',
  'ProjectWoken',
  'ProjectDeletionRequested',
  'ProjectDeleted',
  'ProjectUndeleteRequested',
  'ProjectUndeleted',
  'ProjectPurgeRequested',
  'ProjectPurged',
  'ProjectFilesRemoved',
  'ProjectUpgradeRequested',
  'ProjectUpgraded',
  'ProjectUpgradeFailed',
  'ProjectSuspended',
  'StepFailed',
  'StepRetryRequested',
  'DriftDetected',
  'DriftRepaired',
  'DatabaseSizeWarned',
  'DatabaseSizeExceeded',
  'DatabaseSizeOverrun',
  'DatabaseSizeBackWithinLimit',
  'DatabaseSizeRelaxed',
  'FilesVerified',
  'MigrationStarted',
  'MigrationApplied',
  'MigrationFailed',
  'MigrationRehearsed',
  'DatabaseCreated',
  'DatabaseUsersCreated',
  'DatabaseUsersBounded',
  'DatabaseUsersRemoved',
  'DatabaseOpened',
  'DatabaseClosed',
  'DatabaseDropped',
  'SchemaMigrated',
  'PoolRegistered',
  'PoolUnregistered',
  'PostgrestSpawned',
  'PostgrestReloaded',
  'PostgrestRemoved',
  'ProjectNameReserved',
  'ProjectNameReleased',
  'ProjectNameFreed',
  'OwnerRegistered',
  'OwnerSignedIn',
  'OwnerSignedOut',
  'OwnerSignedOutEverywhere',
  'OwnerSignInBlocked',
  'OwnerSessionRevoked',
  'OwnerErased',
] as const;

const AS_WRITTEN: Readonly<Record<string, string>> = {
  Api: 'API',
  Jwt: 'JWT',
  Sql: 'SQL',
  S3: 'S3',
  Postgrest: 'PostgREST',
};

/** `API keys revealed` of `ApiKeysRevealed` */
export function typeText(type: string): string {
  const words = type.match(/S3|[A-Z][a-z]*|[^A-Z]+/g) ?? [];
  return words.map((word, at) => AS_WRITTEN[word] ?? (at === 0 ? word : word.toLowerCase())).join(' ');
}

/** What an entry is about, as a sign beside it. */
export function topicOf(
  type: string,
): 'key' | 'sql' | 'settings' | 'warning' | 'account' | 'migration' | 'clock' {
  if (/Failed|Suspended|Drift|Exceeded|Overrun|Blocked|SizeWarned/.test(type)) return 'warning';
  if (/Keys?[A-Z]|Jwt|Password|Token|SigningKey/.test(type)) return 'key';
  if (/Settings|Limits|Renamed/.test(type)) return 'settings';
  if (type === 'SqlExecuted') return 'sql';
  if (type.startsWith('Migration') || type === 'SchemaMigrated') return 'migration';
  return type.startsWith('Owner') ? 'account' : 'clock';
}
