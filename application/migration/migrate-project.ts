/** The owner's migrations: which files a project has, and applying those that are missing. */
import {
  canonicalSql,
  scriptOf,
  versionOf,
  NAMED_LIKE,
  type MigrationFile,
} from '../../domain/migration/migration-file.ts';
import { planMigrations } from '../../domain/migration/plan-migrations.ts';
import { placeOf } from '../../domain/migration/sql-pieces.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { DataApis } from '../ports/data-apis.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import {
  MigrationsBusy,
  type AppliedMigration,
  type MigrationLimits,
  type MigrationSession,
  type OwnerMigrations,
} from '../ports/owner-migrations.ts';
import { SqlFailed } from '../ports/project-sql.ts';
import type { Secrets } from '../ports/secrets.ts';
import { requireOwnerLogin, requireWritable } from '../project/over-size-limit.ts';
import { MigrationRecord } from './migration-record.ts';

export interface MigrateDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly dataApis: Pick<DataApis, 'reloadSchema'>;
  readonly ownerMigrations: OwnerMigrations;
}

export interface MigrationResult {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  /** `skipped`: it was applied before */
  readonly outcome: 'applied' | 'rehearsed' | 'skipped';
  readonly durationMs: number;
}

/** PostgreSQL refused a file. What was applied before it stays. */
export class MigrationRefused extends Error {
  readonly failure: SqlFailed;
  readonly file: string;
  /** from 1; null when PostgreSQL does not tell */
  readonly place: { readonly line: number; readonly column: number } | null;
  readonly before: readonly MigrationResult[];

  constructor(file: MigrationFile, failure: SqlFailed, before: readonly MigrationResult[]) {
    super(failure.message);
    this.name = 'MigrationRefused';
    this.failure = failure;
    this.file = file.name;
    this.place = failure.position === null ? null : placeOf(file.sql, failure.position);
    this.before = before;
  }
}

const WAIT_MS = 30_000;
const LOOK_WAIT_MS = 1_000;
const LOOK: MigrationLimits = { statementTimeoutMs: 5_000, lockTimeoutMs: 1_000 };

/**
 * Applies the files that the project does not have, in order; each is recorded. With `dryRun` they run one after the
 * other in one transaction that is taken back.
 * @throws {Rejection} @throws {MigrationRefused} @throws {Unavailable}
 */
export async function migrateProject(
  dependencies: MigrateDependencies,
  project: ExistingProject,
  asked: {
    readonly files: readonly { readonly name: string; readonly sql: string }[];
    readonly dryRun: boolean;
    readonly limits: MigrationLimits;
  },
  metadata: EventMetadata,
  signal: AbortSignal,
): Promise<readonly MigrationResult[]> {
  requireServed(project);
  requireWritable(project);
  const { dataApis } = dependencies;
  const files = checkedFiles(dependencies, asked.files, asked.dryRun);
  const results: MigrationResult[] = [];
  try {
    await inSession(dependencies, project, { ...asked.limits, waitMs: WAIT_MS }, signal, async (session) => {
      const record = new MigrationRecord(dependencies, project.id);
      const applied = await session.applied();
      await record.settle(applied, metadata);
      const pending = new Set(planMigrations(files, applied));
      for (const file of files) {
        results.push(
          pending.has(file)
            ? await runFile({ session, record, metadata }, file, asked.dryRun, results)
            : { ...nameOf(file), outcome: 'skipped', durationMs: 0 },
        );
      }
    });
  } catch (error) {
    // those before it are applied; why it failed is more important than a schema that is seen a little later
    if (appliedAny(results)) await dataApis.reloadSchema(project.id).catch(() => {});
    throw error;
  }
  if (appliedAny(results)) await dataApis.reloadSchema(project.id);
  return results;
}

const appliedAny = (results: readonly MigrationResult[]) =>
  results.some(({ outcome }) => outcome === 'applied');
const nameOf = ({ version, name, checksum }: MigrationFile) => ({ version, name, checksum });

async function runFile(
  {
    session,
    record,
    metadata,
  }: { session: MigrationSession; record: MigrationRecord; metadata: EventMetadata },
  file: MigrationFile,
  dryRun: boolean,
  before: readonly MigrationResult[],
): Promise<MigrationResult> {
  // whoever dies on the way leaves this; the next look says how it ended
  const begun = dryRun ? metadata : await record.started(file, metadata);
  try {
    if (dryRun) {
      const durationMs = await session.rehearse(file);
      await record.rehearsed(file, { outcome: 'ok', durationMs }, begun);
      return { ...nameOf(file), outcome: 'rehearsed', durationMs };
    }
    const row = await session.apply(file);
    await record.applied(row, begun);
    return { ...nameOf(file), outcome: 'applied', durationMs: row.durationMs };
  } catch (error) {
    if (!(error instanceof SqlFailed)) throw error;
    const outcome = `sqlstate ${error.code}`;
    if (dryRun) await record.rehearsed(file, { outcome, durationMs: 0 }, begun);
    else await record.failed(file, outcome, begun);
    throw new MigrationRefused(file, error, [...before]);
  }
}

export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  readonly history: Awaited<ReturnType<MigrationRecord['history']>>;
}

/** What the project has, and the log of it, which is brought up to it first. @throws {Rejection} @throws {Unavailable} */
export async function migrationStatus(
  dependencies: MigrateDependencies,
  project: ExistingProject,
  looker: EventMetadata,
  signal: AbortSignal,
): Promise<MigrationStatus> {
  requireServed(project);
  const record = new MigrationRecord(dependencies, project.id);
  const applied = await dependencies.ownerMigrations.list(project.id);
  if (!(await record.isSettled(applied))) {
    await inSession(dependencies, project, { ...LOOK, waitMs: LOOK_WAIT_MS }, signal, async (session) => {
      await record.settle(await session.applied(), looker);
    }).catch((error: unknown) => {
      // somebody is at work: they record it
      if (!(error instanceof Rejection)) throw error;
    });
  }
  return { applied: await dependencies.ownerMigrations.list(project.id), history: await record.history() };
}

/** One of them, with its text. @throws {Rejection} migration/not-found @throws {Unavailable} */
export async function readMigration(
  dependencies: MigrateDependencies,
  project: ExistingProject,
  version: number,
  looker: EventMetadata,
  signal: AbortSignal,
): Promise<{ readonly row: AppliedMigration; readonly sql: string; readonly status: MigrationStatus }> {
  const status = await migrationStatus(dependencies, project, looker, signal);
  const row = status.applied.find((one) => one.version === version);
  const sql = row && (await dependencies.ownerMigrations.sqlOf(project.id, version));
  if (!row || sql === undefined)
    throw new Rejection('migration/not-found', 'The project has no migration of this number.');
  return { row, sql, status };
}

async function inSession<T>(
  { ownerMigrations, secrets }: MigrateDependencies,
  project: ExistingProject,
  limits: MigrationLimits & { readonly waitMs: number },
  signal: AbortSignal,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  requireOwnerLogin(project);
  const { password } = secrets.open(project.id, project.secrets).logins.owner;
  const who = { project: project.id, ownerPassword: password };
  try {
    return await ownerMigrations.exclusively(who, limits, signal, work);
  } catch (error) {
    if (!(error instanceof MigrationsBusy)) throw error;
    throw new Rejection(
      'migration/busy',
      'Another migration of the project is under way; try again when it is over.',
    );
  }
}

function checkedFiles(
  { ownerMigrations }: MigrateDependencies,
  given: readonly { readonly name: string; readonly sql: string }[],
  dryRun: boolean,
): readonly MigrationFile[] {
  const files = given.map(({ name, sql: text }) => {
    const version = versionOf(name);
    if (version === undefined)
      throw new Rejection('migration/invalid', `A file is named like ${NAMED_LIKE}.`);
    const sql = canonicalSql(text);
    if (!scriptOf({ name, sql }).transaction && dryRun) {
      throw new Rejection(
        'migration/no-dry-run',
        `${name} runs without a transaction, so what it does cannot be taken back; leave it out of the dry run.`,
      );
    }
    return { version, name, sql, checksum: ownerMigrations.checksum(sql) };
  });
  files.sort((a, b) => a.version - b.version);
  const twice = files.find(({ version }, index) => files[index + 1]?.version === version);
  if (twice) throw new Rejection('migration/invalid', `Two files have the number of ${twice.name}.`);
  return files;
}
