import { expect, test } from 'vitest';
import { STORAGE_ERRORS, StorageError } from '../../application/storage/storage-error.ts';
import { Rejection } from '../../domain/rejection.ts';
import { bodyTooLarge, problemOf, RequestProblem } from '../http/problems.ts';
import { asProblem, storageErrorBody } from './storage-error-body.ts';

const told = (error: unknown) => {
  const { status, headers, body } = storageErrorBody(problemOf(error), { requestId: 'id', headers: {} });
  return { status, type: headers['content-type'], body: JSON.parse(body) as Record<string, string> };
};

test('nearly every no is HTTP 400, and says in a text of its body which one', () => {
  expect(told(asProblem(new StorageError('NoSuchKey')))).toEqual({
    status: 400,
    type: 'application/json; charset=utf-8',
    body: { statusCode: '404', error: 'not_found', message: 'Object not found', code: 'NoSuchKey' },
  });
  expect(told(asProblem(new StorageError('RelatedMissing'))).body).toEqual({
    statusCode: '404',
    error: 'InvalidRequest',
    message: 'The related resource does not exist',
    code: 'InvalidRequest',
  });
  for (const [code, { statusCode, httpStatus }] of Object.entries(STORAGE_ERRORS))
    expect([code, httpStatus]).toEqual([
      code,
      [408, 412, 416, 429].includes(statusCode) || statusCode >= 500 ? statusCode : 400,
    ]);
});

test('what the kit and the platform say is told in the same words', () => {
  expect(told(bodyTooLarge(5))).toMatchObject({
    status: 400,
    body: { statusCode: '413', code: 'EntityTooLarge' },
  });
  expect(told(new RequestProblem('request/no-such-route', 'x'))).toMatchObject({
    status: 404,
    body: { statusCode: '404', message: 'x' },
  });
  expect(told(new Rejection('project/not-active', 'It is paused.'))).toMatchObject({
    status: 503,
    body: { statusCode: '503', message: 'It is paused.', code: 'ProjectNotActive' },
  });
  expect(told(new Error('a secret')).body).toEqual({
    statusCode: '500',
    error: 'Internal',
    message: expect.not.stringContaining('secret') as string,
    code: 'InternalError',
  });
});
