import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorAnswer } from './error-body.ts';

/** how long, and how much of, what a client still sends is read away, so that it gets to see the answer */
const LINGER_MS = 2_000;
const LINGER_BYTES = 1024 * 1024;

/**
 * Answers what the parser gave up on, and who was too slow, where Node would send a bare status line. What is
 * answered is not parsed any further; an answer that has begun is not mixed with another one.
 */
export function answerParserErrors(
  server: Server,
  answerTo: (code: string | undefined) => ErrorAnswer,
): void {
  const underWay = new WeakMap<Socket, ServerResponse[]>();
  const answered = new WeakSet<Socket>();
  // more than one only where a client does not wait for answers
  const track = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const all = underWay.get(socket) ?? [];
    if (all.push(response) === 1) underWay.set(socket, all);
    // an idle connection holds nothing of what it carried
    response.once('close', () => void all.splice(all.indexOf(response), 1));
  };
  server.prependListener('request', track);
  // nobody's listening to it would be Node's own answer to it
  if (server.listenerCount('checkContinue') > 0) server.prependListener('checkContinue', track);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // every further piece of such a request is an error again
    if (answered.has(socket)) {
      if (socket.bytesRead > LINGER_BYTES) socket.destroy();
      return;
    }
    const hasBegun = underWay
      .get(socket)
      ?.some(({ headersSent, writableEnded }) => headersSent && !writableEnded);
    if (error.code === 'ECONNRESET' || !socket.writable || hasBegun === true) {
      socket.destroy();
      return;
    }
    answered.add(socket);
    socket.end(messageOf(answerTo(error.code)));
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(cut));
  });
}

/** What is said of an error of Node's parser. */
export function parserProblemCode(
  errorCode: string | undefined,
): 'request/headers-too-large' | 'request/timeout' | 'request/invalid' {
  if (errorCode === 'HPE_HEADER_OVERFLOW') return 'request/headers-too-large';
  return errorCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request/timeout' : 'request/invalid';
}

function messageOf({ status, headers, body }: ErrorAnswer): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...lines,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
