/**
 * The storage service is asked by apps, and by other parts of the platform: these show the internal key, and read errors as they
 * do anywhere else.
 */
import type { Caller, Endpoint } from '../http/endpoint.ts';
import { problemJson, type ErrorBody } from '../http/error-body.ts';
import { internalAuthentication } from '../http/internal-endpoints.ts';
import type { Authenticate } from '../http/server.ts';
import type { StorageEndpoint, StorageServiceCaller } from './storage-endpoint.ts';

type Either = StorageEndpoint | Endpoint<'internal'>;

export function orInternal(
  apps: Authenticate<StorageEndpoint, StorageServiceCaller>,
  keys: readonly string[],
): Authenticate<Either, Caller> {
  const ours = internalAuthentication(keys);
  return (request, endpoint) =>
    isInternal(endpoint) ? ours(request, endpoint) : apps(request, endpoint as StorageEndpoint);
}

const isInternal = (endpoint: Either): endpoint is Endpoint<'internal'> => endpoint.auth === 'internal';

/** Whoever sends the header for no reason has their errors in the other shape, and nothing else of it. */
export const orProblem =
  (apps: ErrorBody): ErrorBody =>
  (problem, asked) =>
    (asked.headers['x-internal-api-key'] === undefined ? apps : problemJson)(problem, asked);
