import { z } from 'zod';
import { JsonText } from '../../domain/json-text.ts';
import { explainReadOnly, requireOwnerLogin } from '../../application/project/over-size-limit.ts';
import type { RecentAccesses } from '../../application/project/recent-accesses.ts';
import { recordAccess, runSql } from '../../application/project/record-access.ts';
import {
  rotateDatabasePassword,
  rotateKeys,
  type RotateDependencies,
} from '../../application/project/rotate-secrets.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { DataApis, Endpoint as Address } from '../../application/ports/data-apis.ts';
import type { EventMetadata } from '../../application/ports/event-store.ts';
import type { ProjectSql } from '../../application/ports/project-sql.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { json } from '../http/body.ts';
import { inForce, quiet } from './in-force.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectAccessDependencies extends RotateDependencies {
  readonly watch: StreamWatch;
  readonly dataApis: DataApis;
  readonly sql: ProjectSql;
  readonly recent: RecentAccesses;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
  /** where owners' clients reach that PostgreSQL itself; null: nowhere */
  readonly database: (server: ServerName) => ClientsPlace | null;
  /** where they reach the pooler; null: there is none, or they do not */
  readonly pooler: ClientsPlace | null;
}

export interface ClientsPlace extends Address {
  /** such as `?sslmode=require` */
  readonly query?: string;
}

const tags = ['access'];
const MAX_QUERY = 1_000_000;
const databaseUriSchemas = {
  db_uri: z
    .string()
    .nullable()
    .describe(
      'PostgreSQL itself: sessions with everything that they can do. null: not to be reached from outside.',
    ),
  db_uri_pooler: z
    .string()
    .nullable()
    .describe('The pooler: a connection for each transaction. null: there is none that could be reached.'),
};
const apiKeys = z.object({ anon_key: z.string(), service_role_key: z.string() });
const parameter = z.union([
  z.string(),
  z
    .custom<number | JsonText>((value) => typeof value === 'number' || value instanceof JsonText)
    .meta({ type: 'number', description: 'As it is written, however many digits it has.' }),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);

const statement = z.object({
  query: z.string().min(1).max(MAX_QUERY),
  params: z.array(parameter).max(1_000).optional(),
  row_format: z.enum(['object', 'array']).default('object').describe('How each row is given.'),
});

/** How to reach what a project has, and SQL in it. */
export function projectAccessEndpoints(dependencies: ProjectAccessDependencies): Endpoint[] {
  return [
    connection(dependencies),
    keys(dependencies),
    rotateKeysEndpoint(dependencies),
    rotatePasswordEndpoint(dependencies),
    sql(dependencies),
  ];
}

const connection = (dependencies: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/connection',
    summary: 'URLs and keys of a project',
    tags,
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    responses: {
      200: apiKeys.extend({
        project_id: z.string(),
        api_url: z.string(),
        rest_url: z.string(),
        auth_url: z.string(),
        storage_url: z.string(),
        ...databaseUriSchemas,
      }),
    },
    handler: async ({ owner, params, context }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      await revealed(dependencies, project, 'connection', context);
      const apiUrl = `${dependencies.publicUrl}/project/${project.id}`;
      const body = {
        project_id: project.id,
        api_url: apiUrl,
        rest_url: `${apiUrl}/rest/v1`,
        auth_url: `${apiUrl}/auth/v1`,
        storage_url: `${apiUrl}/storage/v1`,
        ...(await keysBody(dependencies, project)),
        ...databaseUris(dependencies, project),
      };
      return { status: 200, body };
    },
  });

const keys = (dependencies: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/keys',
    summary: 'The API keys of a project',
    tags,
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    responses: { 200: apiKeys },
    handler: async ({ owner, params, context }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const made = keysBody(dependencies, project);
      const [body] = await Promise.all([made, revealed(dependencies, project, 'keys', context)]);
      return { status: 200, body };
    },
  });

/** The trail tells who has looked at the keys; to whom it cannot be told they are not shown. */
async function revealed(
  recorder: ProjectAccessDependencies,
  { id: projectId }: ExistingProject,
  shownWith: 'keys' | 'connection',
  context: EventMetadata,
): Promise<void> {
  recorder.recent.requireRoom(projectId);
  const event = { type: 'ApiKeysRevealed', data: { projectId, with: shownWith } } as const;
  await recordAccess(recorder, projectId, event, context);
}

async function keysBody({ secrets }: ProjectAccessDependencies, project: ExistingProject) {
  const opened = secrets.open(project.id, project.secrets);
  const issued = await secrets.apiKeys(project.id, opened, project.keysIssuedAt);
  return { anon_key: issued.anonKey, service_role_key: issued.serviceRoleKey };
}

const rotateKeysEndpoint = (dependencies: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/keys/rotate',
    summary: 'Make new API keys',
    description:
      'No request is refused meanwhile. The old keys, and tokens signed with their secret, stay good for the overlap: 24 h unless you say otherwise, 0 for a key that leaked.',
    tags,
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    body: z
      .strictObject({
        overlap_seconds: z
          .int()
          .min(0)
          .max(30 * 24 * 3600)
          .default(24 * 3600),
      })
      .optional(),
    responses: { 200: apiKeys.extend({ old_keys_valid_until: z.iso.datetime() }) },
    handler: async ({ owner, params, body, context, signal }) => {
      const who = { ownerId: owner.id, projectId: params.id };
      const overlapSeconds = body?.overlap_seconds ?? 24 * 3600;
      await quiet(dependencies, who, signal);
      await rotateKeys(dependencies, who, overlapSeconds * 1000, context);
      const { project } = await inForce(dependencies, who, signal);
      const until = project.previousKeys?.until ?? project.keysIssuedAt;
      const issued = await keysBody(dependencies, project);
      return { status: 200, body: { ...issued, old_keys_valid_until: until.toISOString() } };
    },
  });

const rotatePasswordEndpoint = (dependencies: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/database-password/rotate',
    summary: "Make a new password for the owner's login",
    description: 'The old one ends when the new one is in force; open connections go on.',
    tags,
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    responses: { 200: z.object(databaseUriSchemas) },
    handler: async ({ owner, params, context, signal }) => {
      const who = { ownerId: owner.id, projectId: params.id };
      await quiet(dependencies, who, signal);
      await rotateDatabasePassword(dependencies, who, context);
      const { project } = await inForce(dependencies, who, signal);
      return { status: 200, body: databaseUris(dependencies, project) };
    },
  });

function databaseUris(
  { secrets, database: placeOf, pooler }: ProjectAccessDependencies,
  project: ExistingProject,
) {
  const database = placeOf(project.server);
  const { password } = secrets.open(project.id, project.secrets).logins.owner;
  const uri = ({ host, port, query = '' }: ClientsPlace) =>
    `postgresql://${ownerRole(project.id)}:${password}@${host}:${port}/${project.id}${query}`;
  return { db_uri: database && uri(database), db_uri_pooler: pooler && uri(pooler) };
}

const sqlResult = z.object({
  command: z.string().nullable(),
  row_count: z.int().nullable(),
  fields: z.array(z.object({ name: z.string(), type_id: z.int() })),
  row_format: z.enum(['object', 'array']),
  rows: z
    .union([z.array(z.record(z.string(), z.unknown())), z.array(z.array(z.unknown()))])
    .describe(
      'By name; by position, in the order of fields, when two columns have one name or it was asked for.',
    ),
  truncated: z.boolean(),
  notices: z.array(z.string()),
  duration_ms: z.number(),
});
const sqlError = z.object({
  type: z.string(),
  title: z.string(),
  status: z.literal(422),
  detail: z.string(),
  instance: z.string(),
  sqlstate: z.string().nullable(),
  position: z.int().nullable().describe('In characters, counted from 1.'),
  sql_detail: z.string().nullable(),
  hint: z.string().nullable(),
});

const sql = (dependencies: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/sql',
    summary: "Run SQL as the project's owner role",
    description:
      'One transaction, 30 s, 1,000 rows and 16 MiB at most. bigint, numeric, dates, bytes and whatever else JSON has no exact form for are strings, as PostgreSQL prints them; documents (json, jsonb) are as they are in the database, with all digits of their numbers: read them with a parser that keeps those.',
    tags,
    auth: 'owner',
    rate: 'statement',
    params: idParam,
    body: json(statement, { bytes: 2 * MAX_QUERY, exact: true }),
    exactJson: true,
    responses: { 200: sqlResult, 422: sqlError },
    handler: async ({ owner, params, body, context, signal }) => {
      const { store, secrets, dataApis } = dependencies;
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      requireServed(project);
      requireOwnerLogin(project);
      const { password } = secrets.open(project.id, project.secrets).logins.owner;
      const asked = { query: body.query, ...(body.params && { params: body.params }) };
      const outcome = await runSql(dependencies, project.id, password, asked, context, signal).catch(
        (error: unknown) => {
          throw explainReadOnly(error, project);
        },
      );
      if (outcome.changedSchema) await dataApis.reloadSchema(project.id);
      return { status: 200, body: resultBody(outcome, body.row_format) };
    },
  });

/** An object would lose a column whose name another one has. */
function resultBody(
  { result, notices, durationMs }: Awaited<ReturnType<ProjectSql['run']>>,
  asked: 'object' | 'array',
) {
  const names = result.fields.map(({ name }) => name);
  const byPosition = asked === 'array' || new Set(names).size < names.length;
  return {
    command: result.command,
    row_count: result.rowCount,
    fields: result.fields.map(({ name, dataTypeId }) => ({ name, type_id: dataTypeId })),
    row_format: byPosition ? ('array' as const) : ('object' as const),
    rows: byPosition
      ? result.rows.map((row) => [...row])
      : result.rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column]]))),
    truncated: result.truncated,
    notices: [...notices],
    duration_ms: durationMs,
  };
}
