/** Resumable uploads by the protocol TUS 1.0, which `@tus/server` speaks: whatever it asks of a store, ours answers. */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Server, TUS_RESUMABLE } from '@tus/server';
import { z } from 'zod';
import type { StorageOperation } from '../../application/ports/storage-directory.ts';
import { openLink } from '../../application/storage/sign-links.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import { stream } from '../http/body.ts';
import type { Method, Reply } from '../http/endpoint.ts';
import { storageEndpoint, type AskedOf, type StorageEndpoint } from './storage-endpoint.ts';
import { tusProblem } from './tus-problem.ts';
import { TusStore, type TusRequest } from './tus-store.ts';
import { MOST_UPLOAD_BYTES, MOST_UPLOAD_MS } from './upload-bounds.ts';
import { UploadLocks } from './upload-locks.ts';

const text = z.string().optional();
/** what of a request its protocol is about: nothing else of it reaches the library, so no host that a client makes up */
const PROTOCOL = {
  'tus-resumable': text,
  'upload-length': text,
  'upload-offset': text,
  'upload-metadata': text,
  'upload-defer-length': text,
  'upload-concat': text,
  'content-type': text,
  'content-length': text,
};
const HEADERS = z.looseObject({ ...PROTOCOL, 'x-upsert': text, 'x-signature': text });
const BODY = stream(MOST_UPLOAD_BYTES);
/** how long whoever sends gets to come to an end when others ask how far it is */
const LET_GO_MS = 3_000;

/** `open`: nobody has to show who they are */
type Door = 'policies' | 'link' | 'open';
type Asked = AskedOf<z.ZodType, typeof HEADERS, Readable | undefined>;

interface Way {
  readonly method: Method;
  /** one that was begun */
  readonly isOf: 'all' | 'one';
  readonly summary: string;
  readonly operation: StorageOperation;
  readonly isOpen?: true;
  readonly hasBody?: true;
}

const WAYS: readonly Way[] = [
  {
    method: 'post',
    isOf: 'all',
    summary: 'Begins an upload that can be resumed',
    operation: 'storage.tus.upload.create',
    hasBody: true,
  },
  {
    method: 'patch',
    isOf: 'one',
    summary: 'Goes on with it',
    operation: 'storage.tus.upload.part',
    hasBody: true,
  },
  { method: 'delete', isOf: 'one', summary: 'Ends it', operation: 'storage.tus.upload.delete' },
  // whoever knows its address may ask
  {
    method: 'head',
    isOf: 'one',
    summary: 'How far it is',
    operation: 'storage.tus.upload.get',
    isOpen: true,
  },
  ...(['all', 'one'] as const).map((isOf): Way => ({
    method: 'options',
    isOf,
    summary: 'What is spoken here',
    operation: 'storage.tus.upload.options',
    isOpen: true,
  })),
];

export function tusEndpoints(deps: StorageDependencies): readonly StorageEndpoint[] {
  const locks = new UploadLocks();
  const endpoint = (place: string, door: Door, way: Way): StorageEndpoint =>
    storageEndpoint({
      method: way.method,
      path: way.isOf === 'one' ? `${place}/*key` : place,
      summary: way.summary,
      auth: door === 'policies' && !way.isOpen ? 'tolerated' : 'open',
      headers: HEADERS,
      ...(way.hasBody && { body: BODY, timeMs: MOST_UPLOAD_MS }),
      handler: (asked) => answer(deps, locks, place, way.isOpen ? 'open' : door, way, asked),
    });
  // the longer one first: `sign` is nobody's upload
  return [
    ...WAYS.map((way) => endpoint('/upload/resumable/sign', 'link', way)),
    ...WAYS.map((way) => endpoint('/upload/resumable', 'policies', way)),
  ];
}

async function answer(
  deps: StorageDependencies,
  locks: UploadLocks,
  place: string,
  door: Door,
  { method, operation }: Way,
  asked: Asked,
): Promise<Reply> {
  const { project, headers, key, signal } = asked;
  // a link speaks for itself
  if (door === 'policies' && asked.refusal) throw tusProblem(asked.refusal);
  if (method !== 'options' && headers['tus-resumable'] !== TUS_RESUMABLE)
    throw tusProblem({ status_code: 412, body: `This is version ${TUS_RESUMABLE} of the protocol` });
  let failure: unknown;
  const server = new Server({
    path: '/',
    datastore: new TusStore(deps, {
      project,
      uploaderTo: uploaderOf(deps, door, operation, asked),
      upsert: headers['x-upsert'] === 'true',
      signal,
    }),
    // only who asks how far it is has others stop: two that send would stop each other
    locker: locks.of(project.id, { asks: method === 'head' || method === 'delete' }),
    lockDrainTimeout: LET_GO_MS,
    maxSize: mostBytes(project),
    namingFunction: () => deps.ids.uuid(),
    getFileIdFromRequest: () => key || undefined,
    generateUrl: (_request, { id }) => `${project.url}${place}/${id}`,
    onResponseError: (_request, error) => {
      failure = error;
      return undefined;
    },
  });
  const response = await server.handleWeb(requestOf(method, asked));
  if (failure !== undefined) throw tusProblem(failure);
  if (response.status >= 400) throw tusProblem({ status_code: response.status, body: await response.text() });
  return { status: response.status, headers: headersOf(response) };
}

function uploaderOf(
  deps: StorageDependencies,
  door: Door,
  operation: StorageOperation,
  { project, caller, ownerId, headers }: Asked,
): TusRequest['uploaderTo'] {
  return (to) => {
    if (door !== 'link')
      return { uploader: { caller, operation, ownerId, right: 'policies' }, upsert: undefined };
    const { owner = null, upsert } = openLink(deps, project, headers['x-signature'] ?? '', 'upload', to);
    return { uploader: { caller, operation, ownerId: owner, right: 'link' }, upsert };
  };
}

/** The library takes 0 for no limit. */
const mostBytes = ({ limits: { fileBytes } }: StorageProject): number =>
  Number.isFinite(fileBytes) ? Math.max(1, fileBytes) : 0;

function requestOf(method: Method, { headers, key, body }: Asked): Request {
  const given = Object.keys(PROTOCOL).flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as [string, string]] : [];
  });
  return new Request(`http://upload/${encodeURIComponent(key)}`, {
    method: method.toUpperCase(),
    headers: given,
    ...(body && { body: Readable.toWeb(body) as ReadableStream<Uint8Array>, duplex: 'half' as const }),
  });
}

/** The gateway says what scripts may read, as of every answer. */
function headersOf(response: Response): Record<string, string> {
  const told = [...response.headers].filter(
    ([name]) => name !== 'content-type' && !name.startsWith('access-control-'),
  );
  const length =
    response.status === 204 || response.headers.has('content-length') ? {} : { 'content-length': '0' };
  return { ...Object.fromEntries(told), ...length, 'tus-resumable': TUS_RESUMABLE };
}
