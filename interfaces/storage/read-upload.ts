/** What comes with a file: as a form, or as the body itself, which is never parsed. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { invalidRequest, StorageError } from '../../application/storage/storage-error.ts';
import { meteredBytes, type Pace } from '../../application/storage/metered-bytes.ts';
import type { Upload } from '../../application/storage/store-object.ts';
import { cacheControlOf, cacheControlOfField, NOT_KEPT } from '../../domain/storage/cache-control.ts';
import { isContentCoding } from '../../domain/storage/content-coding.ts';
import { ANY_BYTES, essenceOf } from '../../domain/storage/media-type.ts';
import type { JsonObject, ObjectDescription } from '../../domain/storage/stored-object.ts';
import { jsonFault } from '../http/read-json.ts';
import { readForm, type Form } from './read-form.ts';

const text = z.string().optional();
export const UPLOAD_HEADERS = z.looseObject({
  'content-type': text,
  'content-length': text,
  'content-encoding': text,
  'cache-control': text,
  'x-metadata': text,
  'x-upsert': text,
});
type Headers = z.output<typeof UPLOAD_HEADERS>;

export type Incoming = Pick<Upload, 'description' | 'size' | 'source' | 'describedAtEnd'>;

/** of a form whose file stands first: so much of it is read before policies are asked, since what they read may stand behind */
const PEEKED_BYTES = 256 * 1024;
const MOST_METADATA_CHARACTERS = 64 * 1024;
/** as bodies of JSON have */
const METADATA_DEPTH = 32;

export const isUpsert = (headers: Pick<Headers, 'x-upsert'>): boolean => headers['x-upsert'] === 'true';

/** @throws {StorageError} InvalidRequest, InvalidMimeType, RequestTimeout */
export async function readUpload(headers: Headers, body: Readable, pace?: Pace): Promise<Incoming> {
  const contentType = headers['content-type'];
  if (contentType !== undefined && essenceOf(contentType) === 'multipart/form-data')
    // a form is read before its file is stored, and behind it: it has to come on all the while
    return fromForm(await readForm({ body: meteredBytes(body, () => {}, pace), contentType }));
  const length = headers['content-length'];
  return {
    description: {
      mediaType: givenMediaType(contentType),
      cacheControl: cacheControlOf(headers['cache-control']),
      contentEncoding: givenContentEncoding(headers['content-encoding']),
      userMetadata: metadataHeader(headers['x-metadata']),
    },
    size: length === undefined ? undefined : Number(length),
    source: body,
  };
}

async function fromForm(form: Form): Promise<Incoming> {
  const describe = () => described(form);
  const describedAtEnd = async () => {
    await form.ended;
    return describe();
  };
  // clients that have all fields in front begin with these
  if (form.fields.has('cacheControl') || form.fields.has('metadata'))
    return { description: describe(), size: undefined, source: form.file, describedAtEnd };
  const { head, isAll } = await peek(form.file);
  if (isAll) {
    await form.ended;
    const size = head.reduce((sum, { length }) => sum + length, 0);
    return { description: describe(), size, source: Readable.from(head, { objectMode: false }) };
  }
  return { description: describe(), size: undefined, source: both(head, form.file), describedAtEnd };
}

/** @throws what the source failed with */
async function peek(
  source: Readable,
): Promise<{ readonly head: readonly Buffer[]; readonly isAll: boolean }> {
  const head: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    head.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= PEEKED_BYTES) return { head, isAll: false };
  }
  return { head, isAll: true };
}

const both = (head: readonly Buffer[], rest: Readable): Readable =>
  Readable.from(
    (async function* () {
      yield* head;
      yield* rest;
    })(),
    { objectMode: false },
  );

function described({ fields, mediaType: ofPart }: Form): ObjectDescription {
  const cacheControl = fields.get('cacheControl');
  return {
    mediaType: givenMediaType(fields.get('contentType') ?? ofPart),
    cacheControl: cacheControl === undefined ? NOT_KEPT : cacheControlOfField(cacheControl),
    contentEncoding: givenContentEncoding(fields.get('contentEncoding')),
    userMetadata: givenMetadata(fields.get('metadata')),
  };
}

export function givenMediaType(given: string | undefined): string {
  if (given === undefined || given.trim() === '') return ANY_BYTES;
  if (essenceOf(given) === undefined)
    throw new StorageError('InvalidMimeType', `mime type ${given.slice(0, 100)} is not supported`);
  return given.trim();
}

export function givenContentEncoding(given: string | undefined): string | null {
  if (given === undefined || given.trim() === '' || given.trim() === 'identity') return null;
  if (!isContentCoding(given.trim())) throw invalidRequest('The content encoding is not one.');
  return given.trim();
}

/** base64 of JSON */
export const metadataHeader = (given: string | undefined): JsonObject | null =>
  // what is no base64 at all is no JSON either
  given === undefined || given === ''
    ? null
    : givenMetadata(Buffer.from(given, 'base64').toString('utf8') || '-');

/** What PostgreSQL cannot hold is whoever's fault who sent it. */
export function givenMetadata(json: string | undefined): JsonObject | null {
  if (json === undefined || json === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalidRequest('The metadata is not JSON.');
  }
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalidRequest('The metadata is not an object.');
  if (jsonFault(value, '/metadata', METADATA_DEPTH))
    throw invalidRequest('The metadata is nested too deep, or holds NUL or broken Unicode.');
  if (JSON.stringify(value).length > MOST_METADATA_CHARACTERS)
    throw invalidRequest('The metadata is too large.');
  return value as JsonObject;
}
