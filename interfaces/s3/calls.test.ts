import { expect, test } from 'vitest';
import {
  bucketLocation,
  bucketVersioning,
  createBucket,
  deleteBucket,
  headBucket,
  listBuckets,
} from './bucket-calls.ts';
import { handlerOf } from './calls.ts';
import { listObjects, listObjectsV2 } from './list-calls.ts';
import {
  abortMultipart,
  completeMultipartCall,
  createMultipart,
  listParts,
  listUploads,
  uploadPart,
  uploadPartCopy,
} from './multipart-calls.ts';
import {
  copyObjectCall,
  deleteObject,
  deleteObjects,
  getObject,
  headObjectCall,
  objectTagging,
  putObject,
} from './object-calls.ts';
import type { S3Call } from './s3-call.ts';
import { s3Request } from './s3-request.ts';

/** as far as it is looked at here */
function callOf(method: string, url: string, headers: Readonly<Record<string, string>> = {}): S3Call {
  const request = s3Request({ method, rawHeaders: Object.entries(headers).flat() }, url);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?([^]*)$/.exec(request.path) ?? [];
  return { request, bucket, key, by: 'header' } as unknown as S3Call;
}

const NONE: Readonly<Record<string, string>> = {};
const COPY: typeof NONE = { 'x-amz-copy-source': '/b/k' };

test.each([
  ['GET', '/', NONE, listBuckets],
  ['GET', '/?x-id=ListBuckets', NONE, listBuckets],
  ['GET', '/b?location', NONE, bucketLocation],
  ['GET', '/b/?versioning=', NONE, bucketVersioning],
  ['GET', '/b?uploads', NONE, listUploads],
  ['GET', '/b?list-type=2&prefix=acl', NONE, listObjectsV2],
  ['GET', '/b?prefix=a', NONE, listObjects],
  ['HEAD', '/b', NONE, headBucket],
  ['PUT', '/b', NONE, createBucket],
  ['DELETE', '/b', NONE, deleteBucket],
  ['POST', '/b?delete', NONE, deleteObjects],
  ['GET', '/b/k?uploadId=1', NONE, listParts],
  ['GET', '/b/k?tagging', NONE, objectTagging],
  ['GET', '/b/k/l', NONE, getObject],
  ['HEAD', '/b/k', NONE, headObjectCall],
  ['PUT', '/b/k?partNumber=1&uploadId=1', NONE, uploadPart],
  ['PUT', '/b/k?partNumber=1&uploadId=1', COPY, uploadPartCopy],
  ['PUT', '/b/k', NONE, putObject],
  ['PUT', '/b/k', COPY, copyObjectCall],
  ['DELETE', '/b/k?uploadId=1', NONE, abortMultipart],
  ['DELETE', '/b/k', NONE, deleteObject],
  ['POST', '/b/k?uploads', NONE, createMultipart],
  ['POST', '/b/k?uploadId=1', NONE, completeMultipartCall],
])('%s %s %j', (method, url, headers, handler) =>
  expect(handlerOf(callOf(method, url, headers))).toBe(handler),
);

test.each([
  ['GET', '/b?acl', 'NotImplemented'],
  ['PUT', '/b/k?acl', 'NotImplemented'],
  ['PUT', '/b/k?tagging', 'NotImplemented'],
  ['DELETE', '/b?lifecycle', 'NotImplemented'],
  ['DELETE', '/b/k?tagging', 'NotImplemented'],
  ['GET', '/b?versions', 'NotImplemented'],
  ['POST', '/b', 'NotImplemented'],
  ['PATCH', '/b/k', 'MethodNotAllowed'],
  ['PUT', '/', 'MethodNotAllowed'],
])('%s %s is not one', (method, url, code) =>
  expect(() => handlerOf(callOf(method, url))).toThrow(expect.objectContaining({ code })),
);
