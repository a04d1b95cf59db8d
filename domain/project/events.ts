import type { ServerName } from './server-name.ts';
import type { StepTroubleEvent } from '../process/process-events.ts';
import type { ProjectId } from './project-id.ts';
import type { PublicKey } from './public-key.ts';

/** AES-256-GCM under a key derived from the master key and the project id; `keyVersion` names the master key. */
export interface SealedSecrets {
  readonly keyVersion: number;
  /** of the template whose logins have their passwords in it; absent: 1 */
  readonly version?: number;
  readonly ciphertext: string;
}

/** What users' tokens are signed with where that is not the project's secret. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  /** its private half */
  readonly sealed: SealedSecrets;
}

/** When a request's transaction ends in ROLLBACK; `override`: as its `Prefer: tx=...` says. */
export type TxEnd = 'commit' | 'commit-allow-override' | 'rollback' | 'rollback-allow-override';

/**
 * By which way a REST API comes to its database: through the pooler, or straight to PostgreSQL with a pool of its own. It
 * holds as many connections either way.
 */
export type DataApiRoute = 'pooler' | 'direct';

/** What is absent is as everywhere; see data-api-settings.ts. */
export interface DataApiSettings {
  readonly maxRows: number;
  readonly schemas: readonly string[];
  readonly statementTimeoutS?: number;
  readonly aggregates?: boolean;
  /** plans, for `Accept: application/vnd.pgrst.plan` */
  readonly explain?: boolean;
  readonly txEnd?: TxEnd;
  readonly extraSearchPath?: readonly string[];
  /** absent: as the platform has it */
  readonly route?: DataApiRoute;
}

export const DEFAULT_DATA_API_SETTINGS: DataApiSettings = { maxRows: 1000, schemas: ['public'] };

/** Of one project, by its operator; null: what the platform gives everybody. */
export interface ProjectLimits {
  /** 0: none */
  readonly databaseSizeMb: number | null;
  /** sessions of the owner's login at once, pooled ones included */
  readonly connections: number | null;
  readonly statementTimeoutS: number | null;
  /** of all files together; 0: none */
  readonly storageSizeMb?: number | null;
  /** how many there may be; 0: none */
  readonly files?: number | null;
}

export const PLATFORM_LIMITS: ProjectLimits = {
  databaseSizeMb: null,
  connections: null,
  statementTimeoutS: null,
};

export type ProcessName =
  | 'provision'
  | 'pause'
  | 'resume'
  | 'sleep'
  | 'wake'
  | 'delete'
  | 'undelete'
  | 'purge'
  | 'apply-settings'
  | 'change-password'
  | 'apply-limits'
  | 'upgrade'
  | 'prepare-spare'
  | 'give-up-spare';

/** `room`: a project needed its place; `surplus`: there are more than there shall be; `request`: who chose it never came */
export type GivenUpBecause = 'template' | 'age' | 'settings' | 'room' | 'surplus' | 'request';

type Fact<Type extends string, Data = Record<never, never>> = { readonly type: Type; readonly data: Data };

/** What an owner, an operator or a request asked for. Each of these starts a process. */
export type RequestEvent =
  | Fact<
      'ProjectRequested',
      {
        projectId: ProjectId;
        ownerId: string;
        name: string;
        displayName: string;
        templateVersion: number;
        /** where its database is, for as long as it lives */
        server: ServerName;
        secrets: SealedSecrets;
        dataApi: DataApiSettings;
      }
    >
  /** a project for whoever comes; its owner and its name come with the claim */
  | Fact<
      'SpareRequested',
      {
        projectId: ProjectId;
        templateVersion: number;
        server: ServerName;
        secrets: SealedSecrets;
        dataApi: DataApiSettings;
      }
    >
  | Fact<'SpareGivenUp', { because: GivenUpBecause }>
  | Fact<'ProjectPauseRequested'>
  | Fact<'ProjectResumeRequested'>
  /** nobody has used it since then */
  | Fact<'ProjectSleepRequested', { idleSince: string }>
  | Fact<'ProjectWakeRequested'>
  | Fact<'ProjectDeletionRequested', { purgeAfter: string }>
  | Fact<'ProjectUndeleteRequested'>
  | Fact<'ProjectPurgeRequested'>
  | Fact<'DataApiSettingsChanged', { dataApi: DataApiSettings }>
  /** `secrets` holds the new secret; tokens signed with the one before it are good until `overlapUntil` */
  | Fact<'JwtSecretRotated', { secrets: SealedSecrets; overlapUntil: string }>
  | Fact<'PreviousJwtSecretRetired'>
  /** `key` null: users' tokens are signed by the project's secret again; tokens of keys before are good until `overlapUntil` */
  | Fact<'SigningKeyChanged', { key: SigningKey | null; overlapUntil: string }>
  | Fact<'SigningKeysRetired', { kids: readonly string[] }>
  /** `secrets` holds the new login of the owner */
  | Fact<'DatabasePasswordRotated', { secrets: SealedSecrets }>
  /** to a version of the template; `secrets` hold the passwords of logins that come with it */
  | Fact<'ProjectUpgradeRequested', { version: number; secrets?: SealedSecrets }>
  | Fact<'ProjectLimitsChanged', { limits: ProjectLimits }>
  /** read only from now on */
  | Fact<'DatabaseSizeExceeded', SizeOverLimit>
  /** it went on growing, so its owner is let in no more */
  | Fact<'DatabaseSizeOverrun', SizeOverLimit>
  /** writable again; `limitBytes` null: there is no limit any more */
  | Fact<'DatabaseSizeBackWithinLimit', SizeWithinLimit>;

type SizeOverLimit = { bytes: number; limitBytes: number };
type SizeWithinLimit = { bytes: number; limitBytes: number | null };

/** What a step did to the world. Named after the thing, so that the fold knows what stands. */
export type EffectEvent =
  | Fact<'DatabaseCreated', { databaseName: string }>
  | Fact<'DatabaseDropped'>
  | Fact<'DatabaseUsersCreated', { roles: readonly string[] }>
  | Fact<'DatabaseUsersRemoved'>
  | Fact<'DatabasePasswordChanged'>
  | Fact<'DatabaseUsersBounded'>
  | Fact<'SchemaMigrated', { version: number }>
  | Fact<'DatabaseOpened'>
  | Fact<'DatabaseClosed'>
  | Fact<'PoolRegistered'>
  | Fact<'PoolUnregistered'>
  | Fact<'PostgrestSpawned'>
  | Fact<'PostgrestRemoved'>
  | Fact<'PostgrestReloaded'>
  | Fact<'ProjectFilesRemoved'>
  | Fact<'ProjectNameReleased'>;

/** The last word of a process. */
export type OutcomeEvent =
  | Fact<'ProjectActivated'>
  | Fact<'ProvisioningFailed', { step: string; reason: string }>
  | Fact<'SparePrepared'>
  /** it could not be prepared, and nothing is left of it */
  | Fact<'SpareLost', { step: string; reason: string }>
  | Fact<'ProjectPaused'>
  | Fact<'ProjectResumed'>
  | Fact<'ProjectSlept'>
  /** instead of it: a request came while it was to fall asleep */
  | Fact<'ProjectKeptAwake'>
  | Fact<'ProjectWoken'>
  | Fact<'ProjectDeleted'>
  | Fact<'ProjectUndeleted'>
  | Fact<'ProjectPurged'>
  | Fact<'DatabasePasswordInForce'>
  | Fact<'ProjectLimitsInForce'>
  | Fact<'ProjectUpgraded', { from: number; to: number }>
  /** it serves on at the version that it had */
  | Fact<'ProjectUpgradeFailed', { version: number; step: string; reason: string }>
  | Fact<'ProjectSuspended', { step: string; reason: string }>;

export type TroubleEvent =
  | StepTroubleEvent
  | Fact<'DriftDetected', { what: string; expected: string; actual: string }>
  | Fact<'DriftRepaired', { what: string }>;

export type PlainEvent =
  /** the first and only event of a project that reserved a name and never came to be: it cannot come any more */
  | Fact<'ProjectRequestAbandoned', { ownerId: string; name: string }>
  /** a request wants that spare; whether it got it stands in the spare's own stream */
  | Fact<'SpareChosen', { spare: ProjectId }>
  /** from here on it is its owner's project; `requestedAs`: the id of the request, which reserved the name */
  | Fact<
      'SpareClaimed',
      {
        projectId: ProjectId;
        requestedAs: ProjectId;
        ownerId: string;
        name: string;
        displayName: string;
        templateVersion: number;
        server: ServerName;
        dataApi: DataApiSettings;
      }
    >
  | Fact<'ProjectRenamed', { displayName: string }>
  | Fact<'DatabaseSizeWarned', SizeOverLimit>
  | Fact<'DatabaseSizeRelaxed', SizeWithinLimit>;

export type ProjectEvent = RequestEvent | EffectEvent | OutcomeEvent | TroubleEvent | PlainEvent;
export type ProjectEventType = ProjectEvent['type'];

/**
 * Who looked at a project's secrets and ran SQL in it. In a stream of its own: such an event changes nothing of
 * the project, so it must not change its revision either.
 */
export type ProjectAccessEvent =
  | Fact<'ApiKeysRevealed', { projectId: ProjectId; with: 'keys' | 'connection' }>
  /** with all rights in the project, for minutes; `for`: what its owner looks at with it */
  | Fact<'ServiceTokenIssued', { projectId: ProjectId; for: 'auth' | 'storage' }>
  /** `fingerprint`: the same for statements that differ in their values only; no value is kept */
  | Fact<
      'SqlExecuted',
      { projectId: ProjectId; fingerprint: string; statement: string; outcome: string; durationMs: number }
    >;
