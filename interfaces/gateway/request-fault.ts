import type { IncomingMessage } from 'node:http';
import { hasBody, isNamed } from './headers.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';
import type { Target } from './route.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const HOST = /^[\w.:[\]-]{1,255}$/;

/** What is wrong with the request itself, wherever it goes. */
export function faultOf(
  request: IncomingMessage,
  target: Target,
  bodyBytes: number,
): GatewayProblem | undefined {
  const { host, 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  if (namesOf(request, 'host') > 1 || (host !== undefined && !HOST.test(host))) {
    return PROBLEMS.malformed('The Host header is malformed.');
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    return PROBLEMS.malformed('The only transfer coding understood is chunked.');
  }
  if (target.kind !== 'malformed' && !METHODS.includes(request.method ?? '')) {
    return PROBLEMS.methodNotAllowed(METHODS.join(', '));
  }
  const isTooLarge = hasBody(request) && Number(length ?? 0) > bodyBytes;
  return isTooLarge ? PROBLEMS.bodyTooLarge(bodyBytes) : undefined;
}

/** How many headers have this name (lower case). */
function namesOf({ rawHeaders }: IncomingMessage, wanted: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isNamed(rawHeaders[at] ?? '', wanted)) count++;
  return count;
}
