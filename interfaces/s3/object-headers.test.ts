import { expect, test } from 'vitest';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import { copySourceOf, isUpsert } from './object-calls.ts';
import { describedAnew, describedBy, metadataHeaders, overrides, refuseUndone } from './object-headers.ts';
import { positionIn, positionText } from './list-position.ts';
import { headersOf, type S3Call } from './s3-call.ts';
import { s3Request } from './s3-request.ts';

const callOf = (headers: Readonly<Record<string, string>>, query = '', by: S3Call['by'] = 'header'): S3Call =>
  ({
    request: s3Request({ rawHeaders: Object.entries(headers).flat() }, `/b/k?${query}`),
    by,
  }) as unknown as S3Call;

const refused = (code: string) => expect.objectContaining({ code });

test('what is said of an object', () => {
  const said = describedBy(
    callOf({
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'max-age=60',
      'Content-Encoding': 'aws-chunked, gzip',
      'Content-Disposition': 'attachment; filename="a.txt"',
      'Content-Language': 'de, en',
      Expires: 'Thu, 01 Dec 1994 16:00:00 GMT',
      'x-amz-meta-Colour': ' blue ',
      'x-amz-meta-name': Buffer.from('Jörg').toString('latin1'),
    }),
  );
  expect(said).toEqual({
    mediaType: 'text/plain; charset=utf-8',
    cacheControl: 'max-age=60',
    contentEncoding: 'gzip',
    saidAlong: {
      contentDisposition: 'attachment; filename="a.txt"',
      contentLanguage: 'de, en',
      expires: 'Thu, 01 Dec 1994 16:00:00 GMT',
    },
    userMetadata: { colour: 'blue', name: 'Jörg' },
  });
});

test('what is not said is nothing', () => {
  const nothing = {
    mediaType: 'application/octet-stream',
    cacheControl: 'no-cache',
    saidAlong: {},
    userMetadata: null,
  };
  expect(describedBy(callOf({ 'Content-Encoding': 'aws-chunked' }))).toEqual({
    ...nothing,
    contentEncoding: null,
  });
  // of a copy that says all anew an encoding of before does not stay
  expect(describedAnew(callOf({}))).toEqual({ ...nothing, contentEncoding: '' });
});

test.each<[Readonly<Record<string, string>>, string]>([
  [{ 'Content-Type': 'nothing' }, 'InvalidArgument'],
  [{ 'Content-Encoding': 'g zip' }, 'InvalidArgument'],
  [{ 'Content-Disposition': 'attachment; filename=\xfc' }, 'InvalidArgument'],
  [{ 'x-amz-meta-a': 'x'.repeat(2048) }, 'InvalidArgument'],
])('%j is refused', (headers, code) => expect(() => describedBy(callOf(headers))).toThrow(refused(code)));

test.each<Readonly<Record<string, string>>>([
  { 'x-amz-server-side-encryption-customer-key': 'k' },
  { 'x-amz-object-lock-mode': 'GOVERNANCE' },
  { 'x-amz-tagging': 'a=b' },
])('%j is not left out in silence', (headers) =>
  expect(() => refuseUndone(callOf(headers))).toThrow(refused('NotImplemented')),
);

test('versions are not there, and null is the one there is', () => {
  expect(() => refuseUndone(callOf({}, 'versionId=3'))).toThrow(refused('NotImplemented'));
  refuseUndone(callOf({ 'x-amz-acl': 'private', 'x-amz-tagging-directive': 'COPY' }, 'versionId=null'));
});

test('links say in the query what others say in headers, but nothing of a body that they did not know', () => {
  const query = 'X-Amz-Meta-A=1&x-amz-checksum-crc32=AAAAAA%3D%3D&prefix=p';
  expect([...headersOf(callOf({ 'content-type': 'a/b' }, query, 'query'))]).toEqual([
    ['x-amz-meta-a', '1'],
    ['content-type', 'a/b'],
  ]);
  expect(headersOf(callOf({}, query)).size).toBe(0);
});

test('metadata that came by another way', () => {
  const userMetadata = {
    plain: 'a b',
    n: 5,
    list: [1],
    'not a token': 'x',
    umlaut: 'ö',
    lines: 'a\r\nx-evil: 1',
  };
  expect(metadataHeaders({ userMetadata } as unknown as StoredObject)).toEqual({
    'x-amz-meta-plain': 'a b',
    'x-amz-meta-n': '5',
    'x-amz-meta-list': '[1]',
    'x-amz-meta-umlaut': '=?UTF-8?B?w7Y=?=',
    'x-amz-meta-lines': `=?UTF-8?B?${Buffer.from('a\r\nx-evil: 1').toString('base64')}?=`,
    'x-amz-missing-meta': '1',
  });
});

test('what a reader wants in headers', () => {
  expect(overrides(callOf({}, 'response-content-type=a%2Fb&response-expires=0&other=1'))).toEqual({
    'content-type': 'a/b',
    expires: '0',
  });
  expect(() => overrides(callOf({}, 'response-content-type=a%0d%0ab'))).toThrow(refused('InvalidArgument'));
});

test('what an upload takes the place of', () => {
  expect(isUpsert(callOf({}))).toBe(true);
  expect(isUpsert(callOf({ 'If-None-Match': '*' }))).toBe(false);
  expect(() => isUpsert(callOf({ 'If-Match': '"a"' }))).toThrow(refused('NotImplemented'));
  expect(() => isUpsert(callOf({ 'If-None-Match': '"a"' }))).toThrow(refused('NotImplemented'));
});

test.each([
  ['/b/a/k', { bucketId: 'b', name: 'a/k' }],
  ['b/a%20b%2Fc+d?versionId=null', { bucketId: 'b', name: 'a b/c+d' }],
])('the source of a copy: %s', (source, place) =>
  expect(copySourceOf(callOf({ 'x-amz-copy-source': source }))).toEqual(place),
);

test.each([
  ['b', 'InvalidArgument'],
  ['/b/', 'InvalidArgument'],
  ['//k', 'InvalidArgument'],
  ['/b/%zz', 'InvalidURI'],
  ['/b/k?versionId=1', 'NotImplemented'],
])('%s is no source', (source, code) =>
  expect(() => copySourceOf(callOf({ 'x-amz-copy-source': source }))).toThrow(refused(code)),
);

test('a position is what it was, and nothing else is one', () => {
  for (const name of ['a/', 'a b&c', 'ä']) {
    expect(positionIn(positionText({ kind: 'folder', name }))).toEqual({ kind: 'folder', name });
    expect(positionIn(positionText({ kind: 'object', name }))).toEqual({ kind: 'object', name });
  }
  expect(positionIn(undefined)).toBeUndefined();
  for (const text of [
    '',
    'x',
    '%',
    Buffer.from('xname').toString('base64url'),
    Buffer.from('oa\0b').toString('base64url'),
  ])
    expect(() => positionIn(text)).toThrow(refused('InvalidArgument'));
});
