import type { IncomingMessage } from 'node:http';
import { hasBody } from './headers.ts';
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
  const hosts = request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1 || (host !== undefined && !HOST.test(host))) {
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
