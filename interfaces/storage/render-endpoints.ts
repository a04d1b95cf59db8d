/** Pictures, smaller or in another format, for whoever may see them. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StorageOperation } from '../../application/ports/storage-directory.ts';
import { findObject, type Reading } from '../../application/storage/find-object.ts';
import { renderImage } from '../../application/storage/render-image.ts';
import { openLink } from '../../application/storage/sign-links.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { invalidRequest } from '../../application/storage/storage-error.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import {
  imageTransformation,
  readTransformation,
  transformationText,
  type ImageTransformation,
} from '../../domain/storage/image-transformation.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Reply } from '../http/endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import {
  endOf,
  entityTagOf,
  headersOf,
  isNoNews,
  notModified,
  sending,
  SERVE_HEADERS,
  SERVE_QUERY,
  type Asking,
  type Serving,
} from './serve-object.ts';
import {
  openReading,
  storageEndpoint,
  type AskedOf,
  type StorageEndpoint,
  type StorageWay,
} from './storage-endpoint.ts';

const GIVEN = {
  width: z.unknown().optional(),
  height: z.unknown().optional(),
  resize: z.unknown().optional(),
  format: z.unknown().optional(),
  quality: z.unknown().optional(),
};
const QUERY = SERVE_QUERY.extend({ ...GIVEN, token: z.string().optional() });
type Asked = AskedOf<typeof QUERY, typeof SERVE_HEADERS, unknown>;

interface Way {
  readonly place: 'public' | 'authenticated' | 'sign';
  readonly auth: StorageWay;
  readonly operation: StorageOperation;
  /** @throws {StorageError} the link is not good, or nothing can be changed so */
  readonly wanted: (
    deps: StorageDependencies,
    asked: Asked,
  ) => {
    readonly reading: Reading;
    readonly transformation: ImageTransformation;
    readonly endsAt?: Date | undefined;
  };
}

const WAYS: readonly Way[] = [
  {
    place: 'public',
    auth: 'open',
    operation: 'storage.render.image_public',
    wanted: (_deps, { caller, query }) => ({
      reading: openReading(caller),
      transformation: transformationOf(query),
    }),
  },
  {
    place: 'authenticated',
    auth: 'needed',
    operation: 'storage.render.image_authenticated',
    wanted: (_deps, { caller, query }) => ({
      reading: { by: 'policies', caller },
      transformation: transformationOf(query),
    }),
  },
  {
    place: 'sign',
    auth: 'open',
    operation: 'storage.render.image_signed',
    // how it is changed stands in the link: whoever has it gets nothing else of the picture
    wanted: (deps, { project, caller, bucket, key, query: { token = '' } }) => {
      const link = openLink(deps, project, token, 'download', { bucketId: bucket, name: key });
      const transformation =
        link.transformations === undefined ? undefined : readTransformation(link.transformations);
      if (!transformation)
        throw invalidRequest('The link does not say how the picture is to be transformed.');
      return { reading: { by: 'link', caller }, transformation, endsAt: endOf(token) };
    },
  },
];

export const renderEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] =>
  WAYS.flatMap((way) =>
    (['head', 'get'] as const).map((method) =>
      storageEndpoint({
        method,
        path: `/render/image/${way.place}/:bucket{/*key}`,
        summary: 'A picture, transformed',
        auth: way.auth,
        headers: SERVE_HEADERS,
        query: QUERY,
        handler: async (asked) => {
          requireOn(asked.project);
          const { reading, ...wanted } = way.wanted(deps, asked);
          const place = { bucketId: asked.bucket, name: asked.key };
          const find = () => findObject(deps, asked.project, reading, way.operation, place, asked.signal);
          const serving = { ...wanted, find, isJudged: way.auth !== 'open' };
          return serveImage(deps, asked, serving, method === 'head');
        },
      }),
    ),
  );

/** Where it is off there is no such place. */
function requireOn({ settings }: StorageProject): void {
  if (!settings.imageTransformation)
    throw new RequestProblem('request/no-such-route', 'There is nothing at this path.');
}

function transformationOf(query: Asked['query']): ImageTransformation {
  const read = imageTransformation(query);
  if ('fault' in read) throw invalidRequest(read.fault);
  return read.transformation;
}

async function serveImage(
  deps: StorageDependencies,
  { project, signal, ...asking }: Asking & Pick<Asked, 'project'>,
  serving: Serving & { readonly transformation: ImageTransformation },
  isHead: boolean,
): Promise<Reply> {
  const { transformation, find } = serving;
  const asked = { ...asking, signal };
  const found = await find();
  const shown = shownAs(found, transformation);
  if (isNoNews(asked.headers, shown)) return notModified(asked, serving, shown);
  let isFirst = true;
  const findAgain = () => {
    const looked = isFirst ? Promise.resolve(found) : find();
    isFirst = false;
    return looked;
  };
  const { object, image } = await renderImage(deps, project, findAgain, transformation, signal);
  const headers = {
    ...headersOf(asked, serving, shownAs(object, transformation, image.mediaType)),
    'content-length': String(image.size),
    'accept-ranges': 'none',
    'x-transformations': transformationText(transformation),
  };
  const send = sending(image.bytes, signal);
  if (!isHead) return { status: 200, headers, stream: send };
  image.bytes.destroy();
  return { status: 200, headers };
}

/** The row of the picture as if it were stored so: another picture than what it is made of. */
function shownAs(
  object: StoredObject,
  transformation: ImageTransformation,
  mediaType?: string,
): StoredObject {
  const { contentEncoding: _, ...metadata } = object.metadata ?? {};
  const made = `${entityTagOf(object)} ${object.version} ${transformationText(transformation)}`;
  const eTag = `"${createHash('sha256').update(made).digest('hex').slice(0, 32)}"`;
  return { ...object, metadata: { ...metadata, eTag, ...(mediaType && { mimetype: mediaType }) } };
}
