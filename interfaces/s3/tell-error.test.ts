import { expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { StoreFull } from '../../application/ports/object-store.ts';
import { RateLimited } from '../../application/ports/rate-limits.ts';
import {
  STORAGE_ERRORS,
  StorageError,
  type StorageErrorCode,
} from '../../application/storage/storage-error.ts';
import { Rejection } from '../../domain/rejection.ts';
import { bodyBrokeOff, bodyTooLarge } from '../http/problems.ts';
import { asProblem } from '../storage/storage-error-body.ts';
import { toldError } from './tell-error.ts';

const told = (error: unknown) => {
  const { code, status } = toldError(error).error;
  return `${status} ${code}`;
};

test.each([
  [new StorageError('NoSuchKey'), '404 NoSuchKey'],
  [new StorageError('NoSuchBucket'), '404 NoSuchBucket'],
  [new StorageError('AccessDenied'), '403 AccessDenied'],
  [new StorageError('ResourceAlreadyExists'), '412 PreconditionFailed'],
  [new StorageError('BucketAlreadyExists'), '409 BucketAlreadyOwnedByYou'],
  [new StorageError('ResourceNotEmpty'), '409 BucketNotEmpty'],
  [new StorageError('EntityTooLarge'), '400 EntityTooLarge'],
  [asProblem(new StorageError('PreconditionFailed')), '412 PreconditionFailed'],
  [asProblem(new StorageError('InvalidRange')), '416 InvalidRange'],
  [new StoreFull(), '507 InsufficientStorage'],
  [new RateLimited(1_000), '503 SlowDown'],
  [new Unavailable('look', new Error('away')), '503 ServiceUnavailable'],
  [new Rejection('project/not-found', 'none'), '404 NoSuchProject'],
  [new Rejection('project/not-active', 'paused'), '503 ServiceUnavailable'],
  [bodyBrokeOff(), '400 IncompleteBody'],
  [bodyTooLarge(5), '400 EntityTooLarge'],
  [new TypeError('a secret'), '500 InternalError'],
])('%s', (error, code) => expect(told(error)).toBe(code));

test('every error of the service has a name there', () => {
  const codes = Object.keys(STORAGE_ERRORS) as StorageErrorCode[];
  expect(codes.filter((code) => toldError(new StorageError(code)).error.status < 400)).toEqual([]);
});

test('a mistake of ours says nothing of itself', () => {
  expect(toldError(new TypeError('a secret')).error.message).not.toContain('secret');
});
