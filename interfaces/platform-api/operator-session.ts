import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import { beginOperatorSession, endOperatorSession } from '../../application/operator/operator-sessions.ts';
import type { RateLimits } from '../../application/ports/rate-limits.ts';
import { OPERATOR_SCOPES } from '../../domain/operator/operator-tokens.ts';
import { RequestProblem } from '../http/problems.ts';
import { keepingSession, OPERATORS, removingSession, sessionTokenIn } from '../http/session-cookie.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';
import { requireOwnPage } from './own-page.ts';

export interface OperatorSessionRoutes {
  readonly platform: OperatedPlatform;
  readonly limits: RateLimits;
  /** how the gateway is reached from outside */
  readonly publicUrl: string;
}

const path = '/api/operator/session';
const view = z.object({ id: z.string(), name: z.string(), scopes: z.array(z.enum(OPERATOR_SCOPES)) });

/** `/api/operator/session`: an operator's session in a browser, by a cookie of its own. */
export const operatorSessionEndpoints = (routes: OperatorSessionRoutes): OperatorEndpoint[] => [
  begin(routes),
  show(),
  end(routes),
];

const begin = ({ platform, limits, publicUrl }: OperatorSessionRoutes): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path,
    summary: 'Sign in an operator’s browser',
    description:
      'The cookie stands in for the token for 12 hours, or until that one is revoked. The rules are those of an owner’s: what changes something needs the header `x-launchdb-console: 1`, and no other site’s page may send it.',
    tags,
    auth: 'none',
    headers: z.object({
      host: z.string().optional(),
      origin: z.string().optional(),
      'sec-fetch-site': z.string().optional(),
    }),
    body: z.strictObject({ token: z.string().max(200) }),
    responses: { 201: view },
    handler: async ({ body, headers, context }) => {
      requireOwnPage(publicUrl, headers);
      await limits.use('log-in-by-address', context.ip ?? 'unknown');
      const token = await platform.operators.ofToken(body.token.trim());
      if (!token)
        throw new RequestProblem('request/unauthenticated', 'This is no token of an operator (any more).');
      const { tokenId: id, name, scopes } = token;
      const metadata = { ...context, actor: { kind: 'operator', id } as const };
      const secret = await beginOperatorSession(platform, id, metadata);
      return {
        status: 201,
        headers: { 'set-cookie': keepingSession(publicUrl, secret, OPERATORS) },
        body: { id, name, scopes: [...scopes] },
      };
    },
  });

const show = (): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path,
    summary: 'Whose token or session asks',
    tags,
    auth: 'operator',
    responses: { 200: view },
    handler: ({ operator: { tokenId: id, name, scopes } }) =>
      Promise.resolve({ status: 200, body: { id, name, scopes: [...scopes] } }),
  });

const end = ({ platform, publicUrl }: OperatorSessionRoutes): OperatorEndpoint =>
  operatorEndpoint({
    method: 'delete',
    path,
    summary: 'Sign out an operator’s browser',
    description: 'Also one whose token may only read.',
    tags,
    auth: 'operator',
    mayAlways: true,
    headers: z.object({ cookie: z.string().optional() }),
    responses: { 204: 'Signed out' },
    handler: async ({ headers, context }) => {
      const secret = sessionTokenIn(publicUrl, headers.cookie, OPERATORS);
      if (typeof secret === 'string') await endOperatorSession(platform, secret, context);
      return { status: 204, headers: { 'set-cookie': removingSession(publicUrl, OPERATORS) } };
    },
  });
