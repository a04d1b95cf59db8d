import type { Request } from 'express';
import { browserSession } from '../../application/owner/browser-session.ts';
import { RequestProblem } from '../http/problems.ts';
import { removingSession, sessionTokenIn } from '../http/session-cookie.ts';
import type { Endpoint, Owner } from './owner-endpoint.ts';
import { requireMark, requireOwnPage } from './own-page.ts';

/**
 * The owner whom the console's cookie proves; undefined: there is no such cookie.
 * @throws {RequestProblem} 401: its session has ended; 403: another's page asks
 */
export type BrowserOwner = (
  request: Pick<Request, 'headers' | 'method'>,
  endpoint: Pick<Endpoint, 'revealsSecrets' | 'spends'>,
) => Promise<Owner | undefined>;

export const browserOwner =
  (sessions: Parameters<typeof browserSession>[0], publicUrl: string): BrowserOwner =>
  async ({ headers, method }, { revealsSecrets, spends }) => {
    const token = sessionTokenIn(publicUrl, headers.cookie);
    if (token === undefined) return undefined;
    const changes = method !== 'GET' && method !== 'HEAD';
    if (changes) requireMark(headers);
    // whoever looks at secrets is in the trail for it
    if (changes || revealsSecrets || spends) requireOwnPage(publicUrl, headers);
    const found = token === null ? undefined : await browserSession(sessions, token);
    if (found) return { id: found.ownerId, session: { tokenHash: found.tokenHash } };
    throw new RequestProblem('request/unauthenticated', 'The session has ended; sign in again.', {
      headers: {
        'set-cookie': removingSession(publicUrl),
        'www-authenticate': 'Bearer realm="launchdb"',
      },
    });
  };
