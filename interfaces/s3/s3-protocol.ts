/** The S3 protocol, by addresses with the bucket in the path: who signed a request, what it asks for, and the answer in XML. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { readBody, stream } from '../http/body.ts';
import { discardRest } from '../http/discard-rest.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RawCall, RawProtocol } from '../storage/raw-protocols.ts';
import { MOST_UPLOAD_BYTES } from '../storage/upload-bounds.ts';
import { signerOf } from './authenticate-signer.ts';
import { handlerOf } from './calls.ts';
import { refuseUndone } from './object-headers.ts';
import { objectIn, promisedOf, type Promised } from './request-body.ts';
import { s3Dependencies, type S3Call, type S3Dependencies, type S3Reply, type XmlRoot } from './s3-call.ts';
import type { S3Error } from './s3-error.ts';
import { decoded, parameterOf, s3Request, type S3Request } from './s3-request.ts';
import { errorDocument, toldError } from './tell-error.ts';
import { DECLARATION, rootElement, xmlDocument } from './xml.ts';

/** whoever waits longer for a copy is shown that it goes on */
const PATIENCE_MS = 10_000;
const XML = { 'content-type': 'application/xml' };

export function s3Protocol(given: Parameters<typeof s3Dependencies>[0]): RawProtocol {
  const deps = s3Dependencies(given);
  return { place: 's3', serve: (raw) => serve(deps, raw) };
}

async function serve(deps: S3Dependencies, raw: RawCall): Promise<void> {
  const { req, res, exchange } = raw;
  res.setHeader('x-amz-request-id', exchange.requestId);
  const body = new RequestBody(req, exchange);
  const over = Promise.withResolvers<void>();
  try {
    const asked = {
      endpoint: { method: 'post', path: exchange.route },
      params: { project: raw.project },
    } as const;
    const release = await deps.bounds.enter(exchange.address, asked);
    // work that goes on without its client keeps its place
    exchange.hold(() => void over.promise.then(release));
    const call = await callOf(deps, raw, body);
    await send(deps, raw, await handlerOf(call)(deps, call));
  } catch (error) {
    fail(deps, raw, error);
  } finally {
    body.leave();
    over.resolve();
  }
}

/** Whoever leaves it unread, or fails, leaves the connection whole for the answer. */
class RequestBody {
  readonly #req: IncomingMessage;
  readonly #exchange: Exchange;
  #isTaken = false;

  constructor(req: IncomingMessage, exchange: Exchange) {
    this.#req = req;
    this.#exchange = exchange;
  }

  async take(): Promise<Readable> {
    const taken = await readBody(stream(MOST_UPLOAD_BYTES), this.#req, (release) =>
      this.#exchange.hold(release),
    );
    // whoever reads it away from here on is the body itself
    this.#isTaken = true;
    return taken as Readable;
  }

  leave(): void {
    if (this.#isTaken || this.#req.complete) return;
    // as one that is left in the middle
    this.take().then(
      (body) => body.destroy(),
      () => discardRest(this.#req),
    );
  }
}

async function callOf(
  deps: S3Dependencies,
  { project: id, below, req, exchange }: RawCall,
  body: RequestBody,
): Promise<S3Call> {
  const request = s3Request(req, req.url ?? '');
  const path = decoded(below.split('?', 1)[0] ?? '');
  const { shown, key: signingKey, ...signer } = await signerOf(deps, id, request, path);
  exchange.caller = { known: {}, logged: { project: signer.project.id } };
  const promised = bodysOwn(request, promisedOf(request, shown));
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?([^]*)$/.exec(path) ?? [];
  const call: S3Call = {
    ...signer,
    request,
    by: shown.by,
    bucket,
    key,
    promised,
    signal: exchange.signal,
    body: async () => objectIn(await body.take(), promised, shown, signingKey),
  };
  refuseUndone(call);
  return call;
}

/** Beside the list of an object's parts checksums are the object's. */
const bodysOwn = (request: S3Request, promised: Promised): Promised =>
  request.method === 'POST' && parameterOf(request, 'uploadId') !== undefined
    ? { ...promised, checksums: new Map() }
    : promised;

async function send(deps: S3Dependencies, raw: RawCall, reply: S3Reply): Promise<void> {
  const { req, res, exchange } = raw;
  if ('lengthy' in reply) return sendWhenDone(deps, raw, reply.lengthy);
  if ('stream' in reply) {
    try {
      res.writeHead(reply.status, reply.headers);
      exchange.streaming = true;
      await reply.stream(res, exchange.signal);
    } finally {
      // what was opened for an answer that cannot be sent is let go
      exchange.abort();
    }
    res.end();
    deps.metrics.moved('out', Number(reply.headers?.['content-length'] ?? 0));
    return;
  }
  const { status, headers, xml } = reply;
  // that of a HEAD is the object's, where it is known
  const isEmpty = xml === undefined && req.method !== 'HEAD' && status !== 204 && status !== 304;
  if (xml) sendDocument(res, status, headers, xmlDocument(...xml));
  else res.writeHead(status, { ...(isEmpty && { 'content-length': '0' }), ...headers }).end();
}

function sendDocument(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> | undefined,
  text: string,
): void {
  res.writeHead(status, { ...headers, ...XML, 'content-length': String(Buffer.byteLength(text)) });
  // nothing of it goes out where HEAD was asked
  res.end(text);
}

/** After a while the answer begins, and spaces in it keep the connection; then an error comes with 200, too. */
async function sendWhenDone(deps: S3Dependencies, raw: RawCall, work: Promise<XmlRoot>): Promise<void> {
  const { req, res, exchange } = raw;
  const beat = setInterval(() => {
    if (res.closed) return;
    if (!res.headersSent) {
      res.writeHead(200, XML);
      res.write(DECLARATION);
    } else res.write(' ');
  }, PATIENCE_MS);
  try {
    const root = await work;
    if (res.headersSent) res.end(rootElement(...root));
    else sendDocument(res, 200, undefined, xmlDocument(...root));
  } catch (error) {
    if (!res.headersSent) throw error;
    const { error: told } = noted(deps, raw, error);
    res.end(rootElement(...errorDocument(told, exchange.requestId, pathOf(req)), null));
  } finally {
    clearInterval(beat);
  }
}

function fail(deps: S3Dependencies, raw: RawCall, error: unknown): void {
  const { req, res, exchange } = raw;
  const { error: told, headers } = noted(deps, raw, error);
  if (res.headersSent || res.closed) {
    res.destroy();
    return;
  }
  const text = xmlDocument(...errorDocument(told, exchange.requestId, pathOf(req)), null);
  sendDocument(res, told.status, headers, text);
}

const pathOf = (req: IncomingMessage): string => (req.url ?? '').split('?', 1)[0] ?? '';

/** What is no fault of the request's goes into the log. */
function noted(
  { log, metrics }: S3Dependencies,
  { req, res, exchange }: RawCall,
  error: unknown,
): { readonly error: S3Error; readonly headers: Readonly<Record<string, string>> } {
  const told = toldError(error);
  metrics.refused(told.error.code);
  if (told.error.status >= 500 && told.error.code !== 'NotImplemented' && !res.closed) {
    const { requestId, route } = exchange;
    const level = told.error.code === 'InternalError' ? 'error' : 'warn';
    log[level]({ server: 'storage', requestId, method: req.method, route, error }, told.error.code);
  }
  return told;
}
