/** What clients of S3 say of an object in headers, and what they are told of one. */
import type { Copy } from '../../application/storage/copy-object.ts';
import { cacheControlOf } from '../../domain/storage/cache-control.ts';
import { isContentCoding } from '../../domain/storage/content-coding.ts';
import { ANY_BYTES, essenceOf } from '../../domain/storage/media-type.ts';
import {
  isField,
  type JsonObject,
  type ObjectDescription,
  type SaidAlong,
  type StoredObject,
} from '../../domain/storage/stored-object.ts';
import type { Headers } from '../http/endpoint.ts';
import { mediaTypeOf } from '../storage/serve-object.ts';
import { headersOf, parameter, type S3Call } from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { textOf } from './s3-request.ts';

const META = 'x-amz-meta-';
const META_NAME = /^[\w!#$%&'*+.^`|~-]{1,200}$/;
const META_BYTES = 2048;

/** what would have to be done, and is not: to leave it out would be to say that it was */
const NOT_DONE = [
  'x-amz-server-side-encryption-customer-',
  'x-amz-copy-source-server-side-encryption-',
  'x-amz-object-lock-',
  'x-amz-bucket-object-lock-',
  'x-amz-tagging',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
];

/** @throws {S3Error} NotImplemented */
export function refuseUndone(call: S3Call): void {
  for (const name of headersOf(call).keys())
    if (name !== 'x-amz-tagging-directive' && NOT_DONE.some((prefix) => name.startsWith(prefix)))
      throw new S3Error('NotImplemented', `${name.slice(0, 100)} is not implemented`);
  const version = parameter(call, 'versionId');
  if (version !== undefined && version !== 'null')
    throw new S3Error('NotImplemented', 'There are no versions of objects');
}

/** @throws {S3Error} InvalidArgument */
export function describedBy(call: S3Call): ObjectDescription {
  const headers = headersOf(call);
  const mediaType = headers.get('content-type') || ANY_BYTES;
  if (essenceOf(mediaType) === undefined) throw new S3Error('InvalidArgument', 'The Content-Type is none');
  return {
    mediaType: mediaType.trim(),
    cacheControl: cacheControlOf(headers.get('cache-control')),
    contentEncoding: codingsIn(headers.get('content-encoding') ?? ''),
    saidAlong: saidAlongOf(headers),
    userMetadata: metadataIn(headers),
  };
}

/** Of a copy: what is not said anew is nothing, not what it was. */
export function describedAnew(call: S3Call): Copy['described'] {
  const { contentEncoding, ...description } = describedBy(call);
  return { ...description, contentEncoding: contentEncoding ?? '' };
}

const ALONG = [
  ['content-disposition', 'contentDisposition'],
  ['content-language', 'contentLanguage'],
  ['expires', 'expires'],
] as const;

/** @throws {S3Error} InvalidArgument */
function saidAlongOf(headers: ReadonlyMap<string, string>): SaidAlong {
  const said = ALONG.flatMap(([header, name]) => {
    const value = headers.get(header);
    if (!value) return [];
    if (!isField(value)) throw new S3Error('InvalidArgument', `The ${header} cannot be one again`);
    return [[name, value] as const];
  });
  return Object.fromEntries(said);
}

/** How the body came is no property of the object. */
function codingsIn(header: string): string | null {
  const codings = header
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && !['aws-chunked', 'identity'].includes(coding.toLowerCase()));
  if (codings.length === 0) return null;
  const text = codings.join(', ');
  if (!isContentCoding(text)) throw new S3Error('InvalidArgument', 'The Content-Encoding is none');
  return text;
}

function metadataIn(headers: ReadonlyMap<string, string>): JsonObject | null {
  const found = [...headers].filter(([name]) => name.startsWith(META));
  const bytes = found.reduce((sum, [name, value]) => sum + name.length - META.length + value.length, 0);
  if (bytes > META_BYTES) throw new S3Error('InvalidArgument', `Metadata may have ${META_BYTES} bytes`);
  const pairs = found.map(([name, value]) => [name.slice(META.length), textOf(value)] as const);
  return pairs.length === 0 ? null : Object.fromEntries(pairs);
}

/** Of metadata that came by another way some may be no text, and some no header. */
export function metadataHeaders({ userMetadata }: StoredObject): Headers {
  const all = Object.entries(userMetadata ?? {});
  const fit = all.filter(([name]) => META_NAME.test(name));
  const missing = all.length - fit.length;
  return {
    ...Object.fromEntries(fit.map(([name, value]) => [`${META}${name.toLowerCase()}`, headerText(value)])),
    ...(missing > 0 && { 'x-amz-missing-meta': String(missing) }),
  };
}

/** What is not ASCII goes as RFC 2047 has it. */
function headerText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return `=?UTF-8?B?${Buffer.from(text.toWellFormed()).toString('base64')}?=`;
}

const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

/** What whoever signed the request wants to read there instead. @throws {S3Error} InvalidArgument */
export function overrides(call: S3Call): Headers {
  const wanted = OVERRIDES.flatMap((name) => {
    const value = parameter(call, `response-${name}`);
    if (value === undefined) return [];
    if (!isField(value)) throw new S3Error('InvalidArgument', `response-${name} cannot be a header`);
    return [[name, value] as const];
  });
  return Object.fromEntries(wanted);
}

/** As it was stored: no browser shows what a header signed. */
export function storedType(object: StoredObject): Headers {
  const type = mediaTypeOf(object);
  return essenceOf(type) === undefined ? {} : { 'content-type': type.trim() };
}
