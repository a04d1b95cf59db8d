/** An object as it is served: which part of it, whether it is news to whoever asks, and under which headers. */
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { ByteRange, ObjectStore, OpenedBytes } from '../../application/ports/object-store.ts';
import { openObject, sizeInRow } from '../../application/storage/open-object.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import type { StoringProject } from '../../application/storage/store-object.ts';
import { cacheControlOf } from '../../domain/storage/cache-control.ts';
import { isContentCoding } from '../../domain/storage/content-coding.ts';
import { ANY_BYTES, essenceOf, servedType } from '../../domain/storage/media-type.ts';
import { saidAlongIn, textIn, type StoredObject } from '../../domain/storage/stored-object.ts';
import type { Reply, Stream } from '../http/endpoint.ts';
import { partOf } from './byte-ranges.ts';
import { attachment } from './content-disposition.ts';
import { asProblem } from './storage-error-body.ts';

const text = z.string().optional();
export const SERVE_HEADERS = z.looseObject({
  range: text,
  'if-range': text,
  'if-match': text,
  'if-none-match': text,
  'if-modified-since': text,
  'if-unmodified-since': text,
});
export const SERVE_QUERY = z.looseObject({ download: text });

export interface Asking {
  readonly headers: z.output<typeof SERVE_HEADERS>;
  readonly query: { readonly download?: string | undefined };
  readonly signal: AbortSignal;
}

export interface Serving {
  /** its row, again for each try */
  readonly find: () => Promise<StoredObject>;
  /** of the link that it is asked by */
  readonly endsAt?: Date | undefined;
  /** others may get another answer at the same address */
  readonly isJudged?: boolean;
}

/** Nothing of it runs on this origin, or asks for anything; others' pages may show it. */
const SANDBOX =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors *; sandbox";
/** Browsers show it by a program of their own, and not in a sandbox. */
const PDF_POLICY = 'frame-ancestors *';
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

export async function headObject(asking: Asking, serving: Serving): Promise<Reply> {
  const object = await serving.find();
  const size = sizeInRow(object);
  if (isNoNews(asking.headers, object)) return notModified(asking, serving, object);
  const length = size === undefined ? {} : { 'content-length': String(size) };
  return { status: 200, headers: { ...headersOf(asking, serving, object), ...length } };
}

/** @throws {StorageError} 404 @throws {ProblemError} 412, 416 */
export async function serveObject(
  bytes: ObjectStore,
  project: Pick<StoringProject, 'id'>,
  asking: Asking,
  serving: Serving,
): Promise<Reply> {
  const { headers, signal } = asking;
  let found = await serving.find();
  if (isNoNews(headers, found)) return notModified(asking, serving, found);
  let isFirst = true;
  const find = async () => {
    if (!isFirst) found = await serving.find();
    isFirst = false;
    return found;
  };
  const opened = await openObject(
    bytes,
    project,
    find,
    (object, size) => rangeOf(headers, object, size),
    signal,
  );
  const { object, size, range } = opened;
  const length = range ? range.last - range.first + 1 : size;
  return {
    status: range ? 206 : 200,
    headers: {
      ...headersOf(asking, serving, object),
      'content-length': String(length),
      ...(range && { 'content-range': `bytes ${range.first}-${range.last}/${size}` }),
    },
    stream: sending(opened.bytes, signal),
  };
}

/** Whoever goes before the answer begins leaves no file open. */
export function sending(bytes: OpenedBytes, signal: AbortSignal): Stream {
  const leave = () => bytes.destroy();
  bytes.on('error', () => {});
  signal.addEventListener('abort', leave, { once: true });
  bytes.once('close', () => signal.removeEventListener('abort', leave));
  if (signal.aborted) leave();
  return (res) => bytes.pourInto?.(res) ?? pipeline(bytes, res, { end: false });
}

function rangeOf(headers: Asking['headers'], object: StoredObject, size: number): ByteRange | undefined {
  if (headers.range === undefined || !isStillThat(headers['if-range'], object)) return undefined;
  const part = partOf(headers.range, size);
  if (part === 'none')
    throw asProblem(new StorageError('InvalidRange'), { 'content-range': `bytes */${size}` });
  return part === 'whole' ? undefined : part;
}

/** RFC 9110, 13.2.2. @throws {ProblemError} 412 */
export function isNoNews(headers: Asking['headers'], object: StoredObject): boolean {
  const tag = entityTagOf(object);
  const changedAt = secondsOf(changedAtOf(object));
  const { 'if-match': match, 'if-unmodified-since': unmodified, 'if-none-match': noneMatch } = headers;
  const isWanted =
    match === undefined
      ? unmodified === undefined || !(changedAt > secondsOf(unmodified))
      : match.trim() === '*' || tagsIn(match).includes(tag);
  if (!isWanted) throw asProblem(new StorageError('PreconditionFailed'));
  if (noneMatch !== undefined)
    return noneMatch.trim() === '*' || tagsIn(noneMatch).map(opaque).includes(opaque(tag));
  const since = headers['if-modified-since'];
  return since !== undefined && changedAt <= secondsOf(since);
}

function isStillThat(ifRange: string | undefined, object: StoredObject): boolean {
  if (ifRange === undefined) return true;
  if (ENTITY_TAG.test(ifRange.trim()))
    return !ifRange.startsWith('W/') && ifRange.trim() === entityTagOf(object);
  return secondsOf(ifRange) === secondsOf(changedAtOf(object));
}

const tagsIn = (list: string): readonly string[] => list.match(/(?:W\/)?"[\x21\x23-\x7e]*"/g) ?? [];
const opaque = (tag: string): string => tag.replace(/^W\//, '');

/** NaN: it is no time */
const secondsOf = (time: Date | string): number => Math.floor(new Date(time).getTime() / 1000);

export function entityTagOf(object: Pick<StoredObject, 'id' | 'version' | 'metadata'>): string {
  const tag = textIn(object.metadata, 'eTag') ?? '';
  return ENTITY_TAG.test(tag) ? tag : `"${object.version ?? object.id}"`;
}

export function changedAtOf(object: StoredObject): Date {
  const told = new Date(textIn(object.metadata, 'lastModified') ?? NaN);
  return Number.isNaN(told.getTime()) ? (object.updatedAt ?? object.createdAt ?? new Date(0)) : told;
}

export const mediaTypeOf = (object: StoredObject): string => textIn(object.metadata, 'mimetype') ?? ANY_BYTES;

export function notModified(asking: Asking, serving: Serving, object: StoredObject): Reply {
  const { 'content-type': _, ...headers } = headersOf(asking, serving, object);
  return { status: 304, headers };
}

export function headersOf(
  { headers, query }: Asking,
  { endsAt, isJudged }: Serving,
  object: StoredObject,
): Record<string, string> {
  const type = servedType(mediaTypeOf(object));
  const encoding = textIn(object.metadata, 'contentEncoding') ?? '';
  return {
    'content-type': type,
    etag: entityTagOf(object),
    'last-modified': changedAtOf(object).toUTCString(),
    'accept-ranges': 'bytes',
    'x-robots-tag': 'none',
    'content-security-policy': essenceOf(type) === 'application/pdf' ? PDF_POLICY : SANDBOX,
    ...saidAlong(object),
    ...(endsAt ? untilThen(endsAt) : { 'cache-control': cacheControl(headers, object) }),
    ...(isJudged && { vary: 'authorization, apikey' }),
    ...(isContentCoding(encoding) && { 'content-encoding': encoding }),
    ...(query.download !== undefined && {
      'content-disposition': attachment(endsAt ? decodedAgain(query.download) : query.download),
    }),
  };
}

/** The client encodes the name that it hangs on a link twice. What is no encoding is the name itself. */
function decodedAgain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function saidAlong({ metadata }: StoredObject): Record<string, string> {
  const { contentDisposition, contentLanguage, expires } = saidAlongIn(metadata);
  return {
    ...(contentDisposition !== undefined && { 'content-disposition': contentDisposition }),
    ...(contentLanguage !== undefined && { 'content-language': contentLanguage }),
    ...(expires !== undefined && { expires }),
  };
}

const untilThen = (endsAt: Date) => ({
  expires: endsAt.toUTCString(),
  'cache-control': `max-age=${Math.max(0, Math.floor((endsAt.getTime() - new Date().getTime()) / 1000))}`,
});

/** Who had another one may go on showing it for a moment, while they get this one. */
function cacheControl(headers: Asking['headers'], object: StoredObject): string {
  const stored = cacheControlOf(textIn(object.metadata, 'cacheControl'));
  return headers['if-none-match'] === undefined || tagsIn(headers['if-none-match']).length === 0
    ? stored
    : `${stored}, stale-while-revalidate=30`;
}

/** Of a token that was found to be good. */
export function endOf(token: string): Date | undefined {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
    exp?: unknown;
  };
  return typeof exp === 'number' ? new Date(exp * 1000) : undefined;
}
