import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import {
  cancelRollout,
  planRollout,
  rolloutStanding,
  startRollout,
  type RolloutStanding,
} from '../../application/operator/rollouts.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { told } from '../http/internal-endpoints.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';

const auth = 'operator';
const path = '/api/operator/rollouts';

const canary = z
  .string()
  .refine(isProjectId, 'not a project id')
  .transform((text) => text as ProjectId)
  .optional();

export const rolloutView = z.object({
  number: z.int(),
  state: z.enum(['running', 'stopped', 'completed', 'cancelled']),
  version: z.int(),
  canary: z.string().describe('It went first, on its own.'),
  total: z.int(),
  done: z.int(),
  left: z.int().describe('Behind all the same, of one that has ended.'),
  failure: z.object({ project_id: z.string(), reason: z.string() }).nullable(),
});

export const rolloutBody = ({ rollout, total, done, left }: RolloutStanding) => ({
  number: rollout.number,
  state: rollout.kind,
  version: rollout.version,
  canary: rollout.canary,
  total,
  done,
  left,
  failure: rollout.failure && { project_id: rollout.failure.projectId, reason: rollout.failure.reason },
});

/** `/api/operator/rollouts`: the upgrade of all projects that are behind. */
export const operatorRolloutEndpoints = (platform: OperatedPlatform): OperatorEndpoint[] => [
  show(platform),
  start(platform),
  stop(platform),
];

const show = (platform: OperatedPlatform): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path,
    summary: 'What an upgrade of all projects would do, and how far the last one is',
    tags,
    auth,
    query: z.object({ canary }),
    responses: {
      200: z.object({
        version: z.int().describe('Of the template that the running platform has.'),
        behind: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            status: z.string(),
            version: z.int(),
            will: z.string(),
            failure: z.object({ step: z.string(), reason: z.string() }).nullable(),
          }),
        ),
        rollout: rolloutView.nullable(),
      }),
    },
    handler: async ({ query }) => {
      const version = await told(platform.latestVersion());
      const planned = await told(planRollout(platform, version, query.canary));
      const standing = await rolloutStanding(platform);
      const behind = planned.map(({ id, name, status, templateVersion, will, failure }) => ({
        id,
        name,
        status,
        version: templateVersion,
        will,
        failure: failure && { ...failure },
      }));
      return { status: 200, body: { version, behind, rollout: standing ? rolloutBody(standing) : null } };
    },
  });

const start = (platform: OperatedPlatform): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path,
    summary: 'Upgrade all projects that are behind, a canary first, until one fails',
    description: '200: every project in service is at that version already.',
    tags,
    auth,
    body: z.strictObject({ canary }).optional(),
    responses: {
      200: z.object({ version: z.int(), rollout: z.null() }),
      202: z.object({ version: z.int(), rollout: rolloutView.nullable() }),
    },
    handler: async ({ body, context }) => {
      const version = await told(platform.latestVersion());
      const answer = await told(startRollout(platform, version, body?.canary, context));
      if (answer.kind === 'up-to-date') return { status: 200, body: { version, rollout: null } };
      if (answer.kind === 'under-way')
        throw new Rejection(
          'platform/work-under-way',
          `The upgrade of all to version ${version} is under way.`,
        );
      const standing = await rolloutStanding(platform);
      return { status: 202, body: { version, rollout: standing ? rolloutBody(standing) : null } };
    },
  });

const stop = (platform: OperatedPlatform): OperatorEndpoint =>
  operatorEndpoint({
    method: 'delete',
    path,
    summary: 'Stop the upgrade of all: nobody else is asked, and all projects serve on',
    tags,
    auth,
    responses: { 204: 'Projects that were under way come to their end' },
    handler: async ({ context }) => {
      await cancelRollout(platform, context);
      return { status: 204 };
    },
  });
