import { z } from 'zod';
import {
  migrateProject,
  migrationStatus,
  readMigration,
  type MigrateDependencies,
  type MigrationStatus,
} from '../../application/migration/migrate-project.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { AppliedMigration } from '../../application/ports/owner-migrations.ts';
import {
  MAX_SQL_CHARACTERS,
  MAX_VERSION,
  NAMED_LIKE,
  versionOf,
} from '../../domain/migration/migration-file.ts';
import { json } from '../http/body.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

const tags = ['migrations'];
const HISTORY = 200;
const MAX_FILES = 100;

const applied = z.object({
  version: z.int(),
  name: z.string(),
  checksum: z
    .string()
    .describe('Hexadecimal SHA-256 of the text, without a byte order mark and with LF as line ends.'),
  applied_at: z.iso.datetime(),
  duration_ms: z.int(),
});
const attempt = z.object({
  type: z.enum(['MigrationStarted', 'MigrationApplied', 'MigrationFailed', 'MigrationRehearsed']),
  at: z.iso.datetime(),
  actor: z.object({ kind: z.string(), id: z.string() }),
  version: z.int(),
  name: z.string(),
  checksum: z.string(),
  outcome: z.string().nullable(),
});
const file = z.strictObject({
  name: z.string().refine((name) => versionOf(name) !== undefined, `named like ${NAMED_LIKE}`),
  sql: z.string().max(MAX_SQL_CHARACTERS),
});
const failed = z.object({
  type: z.string(),
  title: z.string(),
  status: z.literal(422),
  detail: z.string(),
  instance: z.string(),
  file: z.string(),
  line: z.int().nullable().describe('From 1; null when PostgreSQL does not tell.'),
  column: z.int().nullable(),
  position: z.int().nullable().describe('In characters of the file, counted from 1.'),
  sqlstate: z.string(),
  sql_detail: z.string().nullable(),
  hint: z.string().nullable(),
  applied: z.array(z.string()).describe('The files before it, which stay.'),
});

const asked = z.strictObject({
  migrations: z.array(file).min(1).max(MAX_FILES),
  dry_run: z.boolean().default(false),
  statement_timeout_ms: z.int().min(100).max(90_000).default(30_000).describe('Of each statement.'),
  lock_timeout_ms: z
    .int()
    .min(100)
    .max(60_000)
    .default(3_000)
    .describe('How long a statement waits for a lock: others wait behind it.'),
});

/** `/api/projects/:id/migrations`: the owner's own. */
export const migrationEndpoints = (dependencies: MigrateDependencies): Endpoint[] => [
  list(dependencies),
  read(dependencies),
  migrate(dependencies),
];

const list = (dependencies: MigrateDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/migrations',
    summary: 'What was applied to a project, and the newest of its history',
    tags,
    auth: 'owner',
    params: idParam,
    responses: { 200: z.object({ migrations: z.array(applied), history: z.array(attempt) }) },
    handler: async ({ owner, params, context, signal }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const status = await migrationStatus(dependencies, project, context, signal);
      return {
        status: 200,
        body: { migrations: status.applied.map(appliedBody), history: historyBody(status) },
      };
    },
  });

const read = (dependencies: MigrateDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/migrations/:version',
    summary: 'An applied migration with its SQL and its history',
    tags,
    auth: 'owner',
    params: idParam.extend({ version: z.coerce.number().int().min(1).max(MAX_VERSION) }),
    responses: { 200: applied.extend({ sql: z.string(), history: z.array(attempt) }) },
    handler: async ({ owner, params, context, signal }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const { version } = params;
      const { row, sql, status } = await readMigration(dependencies, project, version, context, signal);
      return { status: 200, body: { ...appliedBody(row), sql, history: historyBody(status, version) } };
    },
  });

const migrate = (dependencies: MigrateDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/migrations',
    summary: "Apply SQL files as the project's owner role",
    description:
      'In order, each in a transaction of its own; what is applied already is skipped. A file whose leading comments have "-- launchdb: no-transaction" runs as one statement without a transaction. Two at once are one after the other. With dry_run all run in one transaction that is taken back. 100 s in all.',
    tags,
    auth: 'owner',
    params: idParam,
    body: json(asked, { bytes: 8 * MAX_SQL_CHARACTERS }),
    responses: {
      200: z.object({
        results: z.array(
          z.object({
            version: z.int(),
            name: z.string(),
            checksum: z.string(),
            outcome: z.enum(['applied', 'rehearsed', 'skipped']),
            duration_ms: z.int(),
          }),
        ),
      }),
      422: failed,
    },
    timeMs: 100_000,
    handler: async ({ owner, params, body, context, signal }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const wanted = {
        files: body.migrations,
        dryRun: body.dry_run,
        limits: { statementTimeoutMs: body.statement_timeout_ms, lockTimeoutMs: body.lock_timeout_ms },
      };
      const results = await migrateProject(dependencies, project, wanted, context, signal);
      return {
        status: 200,
        body: { results: results.map(({ durationMs, ...one }) => ({ ...one, duration_ms: durationMs })) },
      };
    },
  });

const appliedBody = ({ version, name, checksum, appliedAt, durationMs }: AppliedMigration) => ({
  version,
  name,
  checksum,
  applied_at: appliedAt.toISOString(),
  duration_ms: durationMs,
});

/** newest first */
const historyBody = ({ history }: MigrationStatus, version?: number) =>
  history
    .filter(({ data }) => version === undefined || data.version === version)
    .slice(-HISTORY)
    .reverse()
    .map(({ type, data, recordedAt, metadata }) => ({
      type,
      at: recordedAt.toISOString(),
      actor: { kind: metadata.actor.kind, id: metadata.actor.id },
      version: data.version,
      name: data.name,
      checksum: data.checksum,
      outcome: 'outcome' in data ? data.outcome : null,
    }));
