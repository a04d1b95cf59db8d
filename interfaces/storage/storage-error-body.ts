/**
 * Errors as `@supabase/storage-js` reads them (contracts of the client): the status in the body is a text, and that of the
 * answer is 400 for nearly every no.
 */
import { STORAGE_ERRORS, type StorageError } from '../../application/storage/storage-error.ts';
import type { ErrorBody } from '../http/error-body.ts';
import { ProblemError, type Problem } from '../http/problems.ts';

/** Those of the HTTP kit and of the platform, in the client's words. */
const CODES: Readonly<
  Record<string, readonly [code: string, error: string, status?: number, http?: number]>
> = {
  'request/invalid': ['InvalidRequest', 'Invalid Input'],
  'request/unauthenticated': ['AccessDenied', 'Unauthorized'],
  'request/too-large': ['EntityTooLarge', 'Payload too large', 413, 400],
  'request/too-many': ['SlowDown', 'SlowDown'],
  'request/headers-too-large': ['InvalidRequest', 'Request Header Fields Too Large'],
  'request/timeout': ['RequestTimeout', 'Request Timeout'],
  'request/unsupported-media-type': ['InvalidMimeType', 'Unsupported Media Type'],
  'request/method-not-allowed': ['MethodNotAllowed', 'Method Not Allowed'],
  'request/no-such-route': ['NoSuchRoute', 'Not Found'],
  'project/not-found': ['NoSuchProject', 'Not Found'],
  'project/not-active': ['ProjectNotActive', 'Unavailable', 503],
  'project/upgrade-needed': ['ProjectNotActive', 'Unavailable', 503],
  'platform/unavailable': ['Unavailable', 'Unavailable'],
  'platform/bug': ['InternalError', 'Internal'],
};

export const storageErrorBody: ErrorBody = (problem) => {
  const { status, httpStatus, code, error } = storageProblem(problem);
  return {
    status: httpStatus,
    headers: { ...problem.headers, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ statusCode: String(status), error, message: problem.detail, code }),
  };
};

function storageProblem({ code, status, members, title }: Problem) {
  const statusCode = members?.['statusCode'];
  if (typeof statusCode === 'number') return { code, status: statusCode, httpStatus: status, error: title };
  const [ours, error, other = status, http = other] = CODES[code] ?? ['InternalError', 'Internal'];
  return { code: ours, status: other, httpStatus: http, error };
}

/** As the server tells it. */
export function asProblem(
  { code, message, sqlstate }: StorageError,
  headers?: Problem['headers'],
): ProblemError {
  const { statusCode, httpStatus, error } = STORAGE_ERRORS[code];
  const told = new ProblemError({
    // what a row refers to is told as any other request that cannot be
    code: code === 'RelatedMissing' ? 'InvalidRequest' : code,
    status: httpStatus,
    title: error,
    detail: message,
    members: { statusCode },
    ...(headers && { headers }),
  });
  // for the log, which has nothing else of it
  if (sqlstate !== undefined) told.cause = `sqlstate ${sqlstate}`;
  return told;
}
