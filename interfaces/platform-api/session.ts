import { z } from 'zod';
import { logInBrowser } from '../../application/owner/browser-session.ts';
import type { LogInDependencies } from '../../application/owner/log-in.ts';
import { endSession, logOutEverywhere } from '../../application/owner/log-out.ts';
import type { OwnerAccount } from '../../application/ports/owner-accounts.ts';
import { RequestProblem } from '../http/problems.ts';
import { keepingSession, removingSession, sessionTokenIn } from '../http/session-cookie.ts';
import { requireOwnPage } from './own-page.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { accountOf, loginCredentials } from './owners.ts';

export interface SessionDependencies extends LogInDependencies {
  /** how the gateway is reached from outside */
  readonly publicUrl: string;
}

const path = '/api/session';
const tags = ['session'];
const sessionView = z.object({ owner_id: z.string(), email: z.string() });
const viewOf = ({ ownerId, email }: OwnerAccount) => ({ owner_id: ownerId, email });

/** `/api/session`: an owner's session in a browser, by a cookie. */
export const sessionEndpoints = (dependencies: SessionDependencies): Endpoint[] => [
  begin(dependencies),
  show(dependencies),
  end(dependencies),
];

const begin = (dependencies: SessionDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path,
    summary: 'Sign in a browser',
    description:
      'The cookie stands in for an access token, for 30 days, or until nobody has used it for 7. A request that is neither GET nor HEAD and comes with it needs the header `x-launchdb-console: 1`, and no other site’s page may send it. A session that the browser had before ends.',
    tags,
    auth: 'none',
    headers: z.object({
      host: z.string().optional(),
      cookie: z.string().optional(),
      origin: z.string().optional().describe('Of a page: it has to be the platform’s own.'),
      'sec-fetch-site': z.string().optional(),
    }),
    body: loginCredentials,
    responses: { 201: sessionView },
    handler: async ({ body, headers, context }) => {
      const { publicUrl } = dependencies;
      requireOwnPage(publicUrl, headers);
      const before = sessionTokenIn(publicUrl, headers.cookie) ?? undefined;
      const { account, token } = await logInBrowser(dependencies, body, before, context);
      const cookie = keepingSession(publicUrl, token);
      return { status: 201, headers: { 'set-cookie': cookie }, body: viewOf(account) };
    },
  });

const show = (dependencies: SessionDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path,
    summary: 'Who is signed in',
    tags,
    auth: 'session',
    responses: { 200: sessionView },
    handler: async ({ owner }) => ({ status: 200, body: viewOf(await accountOf(dependencies, owner)) }),
  });

const end = (dependencies: SessionDependencies): Endpoint =>
  endpoint({
    method: 'delete',
    path,
    summary: 'Sign out a browser',
    description:
      'With `everywhere=true` all sessions of the owner end, those of refresh tokens, too; access tokens that are out stay good for their 15 minutes, and personal tokens until they are revoked.',
    tags,
    auth: 'session',
    query: z.object({ everywhere: z.enum(['true', 'false']).default('false') }),
    responses: { 204: 'Signed out' },
    handler: async ({ owner, query, context }) => {
      if (query.everywhere === 'true') await logOutEverywhere(dependencies, owner.id, context);
      else if (owner.session) await endSession(dependencies, owner.session.tokenHash, context);
      else
        throw new RequestProblem(
          'request/forbidden',
          'This request comes by an access token, and ends no session of a browser; see /api/owners/logout, or everywhere=true.',
        );
      return { status: 204, headers: { 'set-cookie': removingSession(dependencies.publicUrl) } };
    },
  });
