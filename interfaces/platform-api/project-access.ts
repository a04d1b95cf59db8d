import { z } from 'zod';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { DataApis, Endpoint as Address } from '../../application/ports/data-apis.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ProjectSql } from '../../application/ports/project-sql.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectAccessDependencies {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly dataApis: DataApis;
  readonly sql: ProjectSql;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
  readonly database: Address;
  /** undefined without a pooler */
  readonly pooler: Address | undefined;
}

const tags = ['access'];
const MAX_QUERY = 1_000_000;
const apiKeys = z.object({ anon_key: z.string(), service_role_key: z.string() });
const parameter = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);

/** How to reach what a project has, and SQL in it. */
export function projectAccessEndpoints(dependencies: ProjectAccessDependencies): Endpoint[] {
  return [connection(dependencies), keys(dependencies), sql(dependencies)];
}

const connection = ({ store, secrets, publicUrl, database, pooler }: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/connection',
    summary: 'URLs and keys of a project',
    tags,
    auth: 'owner',
    params: idParam,
    responses: {
      200: apiKeys.extend({
        project_id: z.string(),
        api_url: z.string(),
        rest_url: z.string(),
        auth_url: z.string(),
        storage_url: z.string(),
        db_uri: z.string(),
        db_uri_pooler: z.string().nullable().describe('null: no pooler runs on this machine.'),
      }),
    },
    handler: async ({ owner, params }) => {
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      const opened = secrets.open(project.id, project.secrets);
      const issued = await secrets.apiKeys(project.id, opened, project.createdAt);
      const apiUrl = `${publicUrl}/project/${project.id}`;
      const uri = ({ host, port }: Address) =>
        `postgresql://${ownerRole(project.id)}:${opened.owner.password}@${host}:${port}/${project.id}`;
      const body = {
        project_id: project.id,
        api_url: apiUrl,
        rest_url: `${apiUrl}/rest/v1`,
        auth_url: `${apiUrl}/auth/v1`,
        storage_url: `${apiUrl}/storage/v1`,
        anon_key: issued.anonKey,
        service_role_key: issued.serviceRoleKey,
        db_uri: uri(database),
        db_uri_pooler: pooler ? uri(pooler) : null,
      };
      return { status: 200, body };
    },
  });

const keys = ({ store, secrets }: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/keys',
    summary: 'API keys of a project',
    tags,
    auth: 'owner',
    params: idParam,
    responses: { 200: apiKeys },
    handler: async ({ owner, params }) => {
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      const issued = await secrets.apiKeys(
        project.id,
        secrets.open(project.id, project.secrets),
        project.createdAt,
      );
      return { status: 200, body: { anon_key: issued.anonKey, service_role_key: issued.serviceRoleKey } };
    },
  });

const sqlResult = z.object({
  command: z.string().nullable(),
  row_count: z.int().nullable(),
  fields: z.array(z.object({ name: z.string(), type_id: z.int() })),
  rows: z.array(z.record(z.string(), z.unknown())),
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

const sql = ({ store, secrets, dataApis, sql: database }: ProjectAccessDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/sql',
    summary: "Run SQL as the project's owner role",
    description:
      'One transaction, 30 s, 1,000 rows and 16 MiB at most. Values that JSON cannot hold exactly are strings.',
    tags,
    auth: 'owner',
    params: idParam,
    body: z.object({
      query: z.string().min(1).max(MAX_QUERY),
      params: z.array(parameter).max(1_000).optional(),
    }),
    responses: { 200: sqlResult, 422: sqlError },
    limits: { bodyBytes: 2 * MAX_QUERY },
    handler: async ({ owner, params, body, signal }) => {
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      requireActive(project);
      const { password } = secrets.open(project.id, project.secrets).owner;
      const statement = { query: body.query, ...(body.params && { params: body.params }) };
      const outcome = await database.run(project.id, password, statement, signal);
      if (outcome.changedSchema) await dataApis.reloadSchema(project.id);
      return { status: 200, body: resultBody(outcome) };
    },
  });

function resultBody({ result, notices, durationMs }: Awaited<ReturnType<ProjectSql['run']>>) {
  return {
    command: result.command,
    row_count: result.rowCount,
    fields: result.fields.map(({ name, dataTypeId }) => ({ name, type_id: dataTypeId })),
    rows: result.rows.map((row) =>
      Object.fromEntries(result.fields.map(({ name }, column) => [name, row[column]])),
    ),
    truncated: result.truncated,
    notices: [...notices],
    duration_ms: durationMs,
  };
}

function requireActive(project: ExistingProject): void {
  if (project.status === 'active') return;
  throw new Rejection(
    'project/not-active',
    `The project is ${project.status}; it has to be active for this.`,
  );
}
