/** Why a project is as it is: its events in words, each with what caused it, and what it waits for now. */
import type { AuthSettingsEvent } from '../../domain/auth/auth-settings-decider.ts';
import type { StorageSettingsEvent } from '../../domain/storage/storage-settings-decider.ts';
import type { RolloutEvent } from '../../domain/platform/rollout.ts';
import type {
  DataApiSettings,
  GivenUpBecause,
  ProjectEvent,
  ProjectLimits,
} from '../../domain/project/events.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { isSpare } from '../../domain/project/spare.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { authSettingsInWords } from './auth-settings-in-words.ts';
import { storageSettingsInWords, verifiedInWords } from './storage-settings-in-words.ts';
import type { Actor, StoredEvent } from '../ports/event-store.ts';
import type { LoadedProject } from './load-project.ts';

export interface Link {
  readonly revision: number;
  readonly at: Date;
  readonly type: string;
  /** what happened, as a sentence */
  readonly text: string;
  readonly actor: Actor;
  readonly reason: string;
  readonly correlationId: string;
  /** the revision of the event that it follows from; null: from outside, or from another stream */
  readonly causedBy: number | null;
}

export interface Explanation {
  /** how it stands, in one sentence */
  readonly summary: string;
  readonly waitsFor: {
    readonly step: string;
    readonly attempts: number;
    readonly reason: string;
    /** null: nobody tries again by themselves */
    readonly until: Date | null;
  } | null;
  /** what somebody can do about it; null: nothing has to be done */
  readonly advice: string | null;
  /** the command of the owner's own that helps; null: there is none, or none is needed */
  readonly helps: 'resume' | 'undelete' | 'upgrade' | 'delete' | 'retry' | null;
  readonly chain: readonly Link[];
}

type Told = ProjectEvent | RolloutEvent | AuthSettingsEvent | StorageSettingsEvent;
type Words = {
  readonly [T in Told['type']]: (data: Extract<Told, { type: T }>['data']) => string;
};

const WORDS: Words = {
  ProjectRequestAbandoned: ({ name }) => `The request for "${name}" was given up before it became a project`,
  ProjectRequested: ({ name }) => `The project "${name}" was requested`,
  SpareRequested: () => 'A spare project was requested, for whoever comes next',
  SparePrepared: () => 'The REST API answered: the project stands ready for whoever comes next',
  SpareLost: ({ step, reason }) =>
    `It could not be prepared: ${step} failed (${reason}); everything was undone`,
  SpareGivenUp: ({ because }) => `It is given up: ${GIVEN_UP[because]}`,
  SpareChosen: ({ spare }) => `The request chose the spare project ${spare}`,
  SpareClaimed: ({ name }) =>
    `The project "${name}" was requested, and given a spare one: everything of it stood ready`,
  ProjectPauseRequested: () => 'A pause was requested',
  ProjectResumeRequested: () => 'A resume was requested',
  ProjectSleepRequested: ({ idleSince }) => `Unused since ${idleSince}: it is put to sleep`,
  ProjectWakeRequested: () => 'A request came in: it is woken',
  ProjectDeletionRequested: ({ purgeAfter }) => `Deletion was requested; the data stays until ${purgeAfter}`,
  ProjectUndeleteRequested: () => 'Undeleting was requested',
  ProjectPurgeRequested: () => 'A purge was requested: everything is removed',
  DataApiSettingsChanged: ({ dataApi }) =>
    `The REST API's settings were changed (${settingsInWords(dataApi)})`,
  JwtSecretRotated: ({ overlapUntil }) => `The keys were rotated; the old ones work until ${overlapUntil}`,
  PreviousJwtSecretRetired: () => 'The old keys no longer work',
  SigningKeyChanged: ({ key, overlapUntil }) =>
    `Users' tokens are to be signed by ${key ? `a new ${key.publicKey.alg} key` : "the project's secret"}; ` +
    `those of keys before work until ${overlapUntil}`,
  SigningKeysRetired: ({ kids }) =>
    `Tokens of ${kids.length === 1 ? 'an old key' : `${kids.length} old keys`} no longer work`,
  DatabasePasswordRotated: () => 'A new database password was requested',
  ProjectLimitsChanged: ({ limits }) => `The operator changed its limits (${limitsInWords(limits)})`,
  DatabaseSizeWarned: (size) => `The database is close to its size limit: ${sizeInWords(size)}`,
  DatabaseSizeExceeded: (size) =>
    `The database is over its size limit and becomes read-only: ${sizeInWords(size)}`,
  DatabaseSizeOverrun: (size) =>
    `The database kept growing while read-only: its owner is locked out, at ${sizeInWords(size)}`,
  DatabaseSizeBackWithinLimit: (size) =>
    `The database is within its size limit and becomes writable: ${sizeInWords(size)}`,
  DatabaseSizeRelaxed: (size) => `The database is well within its size limit: ${sizeInWords(size)}`,
  ProjectUpgradeRequested: ({ version }) => `An upgrade to template version ${version} was requested`,
  DatabaseCreated: ({ databaseName }) => `The database ${databaseName} was created`,
  DatabaseDropped: () => 'The database was dropped',
  DatabaseUsersCreated: ({ roles }) => `The logins were created: ${roles.map(loginInWords).join(', ')}`,
  DatabaseUsersRemoved: () => 'The logins were removed',
  DatabaseUsersBounded: () => 'The logins were given their limits',
  ProjectLimitsInForce: () => 'The new limits are in force, for the REST API too',
  DatabasePasswordChanged: () => 'The new password was set in PostgreSQL',
  SchemaMigrated: ({ version }) => `The database was brought to template version ${version}`,
  DatabaseOpened: () => 'The database was opened for connections',
  DatabaseClosed: () => 'The database was closed to connections',
  PoolRegistered: () => 'The database and its logins were added to the pooler',
  PoolUnregistered: () => 'The database was removed from the pooler',
  PostgrestSpawned: () => 'The REST API was started',
  PostgrestRemoved: () => 'The REST API was stopped and removed',
  PostgrestReloaded: () => 'The REST API reloaded its configuration, without a restart',
  ProjectFilesRemoved: () => 'Its files were removed',
  ProjectNameReleased: () => 'The name is free again',
  ProjectActivated: () => 'The REST API answered: the project is active',
  ProvisioningFailed: ({ step, reason }) =>
    `Provisioning failed at ${step} (${reason}); everything was undone`,
  ProjectPaused: () => 'The project is paused',
  ProjectResumed: () => 'The REST API answered: the project is active again',
  ProjectSlept: () =>
    'The project sleeps: the next request starts its REST API; direct connections keep working',
  ProjectKeptAwake: () => 'A request was under way: the project stays awake',
  ProjectWoken: () => 'The REST API answered: the project is awake',
  ProjectDeleted: () => 'The project is deleted; its data is still there',
  ProjectUndeleted: () => 'The REST API answered: the project is undeleted',
  ProjectPurged: () => 'Only the events of the project are left',
  DatabasePasswordInForce: () => 'The new password is in force, directly and through the pooler',
  ProjectUpgraded: ({ from, to }) => `The project was upgraded from version ${from} to version ${to}`,
  ProjectUpgradeFailed: ({ version, step, reason }) =>
    `The upgrade to version ${version} failed at ${step} (${reason}); the project runs on unchanged`,
  ProjectSuspended: ({ step, reason }) =>
    `${step} cannot be finished (${reason}): an operator has to take a look`,
  StepFailed: ({ step, direction, attempt, reason, retryAt }) =>
    `${direction === 'undo' ? 'Undoing ' : ''}${step} failed (try ${attempt}): ${reason}` +
    (retryAt === null ? '; no further try' : `; next try at ${retryAt}`),
  StepRetryRequested: ({ once }) =>
    once ? 'Its owner asked for the next try now' : 'An operator asked for another try',
  DriftDetected: ({ what, expected, actual }) => `${what} should be ${expected} but is ${actual}`,
  DriftRepaired: ({ what }) => `${what} is as it should be again`,
  AuthSettingsChanged: ({ settings }) => `The auth settings were changed (${authSettingsInWords(settings)})`,
  StorageSettingsChanged: ({ settings }) =>
    `The storage settings were changed (${storageSettingsInWords(settings)})`,
  S3KeyMade: ({ keyId }) => `The S3 access key ${keyId} was made`,
  FilesVerified: ({ found }) => `Files were verified: ${verifiedInWords(found)}`,
  S3KeyRevoked: ({ keyId }) => `The S3 access key ${keyId} was revoked`,
  RolloutStarted: ({ version, canary, others }) =>
    `Projects are upgraded to version ${version}: ${canary} first, on its own, then ${others.length} others`,
  RolloutStopped: ({ projectId, reason }) => `The rollout stopped: ${projectId} failed at ${reason}`,
  RolloutCancelled: () => 'An operator stopped the rollout',
  RolloutCompleted: () => 'Every project in service is at that version',
  ProjectRenamed: ({ displayName }) => `The display name became "${displayName}"`,
};

const GIVEN_UP: Readonly<Record<GivenUpBecause, string>> = {
  template: 'the template has a newer version',
  age: 'its keys are old',
  settings: 'what a new project gets has changed',
  room: 'a project needs its place',
  surplus: 'there shall be fewer spare ones',
  request: 'the request that chose it never came',
};

const sizeInWords = ({ bytes, limitBytes }: { bytes: number; limitBytes: number | null }): string =>
  `${megabytes(bytes)} of ${limitBytes === null ? 'no limit' : megabytes(limitBytes)}`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

const limitsInWords = ({
  databaseSizeMb: size,
  connections,
  statementTimeoutS: time,
  storageSizeMb = null,
  files = null,
}: ProjectLimits): string =>
  [
    `database ${mostInWords(size, ' MB')}`,
    `connections ${connections ?? "the platform's"}`,
    `statements ${time === null ? "the platform's" : `${time} s`}`,
    storageSizeMb !== null && `files ${mostInWords(storageSizeMb, ' MB')}`,
    files !== null && `number of files ${mostInWords(files, '')}`,
  ]
    .filter((words) => words !== false)
    .join(', ');

const mostInWords = (most: number | null, unit: string): string =>
  most === null ? "the platform's" : most === 0 ? 'without limit' : `${most}${unit}`;

/** One event in words; of a type that has none, its type. */
export function inWords({ type, data }: Pick<StoredEvent, 'type' | 'data'>): string {
  const words = Object.hasOwn(WORDS, type)
    ? (WORDS[type as Told['type']] as (data: unknown) => string)
    : undefined;
  return words ? words(data) : type;
}

/** @param since the revision of the first event that is told; default: all are */
export function explainProject({ project, history: all }: LoadedProject, since = 0): Explanation {
  const history = all.slice(since);
  const revisions = new Map(history.map(({ id, revision }) => [id, revision]));
  const chain = history.map((event): Link => ({
    revision: event.revision,
    at: event.recordedAt,
    type: event.type,
    text: inWords(event),
    actor: event.metadata.actor,
    reason: event.metadata.reason,
    correlationId: event.metadata.correlationId,
    causedBy: revisions.get(event.metadata.causationId ?? '') ?? null,
  }));
  return {
    summary: summaryOf(project),
    waitsFor: waitsForOf(project),
    advice: adviceOf(project),
    helps: helpOf(project),
    chain,
  };
}

function summaryOf(project: ExistingProject): string {
  const { name, status, run, drift, fill, upgrade, templateVersion } = project;
  const does = run
    ? `, its process "${run.process}" has been running since ${run.startedAt.toISOString()}`
    : '';
  const undoes = run?.undoing
    ? ` and is being undone because ${run.undoing.step} failed (${run.undoing.reason})`
    : '';
  const stays = upgrade?.failure
    ? `; its upgrade from version ${templateVersion} to ${upgrade.to} failed at ${upgrade.failure.step} (${upgrade.failure.reason})`
    : '';
  const differs = drift.length > 0 ? `; not as it should be, and not repaired yet: ${drift.join(', ')}` : '';
  const full = fill
    ? `; its database has been ${FULL[fill.level]} since ${fill.since.toISOString()}: ${sizeInWords(fill)}`
    : '';
  const who = isSpare(project) ? 'The spare project' : `"${name}"`;
  return `${who} is ${status}${status === 'sleeping' ? ' (served on demand)' : ''}${does}${undoes}${stays}${differs}${full}.`;
}

const FULL = {
  'near-limit': 'close to its size limit',
  'read-only': 'read-only',
  'cut-off': 'read-only, with its owner locked out,',
} as const;

function waitsForOf({ run }: ExistingProject): Explanation['waitsFor'] {
  const trouble = run?.trouble;
  if (!trouble) return null;
  return { step: trouble.step, attempts: trouble.attempt, reason: trouble.reason, until: trouble.retryAt };
}

function adviceOf({ id, status, run, purgeAfter, fill, upgrade }: ExistingProject): string | null {
  if (status === 'suspended')
    return (
      `Try the step once more: POST /api/projects/${id}/retry. If it fails again, the operator has to look at what the ` +
      `reason says, and then: "npm run launchdb -- retry ${id}".`
    );
  if (status === 'failed')
    return 'Nothing is left of it. Fix what the reason says, delete the project to free its name, and create it again.';
  if (status === 'deleted')
    return `You can undelete it (POST /api/projects/${id}/undelete) until ${purgeAfter?.toISOString()}.`;
  if (fill && fill.level !== 'near-limit' && !run?.trouble) return ADVICE_WHEN_FULL[fill.level](id);
  if (upgrade?.failure && traitsOf(status).changeable)
    return `The project runs on. Fix what the reason says, then: POST /api/projects/${id}/upgrade, or "npm run launchdb -- upgrade --project ${id}".`;
  if (status === 'sleeping' && !run?.trouble)
    return 'Nothing to do: the next request wakes it. Direct connections work all the time.';
  if (status === 'paused') return `POST /api/projects/${id}/resume brings it back.`;
  return run?.trouble
    ? `Nothing to do: it is retried by itself. The reason says what is in the way; when it is gone, POST /api/projects/${id}/retry tries at once.`
    : null;
}

function helpOf({ status, run, upgrade }: ExistingProject): Explanation['helps'] {
  if (status === 'paused') return 'resume';
  if (status === 'deleted') return 'undelete';
  if (status === 'failed') return 'delete';
  if (status === 'suspended' || run?.trouble) return 'retry';
  return upgrade?.failure && traitsOf(status).changeable ? 'upgrade' : null;
}

const ADVICE_WHEN_FULL = {
  'read-only': (id: string) =>
    'Delete rows (over the REST API, or after SET default_transaction_read_only = off), then VACUUM FULL their tables; ' +
    `the database becomes writable by itself. Or the operator raises the limit: "npm run launchdb -- limits ${id} --database-size 1GB".`,
  'cut-off': (id: string) =>
    `The operator has to raise the limit, if only for a while: "npm run launchdb -- limits ${id} --database-size 1GB".`,
};

const ROUTE_IN_WORDS = {
  pooler: 'to its database through the pooler',
  direct: 'straight to its database',
} as const;

function settingsInWords(settings: DataApiSettings): string {
  const { maxRows, schemas, statementTimeoutS, aggregates, explain, txEnd, extraSearchPath, route } =
    settings;
  return [
    `at most ${maxRows} rows`,
    `schemas ${schemas.join(', ')}`,
    statementTimeoutS !== undefined && `statements up to ${statementTimeoutS} s`,
    aggregates === true && 'aggregates',
    explain === true && 'plans',
    txEnd !== undefined && `transactions: ${txEnd}`,
    extraSearchPath !== undefined && `also looks into ${extraSearchPath.join(', ') || 'nothing'}`,
    route !== undefined && ROUTE_IN_WORDS[route],
  ]
    .filter((words) => words !== false)
    .join('; ');
}

/** Of which project it is goes without saying. */
const loginInWords = (role: string): string => role.replace(/^proj_[0-9a-f]+_/, '');
