import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import {
  issueOperatorToken,
  listOperatorTokens,
  revokeOperatorToken,
} from '../../application/operator/operator-tokens.ts';
import { OPERATOR_SCOPES } from '../../domain/operator/operator-tokens.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';

const scopes = z.array(z.enum(OPERATOR_SCOPES)).min(1).max(OPERATOR_SCOPES.length);
const auth = 'operator';

/** `/api/operator/tokens`: what operators, and their programs, show. */
export const operatorTokenEndpoints = (platform: OperatedPlatform): OperatorEndpoint[] => [
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/tokens',
    summary: 'List the tokens of operators, oldest first',
    tags,
    auth,
    responses: {
      200: z.object({
        tokens: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            scopes,
            created_at: z.iso.datetime(),
            current: z.boolean().describe('It is the one that asks.'),
          }),
        ),
      }),
    },
    handler: async ({ operator }) => {
      const tokens = (await listOperatorTokens(platform.operators)).map((token) => ({
        id: token.tokenId,
        name: token.name,
        scopes: [...token.scopes],
        created_at: token.createdAt.toISOString(),
        current: token.tokenId === operator.tokenId,
      }));
      return { status: 200, body: { tokens } };
    },
  }),
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/tokens',
    summary: 'Issue a token of an operator',
    description: 'It is shown in this answer and never again: only its hash is kept.',
    tags,
    auth,
    body: z.strictObject({
      name: z.string().trim().min(1).max(100),
      scopes: scopes.default(['read']).describe('read: GET. write: everything else.'),
    }),
    responses: { 201: z.object({ id: z.string(), token: z.string() }) },
    handler: async ({ body, context }) => {
      const given = { name: body.name, scopes: [...new Set(body.scopes)] };
      const { tokenId: id, token } = await issueOperatorToken(platform, given, context);
      return { status: 201, body: { id, token } };
    },
  }),
  operatorEndpoint({
    method: 'delete',
    path: '/api/operator/tokens/:token',
    summary: 'Revoke a token of an operator',
    description: 'Also the one that asks; sessions that were begun with it end.',
    tags,
    auth,
    params: z.object({ token: z.string().max(100) }),
    responses: { 204: 'It is good for nothing from now on' },
    handler: async ({ params, context }) => {
      await revokeOperatorToken(platform, params.token, context);
      return { status: 204 };
    },
  }),
];
