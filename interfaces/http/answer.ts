import type { Request, Response } from 'express';
import { exactJson } from '../../domain/json-text.ts';
import type { Release } from './caller-bounds.ts';
import type { Endpoint, PlainReply, Reply, StreamReply } from './endpoint.ts';
import type { Exchange } from './exchange.ts';
import { parseRequest } from './parse-request.ts';
import { tookTooLong } from './problems.ts';
import { within } from '../../application/background/deadline.ts';

/** Parses the request, runs the endpoint's handler and writes its reply. Errors are the caller's. */
export async function answer(
  endpoint: Endpoint,
  exchange: Exchange,
  req: Request,
  res: Response,
  server: { readonly name: string; readonly startStream: () => Release | undefined },
): Promise<void> {
  const parsed = await parseRequest(endpoint, req, req.params, (release) => exchange.hold(release));
  const { caller, signal } = exchange;
  const context = exchange.context(req, server.name);
  const working = endpoint.handler({ ...caller?.known, ...parsed, context, signal });
  const reply = await withinTime(working, exchange, endpoint.timeMs);
  if (res.closed) return;
  if (!('stream' in reply)) return writePlain(reply, res, endpoint.exactJson ? exactJson : JSON.stringify);
  try {
    if (endpoint.auth !== 'none') exchange.hold(server.startStream());
    await writeStream(reply, exchange, req, res);
  } finally {
    // whatever was opened for it and not begun, since it cannot be sent or nobody wants it, is let go
    exchange.abort();
  }
}

/** @throws {RequestProblem} 503 when the time is over; the handler is told so by the signal */
async function withinTime(working: Promise<Reply>, exchange: Exchange, timeMs: number): Promise<Reply> {
  return within(timeMs, working, () => {
    exchange.abort();
    throw tookTooLong(timeMs);
  });
}

function writePlain(
  { status, headers, body }: PlainReply,
  res: Response,
  stringify: (body: unknown) => string,
): void {
  if (body === undefined) {
    res.writeHead(status, headers).end();
    return;
  }
  const bytes = Buffer.from(stringify(body));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  res.end(bytes);
}

/** Who may be told no more is told no more. */
async function endWith(exchange: Exchange): Promise<void> {
  const { caller, signal } = exchange;
  if (!caller?.lasts) return;
  // where nobody can tell any more whether they may, they may not
  await caller.lasts(signal).catch(() => {});
  exchange.abort();
}

async function writeStream(
  reply: StreamReply,
  exchange: Exchange,
  req: Request,
  res: Response,
): Promise<void> {
  res.writeHead(reply.status, reply.headers);
  if (req.method !== 'HEAD') {
    exchange.streaming = true;
    res.flushHeaders();
    void endWith(exchange);
    await reply.stream(res, exchange.signal);
  }
  res.end();
}
