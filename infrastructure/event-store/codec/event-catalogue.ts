/**
 * The version of every event that this release writes, and how its payload looks. A payload that changes its
 * shape gets the next version and an upcaster from the one before; a type is never renamed. `golden/` holds an
 * example of every version that was ever written: all of them must load for ever.
 */
import { z } from 'zod';
import type { AuthSettingsEvent } from '../../../domain/auth/auth-settings-decider.ts';
import type { MigrationEvent } from '../../../domain/migration/events.ts';
import type { InviteEvent } from '../../../domain/owner/invite.ts';
import type { OwnerEvent } from '../../../domain/owner/events.ts';
import { MAIN_SERVER } from '../../../domain/project/server-name.ts';
import type { RolloutEvent } from '../../../domain/platform/rollout.ts';
import { OPERATOR_SCOPES, type OperatorTokenEvent } from '../../../domain/operator/operator-tokens.ts';
import type { OperatorUseEvent } from '../../../domain/operator/operator-use.ts';
import type { ProjectAccessEvent, ProjectEvent } from '../../../domain/project/events.ts';
import type { StorageSettingsEvent } from '../../../domain/storage/storage-settings-decider.ts';
import type { ProjectNameEvent } from '../../../domain/project/project-name.ts';
import { isProjectId, type ProjectId } from '../../../domain/project/project-id.ts';
import { authSettings } from './auth-settings-schema.ts';
import type { CatalogueEntry } from './event-codec.ts';

type KnownEvent =
  | ProjectEvent
  | MigrationEvent
  | AuthSettingsEvent
  | StorageSettingsEvent
  | ProjectAccessEvent
  | ProjectNameEvent
  | OwnerEvent
  | InviteEvent
  | RolloutEvent
  | OperatorTokenEvent
  | OperatorUseEvent;
type Entry<E extends KnownEvent> = CatalogueEntry & { readonly schema: z.ZodType<E['data']> };
type Catalogue = { readonly [T in KnownEvent['type']]: Entry<Extract<KnownEvent, { type: T }>> };

const text = z.string();
const time = z.iso.datetime();
const projectId = z.custom<ProjectId>((value) => typeof value === 'string' && isProjectId(value));
const sealed = z.strictObject({ keyVersion: z.int(), version: z.int().exactOptional(), ciphertext: text });
const dataApi = z.strictObject({
  maxRows: z.int(),
  schemas: z.array(text),
  statementTimeoutS: z.number().exactOptional(),
  aggregates: z.boolean().exactOptional(),
  explain: z.boolean().exactOptional(),
  txEnd: z.enum(['commit', 'commit-allow-override', 'rollback', 'rollback-allow-override']).exactOptional(),
  extraSearchPath: z.array(text).exactOptional(),
  route: z.enum(['pooler', 'direct']).exactOptional(),
});
const migration = { projectId, version: z.int(), name: text, checksum: text };
const overLimit = z.strictObject({ bytes: z.number(), limitBytes: z.number() });
const withinLimit = z.strictObject({ bytes: z.number(), limitBytes: z.number().nullable() });
const storage = {
  projectId,
  settings: z.strictObject({
    fileSizeLimit: z.number().nullable(),
    totalBytes: z.number().nullable(),
    files: z.number().nullable(),
    imageTransformation: z.boolean(),
    s3: z.boolean(),
  }),
  s3Keys: z.array(z.strictObject({ id: text, name: text, sealed, madeAt: time })),
};
const signs = { kid: text, use: z.literal('sig') };
const publicKey = z.discriminatedUnion('kty', [
  z.strictObject({
    ...signs,
    alg: z.literal('ES256'),
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: text,
    y: text,
  }),
  z.strictObject({ ...signs, alg: z.literal('RS256'), kty: z.literal('RSA'), n: text, e: text }),
]);
const nothing = z.strictObject({});
const holder = z.strictObject({ projectId, requestedAs: projectId.exactOptional() });
const failedStep = z.strictObject({ step: text, reason: text });

const plain = { version: 1, schema: nothing } as const;
const v1 = <S extends z.ZodType>(schema: S) => ({ version: 1, schema }) as const;

/** A missing type is a compile error, and so is one that the domain does not know, or a schema of another shape. */
export const eventCatalogue = {
  ProjectRequested: {
    version: 2,
    schema: z.strictObject({
      projectId,
      ownerId: text,
      name: text,
      displayName: text,
      templateVersion: z.int(),
      server: text,
      secrets: sealed,
      dataApi,
    }),
    // there was one server
    upcasters: { 1: (data) => ({ ...(data as object), server: MAIN_SERVER }) },
  },
  SpareRequested: v1(
    z.strictObject({ projectId, templateVersion: z.int(), server: text, secrets: sealed, dataApi }),
  ),
  SpareGivenUp: v1(
    z.strictObject({ because: z.enum(['template', 'age', 'settings', 'room', 'surplus', 'request']) }),
  ),
  SpareChosen: v1(z.strictObject({ spare: projectId })),
  SpareClaimed: v1(
    z.strictObject({
      projectId,
      requestedAs: projectId,
      ownerId: text,
      name: text,
      displayName: text,
      templateVersion: z.int(),
      server: text,
      dataApi,
    }),
  ),
  ProjectPauseRequested: plain,
  ProjectResumeRequested: plain,
  ProjectSleepRequested: v1(z.strictObject({ idleSince: time })),
  ProjectWakeRequested: plain,
  ProjectDeletionRequested: v1(z.strictObject({ purgeAfter: time })),
  ProjectUndeleteRequested: plain,
  ProjectPurgeRequested: plain,
  DataApiSettingsChanged: v1(z.strictObject({ dataApi })),
  JwtSecretRotated: v1(z.strictObject({ secrets: sealed, overlapUntil: time })),
  PreviousJwtSecretRetired: plain,
  SigningKeyChanged: v1(
    z.strictObject({
      key: z.strictObject({ publicKey, sealed }).nullable(),
      overlapUntil: time,
    }),
  ),
  SigningKeysRetired: v1(z.strictObject({ kids: z.array(text) })),
  DatabasePasswordRotated: v1(z.strictObject({ secrets: sealed })),
  ProjectUpgradeRequested: v1(z.strictObject({ version: z.int(), secrets: sealed.exactOptional() })),

  ProjectLimitsChanged: v1(
    z.strictObject({
      limits: z.strictObject({
        databaseSizeMb: z.int().nullable(),
        connections: z.int().nullable(),
        statementTimeoutS: z.int().nullable(),
        storageSizeMb: z.int().nullable().exactOptional(),
        files: z.int().nullable().exactOptional(),
      }),
    }),
  ),
  DatabaseSizeExceeded: v1(overLimit),
  DatabaseSizeOverrun: v1(overLimit),
  DatabaseSizeBackWithinLimit: v1(withinLimit),

  DatabaseCreated: v1(z.strictObject({ databaseName: text })),
  DatabaseDropped: plain,
  DatabaseUsersCreated: v1(z.strictObject({ roles: z.array(text) })),
  DatabaseUsersRemoved: plain,
  DatabasePasswordChanged: plain,
  DatabaseUsersBounded: plain,
  SchemaMigrated: v1(z.strictObject({ version: z.int() })),
  DatabaseOpened: plain,
  DatabaseClosed: plain,
  PoolRegistered: plain,
  PoolUnregistered: plain,
  PostgrestSpawned: plain,
  PostgrestRemoved: plain,
  PostgrestReloaded: plain,
  ProjectFilesRemoved: plain,
  ProjectNameReleased: plain,

  ProjectActivated: plain,
  ProvisioningFailed: v1(failedStep),
  SparePrepared: plain,
  SpareLost: v1(failedStep),
  ProjectPaused: plain,
  ProjectResumed: plain,
  ProjectSlept: plain,
  ProjectKeptAwake: plain,
  ProjectWoken: plain,
  ProjectDeleted: plain,
  ProjectUndeleted: plain,
  ProjectPurged: plain,
  DatabasePasswordInForce: plain,
  ProjectLimitsInForce: plain,
  ProjectUpgraded: v1(z.strictObject({ from: z.int(), to: z.int() })),
  ProjectUpgradeFailed: v1(z.strictObject({ version: z.int(), step: text, reason: text })),
  ProjectSuspended: v1(failedStep),

  StepFailed: v1(
    z.strictObject({
      step: text,
      direction: z.enum(['do', 'undo']),
      attempt: z.int(),
      reason: text,
      retryAt: time.nullable(),
    }),
  ),
  StepRetryRequested: v1(z.strictObject({ once: z.literal(true).exactOptional() })),
  DriftDetected: v1(z.strictObject({ what: text, expected: text, actual: text })),
  DriftRepaired: v1(z.strictObject({ what: text })),

  ProjectRequestAbandoned: v1(z.strictObject({ ownerId: text, name: text })),
  ProjectRenamed: v1(z.strictObject({ displayName: text })),
  DatabaseSizeWarned: v1(overLimit),
  DatabaseSizeRelaxed: v1(withinLimit),

  ApiKeysRevealed: v1(z.strictObject({ projectId, with: z.enum(['keys', 'connection']) })),
  ServiceTokenIssued: v1(z.strictObject({ projectId, for: z.enum(['auth', 'storage']) })),
  SqlExecuted: v1(
    z.strictObject({ projectId, fingerprint: text, statement: text, outcome: text, durationMs: z.number() }),
  ),

  MigrationStarted: v1(z.strictObject(migration)),
  MigrationApplied: v1(z.strictObject({ ...migration, appliedAt: time, durationMs: z.number() })),
  MigrationFailed: v1(z.strictObject({ ...migration, outcome: text })),
  MigrationRehearsed: v1(z.strictObject({ ...migration, outcome: text, durationMs: z.number() })),

  AuthSettingsChanged: v1(
    z.strictObject({ projectId, settings: authSettings, secrets: sealed.exactOptional() }),
  ),

  StorageSettingsChanged: v1(z.strictObject(storage)),
  S3KeyMade: v1(z.strictObject({ ...storage, keyId: text })),
  S3KeyRevoked: v1(z.strictObject({ ...storage, keyId: text })),
  FilesVerified: v1(
    z.strictObject({
      ...storage,
      found: z.strictObject({
        files: z.int(),
        bytes: z.int(),
        missing: z.int(),
        different: z.int(),
        unknown: z.int(),
        versions: z.array(text),
        isWhole: z.boolean(),
      }),
    }),
  ),

  ProjectNameReserved: v1(holder),
  ProjectNameFreed: v1(holder),

  RolloutStarted: v1(z.strictObject({ version: z.int(), canary: projectId, others: z.array(projectId) })),
  RolloutStopped: v1(z.strictObject({ projectId, reason: text })),
  RolloutCompleted: plain,
  RolloutCancelled: plain,

  OperatorTokenIssued: v1(
    z.strictObject({
      tokenId: text,
      name: text,
      scopes: z.array(z.enum(OPERATOR_SCOPES)),
      tokenHash: text,
    }),
  ),
  OperatorTokenRevoked: v1(z.strictObject({ tokenId: text })),
  OperatorSessionBegun: v1(z.strictObject({ tokenId: text, sessionHash: text, until: time })),
  OperatorSessionEnded: v1(z.strictObject({ tokenId: text, sessionHash: text })),
  OperatorTokenUsed: v1(z.strictObject({ tokenId: text })),
  ViewsReplayRequested: v1(z.strictObject({ views: z.array(text) })),
  ParkedEventsRetried: v1(z.strictObject({ views: z.array(text) })),

  OwnerRegistered: v1(z.strictObject({ ownerId: text, sealedEmail: text })),
  OwnerSignedIn: plain,
  OwnerSignedOut: plain,
  OwnerSignedOutEverywhere: plain,
  OwnerSignInBlocked: v1(z.strictObject({ until: time })),
  OwnerSessionRevoked: v1(z.strictObject({ reason: text })),
  TokenIssued: v1(
    z.strictObject({
      tokenId: text,
      name: text,
      scopes: z.array(text),
      projectId: text.nullable(),
      expiresAt: time.nullable(),
    }),
  ),
  TokenRevoked: v1(z.strictObject({ tokenId: text })),
  OwnerErased: plain,

  InviteIssued: v1(z.strictObject({ expiresAt: time, addressHash: text.nullable() })),
  InviteUsed: v1(z.strictObject({ ownerId: text })),
} as const satisfies Catalogue;
