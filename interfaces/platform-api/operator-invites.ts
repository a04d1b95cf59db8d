import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import { DAY_MS, makeInvite, MOST_INVITE_DAYS } from '../../application/operator/operator-invites.ts';
import { normaliseEmail } from '../../domain/email-address.ts';
import { invalidRequest } from '../http/problems.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';

const auth = 'operator';
const path = '/api/operator/invites';

/** `/api/operator/invites`: the right to make an account where not everybody may. */
export const operatorInviteEndpoints = (platform: OperatedPlatform): OperatorEndpoint[] => [
  operatorEndpoint({
    method: 'get',
    path,
    summary: 'The latest invites, newest first',
    tags,
    auth,
    responses: {
      200: z.object({
        invites: z.array(
          z.object({
            issued_at: z.iso.datetime(),
            expires_at: z.iso.datetime(),
            for_address: z.boolean().describe('For one e-mail address alone, which nobody can read here.'),
            used_by: z.string().nullable().describe('The owner who made an account with it.'),
          }),
        ),
      }),
    },
    handler: async () => {
      const invites = (await platform.invites()).map(({ issuedAt, expiresAt, forAddress, usedBy }) => ({
        issued_at: issuedAt.toISOString(),
        expires_at: expiresAt.toISOString(),
        for_address: forAddress,
        used_by: usedBy,
      }));
      return { status: 200, body: { invites } };
    },
  }),
  operatorEndpoint({
    method: 'post',
    path,
    summary: 'Make an invite, good for one account',
    description: 'Its code is shown in this answer and never again.',
    tags,
    auth,
    body: z.strictObject({
      email: z.string().max(320).optional().describe('For this address alone.'),
      expires_in_days: z.number().positive().max(MOST_INVITE_DAYS).default(7),
    }),
    responses: { 201: z.object({ code: z.string(), expires_at: z.iso.datetime() }) },
    handler: async ({ body, context }) => {
      const email = body.email === undefined ? undefined : normaliseEmail(body.email);
      if (body.email !== undefined && email === undefined)
        throw invalidRequest([{ pointer: '/body/email', detail: 'Not an e-mail address.' }]);
      const given = { email, expiresInMs: body.expires_in_days * DAY_MS };
      const { code, expiresAt } = await makeInvite(platform, given, context);
      return { status: 201, body: { code, expires_at: expiresAt.toISOString() } };
    },
  }),
];
