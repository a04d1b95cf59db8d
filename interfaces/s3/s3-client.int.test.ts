/** Every call that is spoken here, by the client that AWS publishes, against a real database. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type GetObjectCommandOutput,
  type ListObjectsCommandOutput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, s3UnderTest } from '../acceptance/s3-under-test.ts';

let under: Awaited<ReturnType<typeof s3UnderTest>>;
let s3: S3Client;

beforeAll(async () => {
  under = await s3UnderTest();
  s3 = under.ownerClient();
}, 120_000);
afterAll(() => under.close());

async function bucket(client = s3): Promise<string> {
  const Bucket = `b-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

const put = (
  Bucket: string,
  Key: string,
  Body: PutObjectCommandInput['Body'] = Key,
  more: Partial<PutObjectCommandInput> = {},
) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const textOf = async ({ Body }: GetObjectCommandOutput) => Body?.transformToString();
const get = async (Bucket: string, Key: string) =>
  textOf(await s3.send(new GetObjectCommand({ Bucket, Key })));

test('buckets', async () => {
  const Bucket = await bucket();
  await s3.send(new HeadBucketCommand({ Bucket }));
  expect(await s3.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({
    LocationConstraint: 'local',
  });
  expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  const other = await bucket();
  const all = await s3.send(new ListBucketsCommand({}));
  expect(all.Buckets?.map(({ Name }) => Name)).toEqual(expect.arrayContaining([Bucket, other]));
  const one = await s3.send(new ListBucketsCommand({ MaxBuckets: 1 }));
  expect([one.Buckets?.length, typeof one.ContinuationToken]).toEqual([1, 'string']);
  expect(await refusal(s3.send(new CreateBucketCommand({ Bucket })))).toBe('409 BucketAlreadyOwnedByYou');
  await put(Bucket, 'a');
  expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  // what was begun in it is no file yet
  await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'b' }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
  expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('404 NoSuchBucket');
  expect(await refusal(s3.send(new HeadBucketCommand({ Bucket })))).toMatch(/^404 /);
  expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket })))).toBe('404 NoSuchBucket');
  expect(await refusal(s3.send(new GetBucketAclCommand({ Bucket: other })))).toMatch(/^501 /);
});

test('an object goes in as it comes out', async () => {
  const Bucket = await bucket();
  const Key = 'a b/(1)&+c.txt';
  const { ETag } = await put(Bucket, Key, 'hello', {
    ContentType: 'text/html; charset=utf-8',
    CacheControl: 'max-age=60',
    ContentEncoding: 'x-mine',
    ContentDisposition: 'attachment; filename="a.txt"',
    ContentLanguage: 'de',
    Expires: new Date(0),
    Metadata: { colour: 'blue' },
  });
  expect(ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
  const said = {
    ETag,
    ContentLength: 5,
    ContentType: 'text/html; charset=utf-8',
    CacheControl: 'max-age=60',
    ContentEncoding: 'x-mine',
    ContentDisposition: 'attachment; filename="a.txt"',
    ContentLanguage: 'de',
    ExpiresString: 'Thu, 01 Jan 1970 00:00:00 GMT',
    Metadata: { colour: 'blue' },
  };
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(got).toMatchObject(said);
  expect(await textOf(got)).toBe('hello');
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject(said);
  expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet).toEqual([]);
  await put(Bucket, Key, 'again');
  const again = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(again.Metadata).toEqual({});
  expect([again.ContentEncoding, again.ContentDisposition, again.ExpiresString]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await textOf(again)).toBe('again');
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  expect(await refusal(s3.send(new GetObjectCommand({ Bucket, Key })))).toBe('404 NoSuchKey');
  expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).toBe('404 NotFound');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a byte', Buffer.from('a')],
  ['more than a chunk', Buffer.alloc(200_000, 'abc')],
])('%s, by every checksum, at once and as a stream', async (_what, bytes) => {
  const Bucket = await bucket();
  const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
  for (const name of algorithms) {
    const ChecksumAlgorithmIs = { ChecksumAlgorithm: ChecksumAlgorithm[name] };
    await put(Bucket, `${name}/whole`, bytes, ChecksumAlgorithmIs);
    const stream =
      bytes.length === 0
        ? Readable.from([])
        : Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
    await put(Bucket, `${name}/stream`, stream, { ...ChecksumAlgorithmIs, ContentLength: bytes.length });
    for (const how of ['whole', 'stream']) {
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: `${name}/${how}` }));
      expect(
        Buffer.from((await got.Body?.transformToByteArray()) ?? [1]).equals(bytes),
        `${name} ${how}`,
      ).toBe(true);
      expect(got.ContentEncoding).toBeUndefined();
    }
  }
});

test('ranges and conditions', async () => {
  const Bucket = await bucket();
  const Key = 'k';
  const { ETag } = await put(Bucket, Key, '0123456789');
  const part = async (Range: string) => {
    const got = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
    return [got.ContentRange, await textOf(got)];
  };
  expect(await part('bytes=0-0')).toEqual(['bytes 0-0/10', '0']);
  expect(await part('bytes=-3')).toEqual(['bytes 7-9/10', '789']);
  expect(await part('bytes=8-99')).toEqual(['bytes 8-9/10', '89']);
  expect(await refusal(part('bytes=10-'))).toBe('416 InvalidRange');
  const asked = (more: object) => refusal(s3.send(new GetObjectCommand({ Bucket, Key, ...more })));
  expect(await asked({ IfMatch: ETag })).toBe('done');
  expect(await asked({ IfMatch: '"x"' })).toBe('412 PreconditionFailed');
  expect(await asked({ IfNoneMatch: ETag })).toMatch(/^304 /);
  expect(await asked({ IfUnmodifiedSince: new Date(0) })).toBe('412 PreconditionFailed');
  const free = (name: string) =>
    refusal(s3.send(new PutObjectCommand({ Bucket, Key: name, Body: 'x', IfNoneMatch: '*' })));
  expect(await free(Key)).toBe('412 PreconditionFailed');
  expect(await Promise.all([free('new'), free('new')])).toEqual(
    expect.arrayContaining(['done', '412 PreconditionFailed']),
  );
  const other = await s3.send(
    new GetObjectCommand({
      Bucket,
      Key,
      ResponseContentType: 'image/png',
      ResponseContentDisposition: 'attachment',
    }),
  );
  expect(other).toMatchObject({ ContentType: 'image/png', ContentDisposition: 'attachment' });
});

test('lists end, and name each thing once', async () => {
  const Bucket = await bucket();
  const names = ['a', 'a/b', 'a/c', 'b/1/x', 'b/2', 'c & d', 'e', 'f/1', 'f/2', 'g'];
  for (const name of names) await put(Bucket, name);
  for (const MaxKeys of [1, 2, 3, 100]) {
    const [flat, folders, objects]: [string[], string[], string[]] = [[], [], []];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: MaxKeys }, { Bucket }))
      flat.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    for await (const page of paginateListObjectsV2(
      { client: s3, pageSize: MaxKeys },
      { Bucket, Delimiter: '/' },
    )) {
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      folders.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
      objects.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    }
    expect(flat).toEqual(names);
    expect(folders).toEqual(['a/', 'b/', 'f/']);
    expect(objects).toEqual(['a', 'c & d', 'e', 'g']);
  }
  const list = (more: object) => s3.send(new ListObjectsV2Command({ Bucket, ...more }));
  expect((await list({ Prefix: 'b/' })).Contents?.map(({ Key }) => Key)).toEqual(['b/1/x', 'b/2']);
  expect((await list({ StartAfter: 'e' })).Contents?.map(({ Key }) => Key)).toEqual(['f/1', 'f/2', 'g']);
  expect((await list({ Prefix: 'c', EncodingType: 'url' })).Contents?.map(({ Key }) => Key)).toEqual([
    'c%20%26%20d',
  ]);
  expect(await list({ MaxKeys: 0 })).toMatchObject({ IsTruncated: false, KeyCount: 0 });
  expect(await refusal(list({ Delimiter: '-' }))).toBe('501 NotImplemented');
  expect(await refusal(list({ ContinuationToken: 'x' }))).toBe('400 InvalidArgument');
  const seen: string[] = [];
  for (let Marker: string | undefined = ''; Marker !== undefined;) {
    const page: ListObjectsCommandOutput = await s3.send(
      new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2, Marker }),
    );
    for (const { Key } of page.Contents ?? []) seen.push(Key ?? '');
    for (const { Prefix } of page.CommonPrefixes ?? []) seen.push(Prefix ?? '');
    Marker = page.NextMarker;
  }
  expect(seen.sort()).toEqual(['a', 'a/', 'b/', 'c & d', 'e', 'f/', 'g']);
});

test('what is said of an object in headers is said at every door', async () => {
  const Bucket = await bucket();
  await put(Bucket, 'k', 'hello', { ContentDisposition: 'attachment; filename=a', ContentLanguage: 'de' });
  await under.service.updateBucket(Bucket, { public: true });
  const { publicUrl } = under.service.from(Bucket).getPublicUrl('k').data;
  const headersAt = async (url: string) => {
    const { headers } = await fetch(url);
    return [headers.get('content-disposition'), headers.get('content-language')];
  };
  expect(await headersAt(publicUrl)).toEqual(['attachment; filename=a', 'de']);
  expect(await headersAt(`${publicUrl}?download=b`)).toEqual([expect.stringContaining('filename=b'), 'de']);
  const { error } = await under.service.from(Bucket).copy('k', 'l');
  expect([error, (await s3.send(new HeadObjectCommand({ Bucket, Key: 'l' }))).ContentLanguage]).toEqual([
    null,
    'de',
  ]);
});

test('copies', async () => {
  const Bucket = await bucket();
  await put(Bucket, 'a b', 'hello', {
    ContentType: 'text/x-a',
    ContentDisposition: 'attachment',
    Metadata: { m: '1' },
  });
  const copy = (Key: string, more: object = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `/${Bucket}/a%20b`, ...more }));
  const { CopyObjectResult } = await copy('c');
  expect(CopyObjectResult?.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
  const head = (Key: string) => s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(await head('c')).toMatchObject({
    ContentType: 'text/x-a',
    ContentDisposition: 'attachment',
    Metadata: { m: '1' },
  });
  await copy('c', { MetadataDirective: 'REPLACE', ContentType: 'text/x-b', Metadata: { n: '2' } });
  expect(await head('c')).toMatchObject({ ContentType: 'text/x-b', Metadata: { n: '2' } });
  expect(await refusal(copy('a b'))).toBe('400 InvalidRequest');
  await copy('a b', { MetadataDirective: 'REPLACE', ContentType: 'text/x-c' });
  const described = await head('a b');
  expect(described).toMatchObject({ ContentType: 'text/x-c', Metadata: {}, ContentLength: 5 });
  expect([(await head('c')).ContentDisposition, described.ContentDisposition]).toEqual([
    undefined,
    undefined,
  ]);
  expect(await refusal(copy('d', { CopySourceIfNoneMatch: CopyObjectResult?.ETag }))).toBe(
    '412 PreconditionFailed',
  );
  expect(await refusal(copy('d', { CopySource: `${Bucket}/none` }))).toBe('404 NoSuchKey');
  expect(await get(Bucket, 'c')).toBe('hello');
});

test('many are deleted at once, and what is not there is gone', async () => {
  const Bucket = await bucket();
  await put(Bucket, 'a&b');
  await put(Bucket, 'f/x');
  const gone = await s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: 'a&b' }, { Key: 'f' }, { Key: 'none' }] },
    }),
  );
  expect(gone.Deleted?.map(({ Key }) => Key)).toEqual(['a&b', 'f', 'none']);
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key)).toEqual([
    'f/x',
  ]);
  const quiet = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'f/x' }] } }),
  );
  expect([quiet.Deleted, quiet.Errors]).toEqual([undefined, undefined]);
  expect(await under.versions()).not.toContain(undefined);
});

test('keys that cannot be', async () => {
  const Bucket = await bucket();
  for (const Key of ['umlaut ä', 'a//b', 'folder/', '#', '.'])
    expect([Key, await refusal(put(Bucket, Key))]).toEqual([Key, expect.stringMatching(/^400 /)]);
  expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'folder/' })))).toBe('404 NotFound');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'folder/' }));
});

test('a project with as many files as it may have replaces them, and has no other', async () => {
  const Bucket = await bucket();
  await put(Bucket, 'a', 'first');
  const { length } = await under.versions();
  under.limit(undefined, { files: length });
  try {
    expect(await refusal(put(Bucket, 'b'))).toBe('403 QuotaExceeded');
    await put(Bucket, 'a', 'second');
    expect(await get(Bucket, 'a')).toBe('second');
    const many = await Promise.all([1, 2, 3].map((count) => refusal(put(Bucket, 'a', String(count)))));
    expect(many).toContain('done');
    expect(await refusal(put(Bucket, 'b'))).toBe('403 QuotaExceeded');
    // a row that names bytes that are not there makes no room
    await under.owner(`UPDATE storage.objects SET version = '${randomUUID()}' WHERE bucket_id = '${Bucket}'`);
    expect(await refusal(put(Bucket, 'a', 'third'))).toBe('403 QuotaExceeded');
    expect(await under.versions()).toHaveLength(length);
  } finally {
    under.limit();
  }
});
