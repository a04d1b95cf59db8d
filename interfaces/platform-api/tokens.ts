import { z } from 'zod';
import {
  issueToken,
  revokeToken,
  type PersonalTokenDependencies,
} from '../../application/owner/personal-tokens.ts';
import { TOKEN_SCOPES, type PersonalToken } from '../../application/ports/personal-tokens.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';

const tags = ['tokens'];
const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(TOKEN_SCOPES)),
  project_id: z.string().nullable(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable().describe('To the minute.'),
});

/** `/api/tokens`: what an owner's programs show in their place. */
export const tokenEndpoints = (dependencies: PersonalTokenDependencies): Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/api/tokens',
    summary: 'List your personal access tokens, newest first',
    tags,
    auth: 'session',
    responses: { 200: z.object({ tokens: z.array(tokenView) }) },
    handler: async ({ owner }) => {
      const tokens = await dependencies.personalTokens.list(owner.id);
      return { status: 200, body: { tokens: tokens.map(tokenBody) } };
    },
  }),
  endpoint({
    method: 'post',
    path: '/api/tokens',
    summary: 'Issue a personal access token',
    description: 'The token is shown in this answer and never again: only its hash is kept.',
    tags,
    auth: 'session',
    body: z.strictObject({
      name: z.string().trim().min(1).max(100),
      scopes: z
        .array(z.enum(TOKEN_SCOPES))
        .min(1)
        .max(TOKEN_SCOPES.length)
        .default(['read'])
        .describe(
          'read: GET. write: everything else. secrets: beside them, answers with keys and passwords.',
        ),
      project_id: z.string().refine(isProjectId, 'not a project id').optional(),
      expires_at: z.iso.datetime({ offset: true }).optional(),
    }),
    responses: { 201: tokenView.extend({ token: z.string() }) },
    handler: async ({ owner, body, context }) => {
      const issued = await issueToken(
        dependencies,
        owner.id,
        {
          name: body.name,
          scopes: [...new Set(body.scopes)],
          projectId: (body.project_id as ProjectId | undefined) ?? null,
          expiresAt: body.expires_at === undefined ? null : new Date(body.expires_at),
        },
        context,
      );
      return { status: 201, body: { ...tokenBody(issued), token: issued.token } };
    },
  }),
  endpoint({
    method: 'delete',
    path: '/api/tokens/:token',
    summary: 'Revoke a token',
    tags,
    auth: 'session',
    params: z.object({ token: z.string().max(100) }),
    responses: { 204: 'It is good for nothing from now on' },
    handler: async ({ owner, params, context }) => {
      await revokeToken(dependencies, owner.id, params.token, context);
      return { status: 204 };
    },
  }),
];

const tokenBody = (token: PersonalToken) => ({
  id: token.tokenId,
  name: token.name,
  scopes: [...token.scopes],
  project_id: token.projectId,
  created_at: token.createdAt.toISOString(),
  expires_at: token.expiresAt?.toISOString() ?? null,
  last_used_at: token.lastUsedAt?.toISOString() ?? null,
});
