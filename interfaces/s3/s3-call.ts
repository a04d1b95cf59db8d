/** A request of the S3 protocol whose signer is known, and what calls answer. */
import type { Readable } from 'node:stream';
import type { Log } from '../../application/ports/log.ts';
import type { StorageCaller, StorageOperation } from '../../application/ports/storage-directory.ts';
import type { UserTokens } from '../../application/ports/user-tokens.ts';
import type { MultipartDependencies } from '../../application/storage/multipart-uploads.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import type { StorageProject, StorageProjects } from '../../application/storage/storage-project.ts';
import type { Uploader } from '../../application/storage/store-object.ts';
import { Bound, type CallerBounds, type Release } from '../http/caller-bounds.ts';
import type { Headers, StreamReply } from '../http/endpoint.ts';
import { Completions } from './completions.ts';
import type { Promised } from './request-body.ts';
import { readXml, type XmlNode } from './read-xml.ts';
import { S3Error } from './s3-error.ts';
import { parameterOf, type S3Request } from './s3-request.ts';
import type { XmlElement } from './xml.ts';

export interface S3Dependencies extends StorageDependencies, MultipartDependencies {
  readonly projects: StorageProjects;
  readonly tokens: Pick<UserTokens, 'read'>;
  readonly completions: Completions;
  readonly bounds: Pick<CallerBounds, 'enter'>;
  readonly documents: Bound;
  readonly metrics: {
    /** by its code */
    refused(code: string): void;
    moved(direction: 'out', bytes: number): void;
  };
  readonly log: Log;
}

export interface S3Call {
  readonly project: StorageProject;
  readonly caller: StorageCaller;
  /** `sub` of a user's token; null: an access key's */
  readonly ownerId: string | null;
  readonly request: S3Request;
  /** `query`: it is a link, which a browser may open */
  readonly by: 'header' | 'query';
  readonly bucket: string;
  readonly key: string;
  readonly promised: Promised;
  /** What is in the body. It fails with an {@link S3Error} when it is not what was signed. */
  readonly body: () => Promise<Readable>;
  readonly signal: AbortSignal;
}

/** An element that is a whole document. */
export type XmlRoot = readonly [name: string, content: readonly XmlElement[] | string];

export type S3Reply =
  | { readonly status: number; readonly headers?: Headers | undefined; readonly xml?: XmlRoot }
  /** with 200, when it is done; its client is kept waiting until then */
  | { readonly lengthy: Promise<XmlRoot> }
  | StreamReply;

/** `S3` in the names of operations that policies may ask for. */
export type S3Operation = StorageOperation & `storage.s3.${string}`;

export const uploaderOf = ({ caller, ownerId }: S3Call, operation: S3Operation): Uploader => ({
  caller,
  operation,
  ownerId,
  right: 'policies',
});

export const parameter = ({ request }: S3Call, name: string): string | undefined =>
  parameterOf(request, name);

/** @throws {S3Error} InvalidArgument: it is none, or not within these */
export function wholeNumber(
  call: S3Call,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const given = parameter(call, name);
  if (given === undefined || given === '') return undefined;
  const value = /^\d{1,10}$/.test(given) ? Number(given) : NaN;
  if (!(value >= least && value <= most))
    throw new S3Error('InvalidArgument', `${name} has to be a number from ${least} to ${most}`);
  return value;
}

/** What links say in the query in place of a header. Checksums there are of nobody's body: links are made before there is one. */
export function headersOf({ request, by }: S3Call): ReadonlyMap<string, string> {
  if (by === 'header') return request.headers;
  const inQuery = request.query
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith('x-amz-') && !name.startsWith('x-amz-checksum-'));
  return new Map([...inQuery, ...request.headers]);
}

/** 10,000 parts with a checksum each */
const DOCUMENT_BYTES = 2 * 1024 * 1024;
/** of which a project may have any number */
const SMALL_BYTES = 64 * 1024;
const DOCUMENT_MS = 60_000;

/** Large documents are held whole, and strangers may send them: so many of a project at once. */
const LARGE_AT_ONCE = 8;

/** What is kept from one request to the next. */
export const s3Dependencies = (given: Omit<S3Dependencies, 'completions' | 'documents'>): S3Dependencies => ({
  ...given,
  completions: new Completions(given.clock),
  documents: new Bound('large documents of a project at once', LARGE_AT_ONCE),
});

/** The document in a body. @throws {S3Error} MalformedXML, MaxMessageLengthExceeded, and what the body is wrong with */
export async function readDocument(deps: ReadingDependencies, call: S3Call, root: string): Promise<XmlNode> {
  const node = await readText(deps, call, DOCUMENT_BYTES, readXml);
  if (node.name !== root) throw new S3Error('MalformedXML');
  return node;
}

/** Where what it says makes no difference. */
export const readAway = (deps: ReadingDependencies, call: S3Call): Promise<void> =>
  readText(deps, call, SMALL_BYTES, () => {});

type ReadingDependencies = Pick<S3Dependencies, 'documents'>;

/** @throws {RateLimited} the project has too many of them at once */
async function readText<T>(
  { documents }: ReadingDependencies,
  { body, project }: S3Call,
  mostBytes: number,
  make: (text: string) => T | Promise<T>,
): Promise<T> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let release: Release | undefined;
  const source = await body();
  const late = setTimeout(() => source.destroy(new S3Error('RequestTimeout')), DOCUMENT_MS);
  try {
    for await (const chunk of source) {
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) throw new S3Error('MaxMessageLengthExceeded');
      if (bytes > SMALL_BYTES) release ??= documents.take(project.id);
      chunks.push(chunk as Buffer);
    }
    return await make(utf8(Buffer.concat(chunks)));
  } finally {
    clearTimeout(late);
    release?.();
  }
}

/** @throws {S3Error} MalformedXML */
function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new S3Error('MalformedXML');
  }
}
