/** Under which id a request is told of: to its client, in the log, in events. One rule, at every door. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** as infrastructure/caddy/Caddyfile has it; a test holds both beside each other */
export const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The client's own where it is well-formed, otherwise a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
