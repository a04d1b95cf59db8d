import type { Caller, Endpoint } from '../http/endpoint.ts';
import { createServer, type ServerOptions } from '../http/server.ts';
import type { Part } from './lifecycle.ts';

/** An HTTP server of the platform as a part of it, under the server's own name. */
export function serverPart<E extends Endpoint, C extends Caller>(options: ServerOptions<E, C>): Part {
  const server = createServer(options);
  return {
    name: options.name,
    start: () => server.start(),
    stop: () => server.stop(),
    // longer than the server gives to requests under way
    stopWithinMs: 12_000,
  };
}
