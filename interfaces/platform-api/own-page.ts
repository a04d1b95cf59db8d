/** What a browser asks with the console's cookie, which it sends by itself, has to come from a page of the platform's own. */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestProblem } from '../http/problems.ts';

type Told = Pick<IncomingHttpHeaders, 'host' | 'origin' | 'sec-fetch-site'>;

/** A page of others cannot send it: to be allowed to, it would have to ask first. */
const MARK = 'x-launchdb-console';

/** @throws {RequestProblem} 403 */
export function requireMark(headers: IncomingHttpHeaders): void {
  if (headers[MARK] === '1') return;
  throw new RequestProblem(
    'request/forbidden',
    `What changes something and comes with the console's cookie needs the header "${MARK}: 1".`,
  );
}

/**
 * By what browsers say and no page can make them say otherwise; of who says nothing, nothing is known.
 * @throws {RequestProblem} 403
 */
export function requireOwnPage(publicUrl: string, { host, origin, 'sec-fetch-site': site }: Told): void {
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw elsewhere('Sec-Fetch-Site is not "same-origin"');
  if (origin !== undefined && !ownOrigins(publicUrl, host).includes(origin))
    throw elsewhere('Origin is not that of the platform');
}

/** By TLS alone where the public address is: who can change what another host's page holds can change an open one's, too. */
function ownOrigins(publicUrl: string, host: string | undefined): readonly string[] {
  const { origin, protocol } = new URL(publicUrl);
  const protocols = protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  return [origin, ...(host === undefined ? [] : protocols.map((each) => `${each}//${host}`))];
}

const elsewhere = (why: string) =>
  new RequestProblem('request/forbidden', `This comes from a page that is not the platform's: ${why}.`);
