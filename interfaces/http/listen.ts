import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { Refused } from '../../application/errors.ts';
import { answerParserErrors, parserProblemCode } from './parser-errors.ts';
import type { ErrorAnswer, ErrorBody } from './error-body.ts';
import { PROBLEMS } from './problem-table.ts';
import { problem } from './problems.ts';

export interface ServerLimits {
  /** for the headers to arrive */
  readonly headersTimeoutMs: number;
  /** for the whole request to arrive */
  readonly requestTimeoutMs: number;
  /** between two requests on one connection */
  readonly keepAliveTimeoutMs: number;
  /** without a byte in either direction */
  readonly idleTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

export const SERVER_LIMITS: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 120_000,
  // more than the gateway's, which adds some of its own
  maxHeaderBytes: 48 * 1024,
  maxConnections: 10_000,
};

/** A server of Node's with every limit set, which answers broken requests with a problem, too. */
export function limitedServer(handler: RequestListener, limits: ServerLimits, errorBody: ErrorBody): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
      maxHeaderSize: limits.maxHeaderBytes,
    },
    handler,
  );
  server.maxConnections = limits.maxConnections;
  server.maxHeadersCount = 100;
  server.setTimeout(limits.idleTimeoutMs);
  answerParserErrors(server, (code) => parserError(code, errorBody));
  return server;
}

/** @throws {Refused} the port cannot be had; the text says what to do */
export function listen(
  server: Server,
  where: {
    readonly name: string;
    readonly port: number;
    /** undefined: all addresses of this machine */
    readonly host: string | undefined;
    readonly portVariable: string;
  },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(explained(error, where));
    server.once('error', fail);
    const { port, host } = where;
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function explained(
  error: NodeJS.ErrnoException,
  { name, port, portVariable }: { name: string; port: number; portVariable: string },
): Error {
  const advice = `Set ${portVariable} to another port`;
  if (error.code === 'EADDRINUSE') {
    return new Refused(
      `${name}: port ${port} is taken by another program. ${advice}, or stop that program.`,
      error,
    );
  }
  if (error.code === 'EACCES')
    return new Refused(`${name}: this user may not use port ${port}. ${advice}.`, error);
  return error;
}

/** For what never became a request: the parser gave up, or the client was too slow. */
function parserError(errorCode: string | undefined, errorBody: ErrorBody): ErrorAnswer {
  const code = parserProblemCode(errorCode);
  const requestId = randomUUID();
  const answer = errorBody(problem(code, PROBLEMS[code].title), { requestId, headers: {} });
  return { ...answer, headers: { ...answer.headers, 'x-request-id': requestId } };
}
