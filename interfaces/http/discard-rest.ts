import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 1024 * 1024;

/** Reads a body away, so that the client gets to see an early answer; a client that goes on too long is cut off. */
export function discardRest(request: IncomingMessage, limitBytes = MOST_BYTES): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limitBytes) request.socket.destroy();
  });
  request.resume();
}
