/** What went wrong, in S3's words. */
import { StoreFull } from '../../application/ports/object-store.ts';
import { StorageError, type StorageErrorCode } from '../../application/storage/storage-error.ts';
import { problemOf, type Problem } from '../http/problems.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import type { XmlRoot } from './s3-call.ts';

/** Those that have other names there. */
const STORAGE: Readonly<Record<Exclude<StorageErrorCode, S3ErrorCode>, S3ErrorCode>> = {
  // nothing of S3's asks for a free name but by a condition
  ResourceAlreadyExists: 'PreconditionFailed',
  KeyAlreadyExists: 'PreconditionFailed',
  BucketAlreadyExists: 'BucketAlreadyOwnedByYou',
  ResourceNotEmpty: 'BucketNotEmpty',
  RelatedMissing: 'NoSuchBucket',
  InvalidJWT: 'ExpiredToken',
  InvalidSignature: 'SignatureDoesNotMatch',
  StorageFull: 'InsufficientStorage',
  DatabaseTimeout: 'ServiceUnavailable',
};

/** Those of the HTTP kit, and of the platform. */
const PROBLEMS: Readonly<Record<string, S3ErrorCode>> = {
  'request/invalid': 'IncompleteBody',
  'request/too-large': 'EntityTooLarge',
  'request/too-many': 'SlowDown',
  'project/not-found': 'NoSuchProject',
  'project/not-active': 'ServiceUnavailable',
  'project/upgrade-needed': 'ServiceUnavailable',
  'platform/unavailable': 'ServiceUnavailable',
  PreconditionFailed: 'PreconditionFailed',
  InvalidRange: 'InvalidRange',
};

export interface ToldError {
  readonly error: S3Error;
  readonly headers: NonNullable<Problem['headers']>;
}

export function toldError(error: unknown): ToldError {
  if (error instanceof S3Error) return { error, headers: {} };
  if (error instanceof StoreFull) return { error: new S3Error('InsufficientStorage'), headers: {} };
  if (error instanceof StorageError) {
    const { code, message } = error;
    return { error: new S3Error(isRenamed(code) ? STORAGE[code] : code, message), headers: {} };
  }
  const { code, detail, headers = {} } = problemOf(error);
  const known = PROBLEMS[code];
  return { error: known ? new S3Error(known, detail) : new S3Error('InternalError'), headers };
}

const isRenamed = (code: StorageErrorCode): code is keyof typeof STORAGE => Object.hasOwn(STORAGE, code);

export const errorDocument = ({ code, message }: S3Error, requestId: string, path: string): XmlRoot => [
  'Error',
  [
    ['Code', code],
    ['Message', message],
    ['Resource', path],
    ['RequestId', requestId],
  ],
];
