import { z } from 'zod';
import type { StorageOperation } from '../../application/ports/storage-directory.ts';
import { findObject, type Reading } from '../../application/storage/find-object.ts';
import { openLink } from '../../application/storage/sign-links.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { infoJson } from './object-json.ts';
import { endOf, headObject, SERVE_HEADERS, SERVE_QUERY, serveObject } from './serve-object.ts';
import {
  openReading,
  readingOf,
  storageEndpoint,
  type AskedOf,
  type StorageEndpoint,
  type StorageWay,
} from './storage-endpoint.ts';

type Asked = AskedOf<z.ZodType, z.ZodType, unknown>;

interface Way {
  /** `/object/public/:bucket{/*key}` */
  readonly path: string;
  readonly auth: StorageWay;
  readonly reading: (asked: Asked) => Reading;
  readonly operation: StorageOperation;
}

const byPolicies = ({ caller }: Asked): Reading => ({ by: 'policies', caller });

const PUBLIC: Way = {
  path: '/object/public/:bucket{/*key}',
  auth: 'open',
  reading: ({ caller }) => openReading(caller),
  operation: 'storage.object.get_public',
};
const AUTHENTICATED: Way = {
  path: '/object/authenticated/:bucket{/*key}',
  auth: 'needed',
  reading: byPolicies,
  operation: 'storage.object.get_authenticated',
};
/** Its paths are any, so it comes last. */
const OBJECT: Way = {
  path: '/object/:bucket{/*key}',
  auth: 'tolerated',
  reading: readingOf,
  operation: 'storage.object.get_authenticated',
};

export const downloadEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  signedEndpoint(deps, 'head'),
  signedEndpoint(deps, 'get'),
  ...serving(deps, PUBLIC),
  ...serving(deps, AUTHENTICATED),
  ...(['head', 'get'] as const).flatMap((method) => [
    infoEndpoint(deps, method, {
      ...PUBLIC,
      path: '/object/info/public/:bucket{/*key}',
      operation: 'storage.object.info_public',
    }),
    infoEndpoint(deps, method, {
      ...AUTHENTICATED,
      path: '/object/info/authenticated/:bucket{/*key}',
      operation: 'storage.object.info',
    }),
    infoEndpoint(deps, method, {
      ...OBJECT,
      path: '/object/info/:bucket{/*key}',
      operation: 'storage.object.info',
    }),
  ]),
];

export const objectDownloadEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] =>
  serving(deps, OBJECT);

const finder =
  (deps: StorageDependencies, { reading, operation }: Pick<Way, 'reading' | 'operation'>, asked: Asked) =>
  () =>
    findObject(
      deps,
      asked.project,
      reading(asked),
      operation,
      { bucketId: asked.bucket, name: asked.key },
      asked.signal,
    );

const serving = (deps: StorageDependencies, way: Way): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'head',
    path: way.path,
    summary: 'Whether there is an object, and what it is',
    auth: way.auth,
    headers: SERVE_HEADERS,
    query: SERVE_QUERY,
    handler: (asked) =>
      headObject(asked, {
        find: finder(deps, { ...way, operation: 'storage.object.head' }, asked),
        isJudged: way.auth !== 'open',
      }),
  }),
  storageEndpoint({
    method: 'get',
    path: way.path,
    summary: 'An object',
    auth: way.auth,
    headers: SERVE_HEADERS,
    query: SERVE_QUERY,
    handler: (asked) =>
      serveObject(deps.bytes, asked.project, asked, {
        find: finder(deps, way, asked),
        isJudged: way.auth !== 'open',
      }),
  }),
];

const infoEndpoint = (deps: StorageDependencies, method: 'head' | 'get', way: Way): StorageEndpoint =>
  storageEndpoint({
    method,
    path: way.path,
    summary: 'What is known of an object',
    auth: way.auth,
    handler: async (asked) => ({ status: 200, body: infoJson(await finder(deps, way, asked)()) }),
  });

const signedEndpoint = (deps: StorageDependencies, method: 'head' | 'get'): StorageEndpoint =>
  storageEndpoint({
    method,
    path: '/object/sign/:bucket{/*key}',
    summary: 'An object, by a link',
    auth: 'open',
    headers: SERVE_HEADERS,
    query: SERVE_QUERY.extend({ token: z.string() }),
    handler: async (asked) => {
      const { project, bucket, key, query, caller } = asked;
      const link = openLink(deps, project, query.token, 'download', { bucketId: bucket, name: key });
      // whoever made it meant the picture as the link has it, not the whole of it
      if (link.transformations !== undefined) throw new StorageError('InvalidSignature');
      const reading = () => ({ by: 'link', caller }) as const;
      const find = finder(deps, { reading, operation: 'storage.object.get_signed' }, asked);
      const serving = { find, endsAt: endOf(query.token) };
      return method === 'head'
        ? headObject(asked, serving)
        : serveObject(deps.bytes, project, asked, serving);
    },
  });
