import type { Request, Response } from 'express';
import type { Log } from '../../application/ports/log.ts';
import type { Exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';

const ROUTINE = new Set(['/health', '/ready', '/metrics']);
/** the client went before an answer began; as others write it */
const CLIENT_GONE = 499;

/** Counts the request and writes its line in the log when it is over: never a query, header or body. */
export function observe(
  { name, log, metrics }: { readonly name: string; readonly log: Log; readonly metrics: Metrics },
  exchange: Exchange,
  req: Request,
  res: Response,
): void {
  const path = req.path.slice(0, 200);
  res.once('close', () => {
    const { route, requestId, durationMs, owner } = exchange;
    const status = res.headersSent ? res.statusCode : CLIENT_GONE;
    const { method } = req;
    metrics.answered({ service: name, method, route, status, durationMs });
    const line = { server: name, requestId, method, path, status, durationMs: Math.round(durationMs) };
    const level = ROUTINE.has(route) ? 'debug' : 'info';
    log[level]({ ...line, ...(owner && { ownerId: owner.id }) }, 'request');
  });
}
