import type { Request } from 'express';
import { browserSession } from '../../application/owner/browser-session.ts';
import { RequestProblem } from '../http/problems.ts';
import { sessionTokenIn } from '../http/session-cookie.ts';
import type { Endpoint, ProvenOwner } from './owner-endpoint.ts';
import { requireMark, requireOwnPage } from './own-page.ts';

/**
 * The owner whom the console's cookie proves; undefined: there is no such cookie.
 * @throws {RequestProblem} 401: its session has ended; 403: another's page asks
 */
export type BrowserOwner = (
  request: Pick<Request, 'headers' | 'method'>,
  endpoint: Pick<Endpoint, 'revealsSecrets' | 'spends'>,
) => Promise<ProvenOwner | undefined>;

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
    if (found) {
      const { ownerId: id, tokenHash, goodUntil } = found;
      return { id, session: { tokenHash }, goodUntil };
    }
    // the cookie is left: a newer one may have come into its place before this answer does
    throw new RequestProblem('request/unauthenticated', 'The session has ended; sign in again.', {
      headers: { 'www-authenticate': 'Bearer realm="launchdb"' },
    });
  };
