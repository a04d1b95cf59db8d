/**
 * How a service tells what went wrong. The library of its clients decides that, so each service has one file for it:
 * RFC 9457's problem+json for the platform's own, other shapes where somebody else's clients read them.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Problem } from './problems.ts';

export interface Asked {
  readonly requestId: string;
  /** of the request; of what never became one there are none */
  readonly headers: IncomingHttpHeaders;
}

export interface ErrorAnswer {
  /** may be another one than the problem's, where a client library goes by the body alone */
  readonly status: number;
  /** in place of the problem's own */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type ErrorBody = (problem: Problem, asked: Asked) => ErrorAnswer;

/** RFC 9457. */
export const problemJson: ErrorBody = (problem, { requestId }) => ({
  status: problem.status,
  headers: { ...problem.headers, 'content-type': 'application/problem+json' },
  body: JSON.stringify(problemBody(problem, requestId)),
});

/** `type` is relative, so that it leads to the docs of the host that was asked. */
export const problemBody = (
  { code, title, status, detail, members }: Problem,
  instance: string,
): Record<string, unknown> => ({ ...members, type: `/docs#${code}`, title, status, detail, instance });

/** Answers so, or ends the connection when an answer has begun already. */
export function sendError(res: ServerResponse, { status, headers, body }: ErrorAnswer): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  res.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  res.end(body);
}
