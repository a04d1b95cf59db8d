/** Why a project is as it is: its events in words, each with what caused it, and what it waits for now. */
import type { RolloutEvent } from '../../domain/platform/rollout.ts';
import type { DataApiSettings, ProjectEvent, ProjectLimits } from '../../domain/project/events.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
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
    /** null: nobody tries again by himself */
    readonly until: Date | null;
  } | null;
  /** what somebody can do about it; null: nothing has to be done */
  readonly advice: string | null;
  readonly chain: readonly Link[];
}

type Told = ProjectEvent | RolloutEvent;
type Words = {
  readonly [T in Told['type']]: (data: Extract<Told, { type: T }>['data']) => string;
};

const WORDS: Words = {
  ProjectRequestAbandoned: ({ name }) => `The request for "${name}" was given up before it became a project`,
  ProjectRequested: ({ name }) => `The project "${name}" was requested`,
  ProjectPauseRequested: () => 'A pause was requested',
  ProjectResumeRequested: () => 'Resuming was requested',
  ProjectSleepRequested: ({ idleSince }) => `Nobody has used it since ${idleSince}: it is put to sleep`,
  ProjectWakeRequested: () => 'Somebody wants it: it is woken',
  ProjectDeletionRequested: ({ purgeAfter }) =>
    `Deletion was requested; the data is kept until ${purgeAfter}`,
  ProjectUndeleteRequested: () => 'Taking the deletion back was requested',
  ProjectPurgeRequested: () => 'Removing everything was requested',
  DataApiSettingsChanged: ({ dataApi }) =>
    `The settings of the REST API were changed (${settingsInWords(dataApi)})`,
  JwtSecretRotated: ({ overlapUntil }) =>
    `The keys were rotated; the old ones are good until ${overlapUntil}`,
  PreviousJwtSecretRetired: () => 'The old keys are refused from now on',
  DatabasePasswordRotated: () => 'A new database password was made',
  ProjectLimitsChanged: ({ limits }) => `The operator changed its limits (${limitsInWords(limits)})`,
  DatabaseSizeWarned: (size) => `The database comes near its limit: ${sizeInWords(size)}`,
  DatabaseSizeExceeded: (size) =>
    `The database is over its limit and is made read only: ${sizeInWords(size)}`,
  DatabaseSizeOverrun: (size) =>
    `The database was written to all the same: its owner is let in no more, at ${sizeInWords(size)}`,
  DatabaseSizeBackWithinLimit: (size) =>
    `The database is within its limit and is made writable: ${sizeInWords(size)}`,
  DatabaseSizeRelaxed: (size) => `The database is well within its limit: ${sizeInWords(size)}`,
  ProjectUpgradeRequested: ({ version }) => `The upgrade to version ${version} of the template was requested`,
  DatabaseCreated: ({ databaseName }) => `The database ${databaseName} was created`,
  DatabaseDropped: () => 'The database was dropped',
  DatabaseUsersCreated: ({ roles }) => `The logins ${roles.join(' and ')} were created`,
  DatabaseUsersRemoved: () => 'The logins were removed',
  DatabaseUsersBounded: () => 'The limits and whether it may write were set for its logins',
  ProjectLimitsInForce: () => 'They are in force, for its REST API, too',
  DatabasePasswordChanged: () => 'The new password was set in PostgreSQL',
  SchemaMigrated: ({ version }) => `The database was brought to version ${version} of the template`,
  DatabaseOpened: () => 'The database was opened for connections',
  DatabaseClosed: () => 'The database was closed to connections',
  PoolRegistered: () => 'The pooler was told of the database and its logins',
  PoolUnregistered: () => 'The pooler forgot the database',
  PostgrestSpawned: () => 'The REST API was started',
  PostgrestRemoved: () => 'The REST API was stopped and removed',
  PostgrestReloaded: () => 'The REST API took its configuration up, without a restart',
  ProjectNameReleased: () => 'The name was given free',
  ProjectActivated: () => 'The REST API answered: the project is active',
  ProvisioningFailed: ({ step, reason }) =>
    `Provisioning failed at ${step} (${reason}); everything was undone`,
  ProjectPaused: () => 'The project is paused',
  ProjectResumed: () => 'The REST API answered: the project is active again',
  ProjectSlept: () => 'The project sleeps: the next request starts its REST API; connections go on working',
  ProjectKeptAwake: () => 'A request was under way: the project stays awake',
  ProjectWoken: () => 'The REST API answered: the project is awake',
  ProjectDeleted: () => 'The project is deleted; its data is kept for now',
  ProjectUndeleted: () => 'The REST API answered: the deletion is taken back',
  ProjectPurged: () => 'Nothing of the project is left but its events',
  DatabasePasswordInForce: () => 'The new password is in force, directly and through the pooler',
  ProjectUpgraded: ({ from, to }) => `The project is upgraded from version ${from} to version ${to}`,
  ProjectUpgradeFailed: ({ version, step, reason }) =>
    `The upgrade to version ${version} failed at ${step} (${reason}); it serves on as it was`,
  ProjectSuspended: ({ step, reason }) => `${step} cannot be finished (${reason}): an operator has to look`,
  StepFailed: ({ step, direction, attempt, reason, retryAt }) =>
    `${direction === 'undo' ? 'Undoing ' : ''}${step} failed (try ${attempt}): ${reason}` +
    (retryAt === null ? '; no further try' : `; next try at ${retryAt}`),
  StepRetryRequested: () => 'An operator asked for another try',
  DriftDetected: ({ what, expected, actual }) => `${what} should be ${expected} and was found: ${actual}`,
  DriftRepaired: ({ what }) => `${what} is as it should be again`,
  RolloutStarted: ({ version, canary, others }) =>
    `Projects are brought to version ${version}: ${canary} first and alone, then ${others.length} others`,
  RolloutStopped: ({ projectId, reason }) => `It was stopped: ${projectId} failed at ${reason}`,
  RolloutCompleted: () => 'Every one of them that is in service is at that version',
  ProjectRenamed: ({ displayName }) => `The display name became "${displayName}"`,
};

const sizeInWords = ({ bytes, limitBytes }: { bytes: number; limitBytes: number | null }): string =>
  `${megabytes(bytes)} of ${limitBytes === null ? 'no limit' : megabytes(limitBytes)}`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

const limitsInWords = ({
  databaseSizeMb: size,
  connections,
  statementTimeoutS: time,
}: ProjectLimits): string =>
  [
    `database ${size === null ? "the platform's" : size === 0 ? 'without limit' : `${size} MB`}`,
    `connections ${connections ?? "the platform's"}`,
    `statements ${time === null ? "the platform's" : `${time} s`}`,
  ].join(', ');

/** One event in words; of a type that is neither of a project nor of a rollout, its type. */
export function inWords({ type, data }: Pick<StoredEvent, 'type' | 'data'>): string {
  const words = Object.hasOwn(WORDS, type)
    ? (WORDS[type as Told['type']] as (data: unknown) => string)
    : undefined;
  return words ? words(data) : type;
}

export function explainProject({ project, history }: LoadedProject): Explanation {
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
  return { summary: summaryOf(project), waitsFor: waitsForOf(project), advice: adviceOf(project), chain };
}

function summaryOf({ name, status, run, drift, fill, upgrade, templateVersion }: ExistingProject): string {
  const does = run ? `, its process "${run.process}" is under way since ${run.startedAt.toISOString()}` : '';
  const undoes = run?.undoing
    ? ` and undoes itself because ${run.undoing.step} failed (${run.undoing.reason})`
    : '';
  const stays = upgrade?.failure
    ? `; its upgrade from version ${templateVersion} to ${upgrade.to} failed at ${upgrade.failure.step} (${upgrade.failure.reason})`
    : '';
  const differs = drift.length > 0 ? `; found to differ and not repaired yet: ${drift.join(', ')}` : '';
  const full = fill
    ? `; its database is ${FULL[fill.level]} since ${fill.since.toISOString()}: ${sizeInWords(fill)}`
    : '';
  return `"${name}" is ${status}${status === 'sleeping' ? ' (served on demand)' : ''}${does}${undoes}${stays}${differs}${full}.`;
}

const FULL = {
  'near-limit': 'near its size limit',
  'read-only': 'read only',
  'cut-off': 'read only, and its owner is not let in,',
} as const;

function waitsForOf({ run }: ExistingProject): Explanation['waitsFor'] {
  const trouble = run?.trouble;
  if (!trouble) return null;
  return { step: trouble.step, attempts: trouble.attempt, reason: trouble.reason, until: trouble.retryAt };
}

function adviceOf({ id, status, run, purgeAfter, fill, upgrade }: ExistingProject): string | null {
  if (status === 'suspended')
    return `Mend what the reason names, then have the step tried again: "npm run launchdb -- retry ${id}".`;
  if (status === 'failed')
    return 'Nothing is left of it. Delete it to use its name again, and create it anew when the reason is mended.';
  if (status === 'deleted')
    return `It can be taken back (POST /api/projects/${id}/undelete) until ${purgeAfter?.toISOString()}.`;
  if (fill && fill.level !== 'near-limit' && !run?.trouble) return ADVICE_WHEN_FULL[fill.level](id);
  if (upgrade?.failure && ['active', 'sleeping'].includes(status))
    return `It serves on. Mend what the reason names, then: "npm run launchdb -- upgrade --project ${id}".`;
  if (status === 'sleeping' && !run?.trouble)
    return 'Nothing has to be done: the next request wakes it. Direct connections work all the time.';
  if (status === 'paused') return `POST /api/projects/${id}/resume brings it back.`;
  return run?.trouble
    ? 'Nothing has to be done: it is tried again by itself. The reason says what is in the way.'
    : null;
}

const ADVICE_WHEN_FULL = {
  'read-only': (id: string) =>
    'Delete rows (by the REST API, or after SET default_transaction_read_only = off), then VACUUM FULL their tables; ' +
    `it is writable again by itself. Or the operator raises the limit: "npm run launchdb -- limits ${id} --database-size 1GB".`,
  'cut-off': (id: string) =>
    `The operator raises the limit, if only for a while: "npm run launchdb -- limits ${id} --database-size 1GB".`,
};

function settingsInWords(settings: DataApiSettings): string {
  const { maxRows, schemas, statementTimeoutS, aggregates, explain, txEnd, extraSearchPath } = settings;
  return [
    `at most ${maxRows} rows`,
    `schemas ${schemas.join(', ')}`,
    statementTimeoutS !== undefined && `statements up to ${statementTimeoutS} s`,
    aggregates === true && 'aggregates',
    explain === true && 'plans',
    txEnd !== undefined && `transactions: ${txEnd}`,
    extraSearchPath !== undefined && `also looks into ${extraSearchPath.join(', ') || 'nothing'}`,
  ]
    .filter((words) => words !== false)
    .join('; ');
}
