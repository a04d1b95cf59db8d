import type { Request, Response } from 'express';
import type { Log } from '../../application/ports/log.ts';
import type { Span, Tracing } from '../../application/ports/tracing.ts';
import type { Exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import { requestEnd } from './request-span.ts';

/** what is asked every few seconds by those who watch over us, and by gateways */
const ROUTINE = new Set(['/health', '/ready', '/metrics', '/internal/postgrest/endpoints']);
/** the client went before an answer began; as others write it */
const CLIENT_GONE = 499;

export interface Observers {
  readonly name: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/**
 * Serves the request within a span, and counts it and writes its line in the log when it is over: never a query,
 * header or body.
 */
export function observe(
  { name, log, metrics, tracing }: Observers,
  exchange: Exchange,
  req: Request,
  res: Response,
  serve: () => void,
): void {
  const path = req.path.slice(0, 200);
  const { method } = req;
  let span: Span | undefined;
  res.once('close', () => {
    const { route, requestId, durationMs, caller } = exchange;
    const status = res.headersSent ? res.statusCode : CLIENT_GONE;
    metrics.answered({ service: name, method, route, status, durationMs });
    span?.end(requestEnd({ service: name, method, route, status, requestId }));
    const line = { server: name, requestId, method, path, status, durationMs: Math.round(durationMs) };
    const level = ROUTINE.has(route) ? 'debug' : 'info';
    log[level]({ ...line, ...caller?.logged }, 'request');
  });
  if (ROUTINE.has(path)) return serve();
  tracing.begin({ name: method, partOf: req.headers }, (begun) => {
    span = begun;
    serve();
  });
}
