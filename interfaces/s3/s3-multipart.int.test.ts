/** Uploads in parts, by the client that AWS publishes, against a real database. */
import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
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

async function bucket(): Promise<string> {
  const Bucket = `b-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

const put = (Bucket: string, Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

test('uploads in parts', async () => {
  const Bucket = await bucket();
  const Key = 'p/large';
  await put(Bucket, 'source', 'abcdefghij');
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/x-p', Metadata: { m: '1' } }),
  );
  const upload = { Bucket, Key, UploadId };
  const part = async (PartNumber: number, Body: string | Buffer) =>
    (await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag;
  const first = under.random(200_000);
  await part(3, 'not this one');
  await part(1, 'to be replaced');
  const [three, one] = [await part(3, 'the end'), await part(1, first)];
  const { CopyPartResult } = await s3.send(
    new UploadPartCopyCommand({
      ...upload,
      PartNumber: 2,
      CopySource: `${Bucket}/source`,
      CopySourceRange: 'bytes=2-4',
    }),
  );
  const parts = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
  expect(parts.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 200_000],
    [2, 3],
  ]);
  expect([parts.IsTruncated, parts.NextPartNumberMarker]).toEqual([true, '2']);
  const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'p/' }));
  expect(uploads.Uploads?.map((each) => [each.Key, each.UploadId])).toEqual([[Key, UploadId]]);
  const complete = (Parts: { PartNumber: number; ETag: string | undefined }[], more: object = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));
  const chosen = [
    { PartNumber: 1, ETag: one },
    { PartNumber: 2, ETag: CopyPartResult?.ETag },
    { PartNumber: 3, ETag: three },
  ];
  expect(await refusal(complete([...chosen].reverse()))).toBe('400 InvalidPartOrder');
  expect(await refusal(complete([{ PartNumber: 1, ETag: three }]))).toBe('400 InvalidPart');
  expect(await refusal(complete([{ PartNumber: 4, ETag: three }]))).toBe('400 InvalidPart');
  expect(await refusal(complete([]))).toBe('400 MalformedXML');
  const done = await complete(chosen);
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(got).toMatchObject({ ETag: done.ETag, ContentType: 'text/x-p', Metadata: { m: '1' } });
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(
    Buffer.concat([first, Buffer.from('cde'), Buffer.from('the end')]),
  );
  // an answer may not have come
  expect((await complete(chosen)).ETag).toBe(done.ETag);
  expect(await refusal(complete(chosen.slice(1)))).toBe('404 NoSuchUpload');
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
});

test('an upload in parts that is given up leaves nothing', async () => {
  const Bucket = await bucket();
  const Key = 'k';
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }));
  expect(await refusal(s3.send(new ListPartsCommand({ ...upload, Key: 'other' })))).toBe('404 NoSuchUpload');
  await put(Bucket, Key, 'faster');
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const free = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: '*' });
  expect(await refusal(s3.send(free))).toBe('412 PreconditionFailed');
  await s3.send(new AbortMultipartUploadCommand(upload));
  expect(await refusal(s3.send(new AbortMultipartUploadCommand(upload)))).toBe('404 NoSuchUpload');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(await Body?.transformToString()).toBe('faster');
});

test('a bucket has its limits here, too', async () => {
  const Bucket = await bucket();
  await under.service.updateBucket(Bucket, {
    public: false,
    fileSizeLimit: 10,
    allowedMimeTypes: ['text/*'],
  });
  expect(await refusal(put(Bucket, 'a', 'x'.repeat(11), { ContentType: 'text/plain' }))).toBe(
    '400 EntityTooLarge',
  );
  expect(await refusal(put(Bucket, 'a', 'x', { ContentType: 'image/png' }))).toBe('415 InvalidMimeType');
  await put(Bucket, 'a', 'x'.repeat(10), { ContentType: 'text/plain;charset=UTF-8' });
  const upload = { Bucket, Key: 'b' };
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ ...upload, ContentType: 'text/plain' }),
  );
  const part = (PartNumber: number, Body: string) =>
    s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body }));
  await part(1, '123456');
  expect(await refusal(part(2, '12345'))).toBe('400 EntityTooLarge');
  await part(1, '12345');
  await part(2, '12345');
});
