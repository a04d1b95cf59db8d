/** Links that clients make, and the uploads in parts that their library does by itself. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3UnderTest } from '../acceptance/s3-under-test.ts';

let under: Awaited<ReturnType<typeof s3UnderTest>>;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  under = await s3UnderTest();
  s3 = under.ownerClient();
  Bucket = `b-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
}, 120_000);
afterAll(() => under.close());

async function answer(url: string, more: RequestInit = {}): Promise<string> {
  const { status, ...got } = await fetch(url, more).then(async (it) => ({
    status: it.status,
    text: await it.text(),
  }));
  return `${status} ${/<Code>(.*?)<\/Code>/.exec(got.text)?.[1] ?? got.text}`;
}

test('a link uploads what nobody knew when it was made, and one downloads it', async () => {
  const Key = 'a b/(1)+c&d.txt';
  const put = await getSignedUrl(
    s3,
    new PutObjectCommand({ Bucket, Key, Metadata: { of: 'ann' }, ContentType: 'text/x-a' }),
    { expiresIn: 60 },
  );
  expect(await answer(put, { method: 'PUT', body: 'hello', headers: { 'content-type': 'text/x-a' } })).toBe(
    '200 ',
  );
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
    ContentType: 'text/x-a',
    Metadata: { of: 'ann' },
  });
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  expect(await answer(get)).toBe('200 hello');
  expect(await answer(get, { headers: { range: 'bytes=1-2' } })).toBe('206 el');
  expect(await answer(get, { method: 'PUT', body: 'x' })).toBe('403 SignatureDoesNotMatch');
  expect(await answer(get.replace('c%26d', 'c%26e'))).toBe('403 SignatureDoesNotMatch');
  const copying = { 'x-amz-copy-source': `/${Bucket}/a%20b` };
  expect(await answer(put, { method: 'PUT', headers: copying })).toBe('403 AccessDenied');
  under.advance(61);
  expect(await answer(get)).toBe('403 AccessDenied');
  under.advance(-61);
});

test('a page that a link leads to runs nothing on this host', async () => {
  const Key = 'page.html';
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: '<script>1</script>', ContentType: 'text/html' }));
  for (const ResponseContentType of [undefined, 'text/html'] as const) {
    const command = new GetObjectCommand({
      Bucket,
      Key,
      ...(ResponseContentType && { ResponseContentType }),
    });
    const { headers } = await fetch(await getSignedUrl(s3, command));
    expect(headers.get('content-type')).toBe('text/plain');
    expect(headers.get('content-security-policy')).toContain('sandbox');
  }
});

test('a user’s link is theirs', async () => {
  const { token } = await under.user();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'secret', Body: 'secret' }));
  const asUser = under.client(under.credentialsOf(token));
  const link = await getSignedUrl(asUser, new GetObjectCommand({ Bucket, Key: 'secret' }));
  expect(await answer(link)).toBe('404 NoSuchKey');
  await under.owner('CREATE POLICY s3_link ON storage.objects FOR SELECT TO authenticated USING (true)');
  expect(await answer(link)).toBe('200 secret');
  await under.owner('DROP POLICY s3_link ON storage.objects');
});

test('a stream of unknown length goes up in parts by itself', async () => {
  const bytes = under.random(12 * 1024 * 1024);
  const Body = Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]);
  await new Upload({ client: s3, params: { Bucket, Key: 'large', Body, ContentType: 'a/b' } }).done();
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'large' }));
  expect(got.ContentType).toBe('a/b');
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
});
