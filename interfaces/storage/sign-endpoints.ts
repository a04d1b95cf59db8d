import { z } from 'zod';
import { signDownload, signDownloads } from '../../application/storage/sign-links.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import { invalidRequest } from '../../application/storage/storage-error.ts';
import { imageTransformation, transformationText } from '../../domain/storage/image-transformation.ts';
import { storageEndpoint, type StorageEndpoint } from './storage-endpoint.ts';

const MOST_PATHS = 1_000;
const seconds = z.coerce.number().int().min(1).max(10_000_000_000);

/** Clients encode the path themselves. */
const signedUrl = (bucket: string, path: string, token: string, way = 'object'): string =>
  `/${way}/sign/${bucket}/${path}?token=${token}`;

export const signEndpoints = (deps: StorageDependencies): readonly StorageEndpoint[] => [
  storageEndpoint({
    method: 'post',
    path: '/object/sign/:bucket',
    summary: 'Links by which somebody may download, for many objects',
    auth: 'needed',
    body: z.looseObject({ expiresIn: seconds, paths: z.array(z.string()).max(MOST_PATHS) }),
    handler: async ({ project, caller, bucket, body, signal }) => {
      const wanted = { bucketId: bucket, names: body.paths, seconds: body.expiresIn };
      const tokens = await signDownloads(deps, project, caller, wanted, signal);
      return {
        status: 200,
        body: body.paths.map((path, index) => {
          const token = tokens[index];
          return token === undefined
            ? {
                path,
                error: 'Either the object does not exist or you do not have access to it',
                signedURL: null,
              }
            : { path, error: null, signedURL: signedUrl(bucket, path, token) };
        }),
      };
    },
  }),
  storageEndpoint({
    method: 'post',
    path: '/object/sign/:bucket/*key',
    summary: 'A link by which somebody may download',
    auth: 'needed',
    body: z.looseObject({
      expiresIn: seconds,
      transform: z.record(z.string(), z.unknown()).nullish(),
    }),
    handler: async ({ project, caller, bucket, key, body, signal }) => {
      const transformations = body.transform ? transformationsOf(body.transform) : undefined;
      const place = { bucketId: bucket, name: key };
      const wanted = { seconds: body.expiresIn, ...(transformations && { transformations }) };
      const token = await signDownload(deps, project, caller, place, wanted, signal);
      const way = transformations === undefined ? 'object' : 'render/image';
      return { status: 200, body: { signedURL: signedUrl(bucket, key, token, way) } };
    },
  }),
];

/** In the one way that is read again, and nothing that could not be. */
function transformationsOf(given: Readonly<Record<string, unknown>>): string {
  const read = imageTransformation(given);
  if ('fault' in read) throw invalidRequest(read.fault);
  return transformationText(read.transformation);
}
