/** What a request's body may be. Each kind has a limit of its own in bytes, kept while it is read. */
import type { IncomingMessage } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { z } from 'zod';
import { discardRest } from './discard-rest.ts';
import { bodyBrokeOff, bodyTooLarge, invalidRequest, RequestProblem } from './problems.ts';
import { readJson } from './read-json.ts';

const JSON_BYTES = 64 * 1024;
const JSON_DEPTH = 32;
/** of what is left of a stream or a form when there is an answer already: clients read that only when they have sent it */
const MOST_DISCARDED = 32 * 1024 * 1024;

/** The body is left alone. */
export interface NoBody {
  readonly kind: 'none';
}

export interface JsonBody<S extends z.ZodType = z.ZodType> {
  readonly kind: 'json';
  readonly schema: S;
  readonly bytes: number;
  readonly depth: number;
  /** numbers that a double would change come as JsonText */
  readonly exact: boolean;
}

/** The handler reads it as it comes, or leaves it: whatever it does not read is dropped. */
export interface StreamBody {
  readonly kind: 'stream';
  readonly bytes: number;
  /** the media types that are taken; none: any */
  readonly types: readonly string[];
}

/** A form on its way, for a parser of the service's choice. */
export interface IncomingForm {
  readonly body: Readable;
  /** with its boundary */
  readonly contentType: string;
}

/** What `read` makes of a form is the handler's body: a whole one, or one whose parts come while it works. */
export interface MultipartBody<T = unknown> {
  readonly kind: 'multipart';
  readonly bytes: number;
  readonly read: (form: IncomingForm) => T | Promise<T>;
}

export type Body = NoBody | JsonBody | StreamBody | MultipartBody;

/** What a handler gets of it. */
export type BodyValue<B> =
  B extends JsonBody<infer S>
    ? z.output<S>
    : B extends StreamBody
      ? Readable
      : B extends MultipartBody<infer T>
        ? T
        : undefined;

export const NO_BODY: NoBody = { kind: 'none' };

/** @param limits default 64 KiB, 32 levels */
export const json = <S extends z.ZodType>(
  schema: S,
  limits: { readonly bytes?: number; readonly depth?: number; readonly exact?: boolean } = {},
): JsonBody<S> => ({
  kind: 'json',
  schema: (schema instanceof z.ZodObject ? schema.strict() : schema) as S,
  bytes: limits.bytes ?? JSON_BYTES,
  depth: limits.depth ?? JSON_DEPTH,
  exact: limits.exact ?? false,
});

export const stream = (bytes: number, types: readonly string[] = []): StreamBody => ({
  kind: 'stream',
  bytes,
  types,
});

export const multipart = <T>(bytes: number, read: MultipartBody<T>['read']): MultipartBody<T> => ({
  kind: 'multipart',
  bytes,
  read,
});

/** The media types of a body, for those who send one. */
export function typesOf(body: Exclude<Body, NoBody>): readonly string[] {
  if (body.kind === 'json') return ['application/json'];
  if (body.kind === 'multipart') return ['multipart/form-data'];
  return body.types.length > 0 ? body.types : ['application/octet-stream'];
}

/**
 * A body as the handler gets it, but for a schema, which others check.
 * @param whenOver has something done when there is an answer, or nobody to hear one
 * @throws {RequestProblem} 400, 413, 415; of a stream that turns out too long later, by the stream
 */
export async function readBody(
  body: Body,
  req: IncomingMessage,
  whenOver: (release: () => void) => void,
): Promise<unknown> {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'json':
      return readJson(req, body);
    case 'stream':
      if (body.types.length > 0) requireType(req, body.types);
      return bounded(req, body.bytes, whenOver);
    case 'multipart':
      requireType(req, ['multipart/form-data']);
      if (!/;\s*boundary=/i.test(contentTypeOf(req)))
        throw invalidRequest([{ pointer: '/headers/content-type', detail: 'The form has no boundary.' }]);
      return body.read({ body: bounded(req, body.bytes, whenOver), contentType: contentTypeOf(req) });
  }
}

const contentTypeOf = ({ headers }: IncomingMessage): string => headers['content-type'] ?? '';

function requireType(req: IncomingMessage, types: readonly string[]): void {
  const type = contentTypeOf(req).split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type))
    throw new RequestProblem('request/unsupported-media-type', `Send ${types.join(' or ')}.`);
}

/** At most so much of it: then, and when it breaks off, the stream fails with the problem that the client is told. */
function bounded(req: IncomingMessage, bytes: number, whenOver: (release: () => void) => void): Readable {
  if (Number(req.headers['content-length'] ?? 0) > bytes) throw bodyTooLarge(bytes);
  let seen = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > bytes ? bodyTooLarge(bytes) : null, chunk);
    },
  });
  // whoever reads it hears of it; nobody has to
  body.on('error', () => {});
  body.once('close', () => {
    req.unpipe(body);
    if (!req.complete) discardRest(req, Math.min(bytes, MOST_DISCARDED));
  });
  // also when its client goes away
  whenOver(() => body.destroy(bodyBrokeOff()));
  return req.pipe(body);
}
