/** How resumable uploads tell what went wrong: their clients go by the status of the answer, so it is the true one. */
import { TUS_RESUMABLE, TUS_VERSION } from '@tus/server';
import { StoreFull } from '../../application/ports/object-store.ts';
import { STORAGE_ERRORS, StorageError } from '../../application/storage/storage-error.ts';
import { ProblemError } from '../http/problems.ts';

const HEADERS = { 'tus-resumable': TUS_RESUMABLE, 'tus-version': TUS_VERSION.join(',') };

/** of what the library says no to by itself */
const CODES: Readonly<Record<number, readonly [code: string, error: string]>> = {
  403: ['InvalidRequest', 'InvalidRequest'],
  404: ['NoSuchUpload', 'not_found'],
  409: ['InvalidUploadOffset', 'Conflict'],
  410: ['NoSuchUpload', 'not_found'],
  412: ['InvalidRequest', 'Precondition Failed'],
  413: ['EntityTooLarge', 'Payload too large'],
  423: ['ResourceLocked', 'Locked'],
  501: ['NotImplemented', 'NotImplemented'],
};
/** a header is missing: nobody is forbidden anything */
const STATUSES: Readonly<Record<number, number>> = { 403: 400 };

/** What the library, or our store under it, throws. @returns what is to be thrown in its place */
export function tusProblem(error: unknown): Error {
  if (error instanceof StoreFull) return tusProblem(new StorageError('StorageFull'));
  if (error instanceof StorageError) {
    const { statusCode, error: title } = STORAGE_ERRORS[error.code];
    const problem = problemOf(error.code, statusCode, title, error.message);
    if (error.sqlstate !== undefined) problem.cause = `sqlstate ${error.sqlstate}`;
    return problem;
  }
  if (!isOfLibrary(error)) return error as Error;
  const [code, title] = CODES[error.status_code] ?? ['InvalidRequest', 'InvalidRequest'];
  return problemOf(code, STATUSES[error.status_code] ?? error.status_code, title, error.body.trim());
}

const problemOf = (code: string, status: number, title: string, detail: string): ProblemError =>
  new ProblemError({ code, status, title, detail, headers: HEADERS, members: { statusCode: status } });

const isOfLibrary = (error: unknown): error is { readonly status_code: number; readonly body: string } =>
  typeof error === 'object' &&
  error !== null &&
  'status_code' in error &&
  typeof error.status_code === 'number' &&
  'body' in error &&
  typeof error.body === 'string';
