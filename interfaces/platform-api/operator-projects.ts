import type pg from 'pg';
import { z } from 'zod';
import { askForUpgrade } from '../../application/operator/ask-for-upgrade.ts';
import { explainAnyProject } from '../../application/operator/explain-any-project.ts';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import {
  changeLimits,
  limitsOfProject,
  type ProjectMayUse,
} from '../../application/operator/project-limits.ts';
import { retryStep } from '../../application/operator/retry-step.ts';
import { projectNotFound } from '../../application/project/load-project.ts';
import type { ProjectLimits } from '../../domain/project/events.ts';
import { FILL_LEVELS, LIMIT_BOUNDS } from '../../domain/project/limits.ts';
import { PROJECT_STATUSES } from '../../domain/project/project-status.ts';
import { listEverybodys } from '../../projections/project-list/queries.ts';
import { told } from '../http/internal-endpoints.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';
import { idParam } from './project-view.ts';
import { whyBody, whyView } from './why-view.ts';

export interface OperatorProjectDependencies {
  readonly platform: OperatedPlatform;
  readonly pool: pg.Pool;
}

const auth = 'operator';

/** `/api/operator/projects`: those of every owner. */
export const operatorProjectEndpoints = (dependencies: OperatorProjectDependencies): OperatorEndpoint[] => [
  list(dependencies),
  why(dependencies),
  retry(dependencies),
  showLimits(dependencies),
  setLimits(dependencies),
  upgrade(dependencies),
];

const list = ({ pool }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/projects',
    summary: 'List the projects of every owner, newest first',
    description: 'Spare ones, which are nobody’s yet, for `status=spare` alone.',
    tags,
    auth,
    query: z.object({
      status: z.enum(PROJECT_STATUSES).optional(),
      text: z.string().max(100).optional().describe('In the name, or the beginning of an id.'),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z.string().max(500).optional(),
    }),
    responses: {
      200: z.object({
        projects: z.array(
          z.object({
            id: z.string(),
            owner_id: z.string(),
            name: z.string(),
            status: z.string(),
            template_version: z.int(),
            created_at: z.iso.datetime(),
            updated_at: z.iso.datetime(),
          }),
        ),
        next_cursor: z.string().nullable(),
      }),
    },
    handler: async ({ query }) => {
      const { projects, nextCursor } = await listEverybodys(pool, query);
      const shown = projects.map((project) => ({
        id: project.id,
        owner_id: project.ownerId,
        name: project.name,
        status: project.status,
        template_version: project.templateVersion,
        created_at: project.createdAt.toISOString(),
        updated_at: project.updatedAt.toISOString(),
      }));
      return { status: 200, body: { projects: shown, next_cursor: nextCursor } };
    },
  });

const why = ({ platform }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/projects/:id/why',
    summary: 'Why a project of any owner is as it is, in words',
    tags,
    auth,
    params: idParam,
    responses: { 200: whyView },
    handler: async ({ params: { id } }) => {
      const explained = await explainAnyProject(platform.store, id);
      if (!explained) throw projectNotFound();
      return { status: 200, body: whyBody(explained) };
    },
  });

const retry = ({ platform }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/projects/:id/retry',
    summary: 'Have the step of a suspended project tried again',
    tags,
    auth,
    params: idParam,
    responses: { 202: z.object({ id: z.string() }) },
    handler: async ({ params: { id }, context }) => {
      await retryStep(platform, id, context);
      return { status: 202, body: { id } };
    },
  });

const valueOf = (limit: keyof ProjectLimits) => {
  const { least, most, none } = LIMIT_BOUNDS[limit];
  return z
    .int()
    .min(none ? 0 : least)
    .max(most)
    .nullable();
};
const limitsView = z.object({
  database_size_mb: valueOf('databaseSizeMb'),
  connections: valueOf('connections'),
  statement_timeout_s: valueOf('statementTimeoutS'),
  storage_size_mb: valueOf('storageSizeMb'),
  files: valueOf('files'),
});
const mayUseView = z.object({
  own: limitsView.describe('null: the platform’s. 0: none.'),
  platform: z
    .record(z.string(), z.number())
    .describe('By the same names: for projects without one of their own. 0: none.'),
  fill: z
    .object({
      level: z.enum(FILL_LEVELS),
      bytes: z.number(),
      limit_bytes: z.number(),
      since: z.iso.datetime(),
    })
    .nullable(),
  in_force: z.boolean().describe('false: something is being done to the project.'),
});

const showLimits = ({ platform }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/projects/:id/limits',
    summary: 'What a project may use',
    tags,
    auth,
    params: idParam,
    responses: { 200: mayUseView },
    handler: async ({ params: { id } }) => ({
      status: 200,
      body: mayUseBody(await limitsOfProject(platform, id)),
    }),
  });

const setLimits = ({ platform }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'patch',
    path: '/api/operator/projects/:id/limits',
    summary: 'Set what a project may use',
    description: 'What is left out stays. null: the platform’s from now on; 0: no limit.',
    tags,
    auth,
    params: idParam,
    body: z.strictObject(limitsView.partial().shape),
    responses: { 200: mayUseView },
    handler: async ({ params: { id }, body, context }) => {
      const limits: Partial<ProjectLimits> = {
        ...(body.database_size_mb !== undefined && { databaseSizeMb: body.database_size_mb }),
        ...(body.connections !== undefined && { connections: body.connections }),
        ...(body.statement_timeout_s !== undefined && { statementTimeoutS: body.statement_timeout_s }),
        ...(body.storage_size_mb !== undefined && { storageSizeMb: body.storage_size_mb }),
        ...(body.files !== undefined && { files: body.files }),
      };
      return { status: 200, body: mayUseBody(await changeLimits(platform, id, limits, context)) };
    },
  });

const named = <T>(limits: Readonly<Record<keyof ProjectLimits, T>>) => ({
  database_size_mb: limits.databaseSizeMb,
  connections: limits.connections,
  statement_timeout_s: limits.statementTimeoutS,
  storage_size_mb: limits.storageSizeMb,
  files: limits.files,
});

const mayUseBody = ({ own, platform, fill, underWay }: ProjectMayUse) => ({
  own: named(own),
  platform: named(platform),
  fill: fill && {
    level: fill.level,
    bytes: fill.bytes,
    limit_bytes: fill.limitBytes,
    since: fill.since.toISOString(),
  },
  in_force: !underWay,
});

const upgrade = ({ platform }: OperatorProjectDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/projects/:id/upgrade',
    summary: 'Bring one project to the newest version of the template, while it serves',
    description: 'It goes on by itself; `why` tells how.',
    tags,
    auth,
    params: idParam,
    responses: { 202: z.object({ version: z.int(), state: z.enum(['under-way', 'done']) }) },
    handler: async ({ params: { id }, context }) => {
      const version = await told(platform.latestVersion());
      const state = await askForUpgrade(platform, id, version, context);
      return { status: 202, body: { version, state } };
    },
  });
