/**
 * A project as its events tell it, and what may be asked of it. What a process (provision, pause, purge ...) has
 * done so far is part of the state, so a process manager needs nothing but the stream to know its next step.
 */
import type { ServerName } from './server-name.ts';
import type { ProcessRun } from '../process/process-run.ts';
import type { DataApiChange } from './data-api-settings.ts';
import type {
  DataApiSettings,
  GivenUpBecause,
  ProcessName,
  ProjectLimits,
  SealedSecrets,
  SigningKey,
} from './events.ts';
import type { DatabaseFill, SeenSize } from './limits.ts';
import type { ProjectId } from './project-id.ts';
import type { SigningKeys } from './signing-keys.ts';

export type ProjectStatus =
  | 'provisioning'
  /** it stands and is nobody's yet */
  | 'spare'
  | 'active'
  | 'pausing'
  | 'paused'
  | 'resuming'
  /** its REST API is stopped, or about to be, and started by the next request */
  | 'sleeping'
  | 'waking'
  | 'failed'
  | 'suspended'
  | 'deleting'
  | 'deleted'
  | 'purging'
  | 'purged';

/** What stands in the outside world, by the log. */
export interface Resources {
  readonly database: boolean;
  readonly users: boolean;
  readonly pool: boolean;
  readonly postgrest: boolean;
}

export interface Upgrade {
  readonly from: number;
  readonly to: number;
  /** null: it is under way, or something else went before it */
  readonly failure: { readonly step: string; readonly reason: string } | null;
}

export type ProjectRun = ProcessRun<ProcessName>;

export interface ExistingProject {
  readonly kind: 'project';
  readonly id: ProjectId;
  /** '': it is a spare one */
  readonly ownerId: string;
  /** under which id it was asked for, and its name reserved: its own unless it was a spare */
  readonly requestedAs: ProjectId;
  readonly name: string;
  readonly displayName: string;
  readonly status: ProjectStatus;
  readonly server: ServerName;
  readonly templateVersion: number;
  /** what was asked for last, until it has come to a good end */
  readonly upgrade: Upgrade | null;
  readonly secrets: SealedSecrets;
  /** when the secret that signs the project's keys was made */
  readonly keysIssuedAt: Date;
  /** holds the secret before that one, whose tokens are still good */
  readonly previousKeys: {
    readonly secrets: SealedSecrets;
    readonly until: Date;
    /** the project's own stream tells it; views do not */
    readonly issuedAt?: Date;
  } | null;
  /** its REST API does not know the newest secret yet: users' tokens are signed by the one before */
  readonly secretWaits: boolean;
  readonly signingKeys: SigningKeys;
  readonly dataApi: DataApiSettings;
  readonly limits: ProjectLimits;
  /** null: the database is well within its limit, or has none */
  readonly fill: DatabaseFill | null;
  readonly resources: Resources;
  /** has been active once: there is something to keep, so a deletion can be taken back */
  readonly activated: boolean;
  readonly run: ProjectRun | null;
  /** what was found to differ from what shall stand, and is not repaired yet */
  readonly drift: readonly string[];
  readonly purgeAfter: Date | null;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * `abandoned`: its caller died before it was requested, and its name went to somebody else; `choosing`: its caller wants a
 * spare, and will be that project if they get it.
 */
export type Project =
  | { readonly kind: 'none' | 'abandoned' }
  | { readonly kind: 'choosing'; readonly spare: ProjectId }
  | ExistingProject;

export type ProjectCommand =
  | {
      readonly kind: 'RequestProject';
      readonly projectId: ProjectId;
      readonly ownerId: string;
      readonly name: string;
      readonly displayName: string;
      readonly templateVersion: number;
      readonly server: ServerName;
      readonly secrets: SealedSecrets;
      readonly dataApi: DataApiSettings;
      /** the spare that it did not get; while it may get another one nothing is requested */
      readonly instead?: ProjectId | undefined;
    }
  | {
      readonly kind: 'RequestSpare';
      readonly projectId: ProjectId;
      readonly templateVersion: number;
      readonly server: ServerName;
      readonly secrets: SealedSecrets;
      readonly dataApi: DataApiSettings;
    }
  /** `instead`: of the one that it did not get */
  | { readonly kind: 'ChooseSpare'; readonly spare: ProjectId; readonly instead?: ProjectId | undefined }
  | {
      readonly kind: 'AbandonRequest';
      readonly ownerId: string;
      readonly name: string;
      readonly instead?: ProjectId | undefined;
    }
  | SpareCommand
  | { readonly kind: 'RenameProject'; readonly displayName: string }
  | { readonly kind: 'ChangeDataApiSettings'; readonly dataApi: DataApiChange }
  | { readonly kind: 'RotateJwtSecret'; readonly secrets: SealedSecrets; readonly overlapUntil: Date }
  /** the overlap of old ones may be over */
  | { readonly kind: 'RetireKeys'; readonly now: Date }
  /** of users' tokens; null: the project's secret */
  | {
      readonly kind: 'ChangeSigningKey';
      readonly key: SigningKey | null;
      readonly overlapUntil: Date;
      readonly now: Date;
    }
  | { readonly kind: 'RotateDatabasePassword'; readonly secrets: SealedSecrets }
  | { readonly kind: 'PauseProject' }
  | { readonly kind: 'ResumeProject' }
  /** it may have been idle long enough */
  | { readonly kind: 'SleepProject'; readonly idleSince: Date }
  /** a request came */
  | { readonly kind: 'WakeProject' }
  | { readonly kind: 'DeleteProject'; readonly purgeAfter: Date }
  | { readonly kind: 'UndeleteProject' }
  | { readonly kind: 'PurgeProject' }
  /** the retention may be over */
  | { readonly kind: 'PurgeIfDue'; readonly now: Date }
  | { readonly kind: 'RetryStep' }
  /** its owner does not want to wait for the next try */
  | { readonly kind: 'RetryStepOnce'; readonly now: Date }
  | { readonly kind: 'ChangeLimits'; readonly limits: Partial<ProjectLimits> }
  /** the database was looked at; `platformSizeMb`: the limit of whoever has none of their own, 0 for none */
  | { readonly kind: 'ReportDatabaseSize'; readonly seen: SeenSize; readonly platformSizeMb: number }
  /** `secrets`: its present ones with those of logins that come with the version; undefined: none does */
  | {
      readonly kind: 'UpgradeProject';
      readonly version: number;
      readonly secrets?: SealedSecrets | undefined;
    }
  | {
      readonly kind: 'ReportDrift';
      readonly what: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly kind: 'ReportRepair'; readonly what: string };

export type SpareCommand =
  /** whoever requests `requestedAs` wants this one; nothing happens unless it is ready and just what they would get */
  | {
      readonly kind: 'ClaimSpare';
      readonly requestedAs: ProjectId;
      readonly ownerId: string;
      readonly name: string;
      readonly displayName: string;
      readonly templateVersion: number;
      readonly server: ServerName;
      readonly dataApi: DataApiSettings;
    }
  | { readonly kind: 'GiveUpSpare'; readonly because: GivenUpBecause };
