/** What strangers send: wrong keys, other people's, signatures that were seen before, bodies that are not what was signed. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, s3UnderTest } from '../acceptance/s3-under-test.ts';

let under: Awaited<ReturnType<typeof s3UnderTest>>;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  under = await s3UnderTest();
  s3 = under.ownerClient();
  Bucket = `b-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'secret', Body: 'secret' }));
}, 120_000);
afterAll(() => under.close());

const read = (client: S3Client) => refusal(client.send(new GetObjectCommand({ Bucket, Key: 'secret' })));

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly payload?: string;
  readonly at?: Date;
}

/** Signed by the owner's key, by the letter of the specification and nothing of ours. */
function signed({ method = 'GET', path, headers = {}, body = '', payload, at = new Date() }: Asked) {
  const { accessKeyId, secretAccessKey } = under.keyOf(under.project);
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/local/s3/aws4_request`;
  const url = new URL(`${under.url}${path}`);
  const hash = payload ?? createHash('sha256').update(body).digest('hex');
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    'x-amz-date': time,
    'x-amz-content-sha256': hash,
  };
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    url.pathname,
    url.search.slice(1),
    ...names.map((name) => `${name}:${all[name]}`),
    '',
    names.join(';'),
    hash,
  ].join('\n');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = [time.slice(0, 8), 'local', 's3', 'aws4_request'].reduce<string | Buffer>(
    mac,
    `AWS4${secretAccessKey}`,
  );
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const signature = mac(key, text).toString('hex');
  all['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return { method, url, headers: all, body };
}

function send({
  method,
  url,
  headers,
  body,
}: ReturnType<typeof signed>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const told = async (asked: ReturnType<typeof signed>) => {
  const { status, text } = await send(asked);
  return `${status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? text}`;
};

test('keys that are wrong, or of another project', async () => {
  const key = under.keyOf(under.project);
  const other = under.keyOf(under.otherProject);
  expect(await read(s3)).toBe('done');
  expect(await read(under.client({ ...key, secretAccessKey: 'x' }))).toBe('403 SignatureDoesNotMatch');
  expect(await read(under.client({ ...key, accessKeyId: 'x' }))).toBe('403 InvalidAccessKeyId');
  expect(await read(under.client(other))).toBe('403 InvalidAccessKeyId');
  expect(await read(under.client({ ...other, accessKeyId: key.accessKeyId }))).toBe(
    '403 SignatureDoesNotMatch',
  );
  expect(
    await refusal(under.client(key, under.otherProject).send(new HeadBucketCommand({ Bucket }))),
  ).toMatch(/^403 /);
  expect(
    await refusal(under.client(other, under.otherProject).send(new HeadBucketCommand({ Bucket }))),
  ).toMatch(/^404 /);
});

test('users’ tokens', async () => {
  const { token } = await under.user();
  const asUser = under.client(under.credentialsOf(token));
  expect(await refusal(asUser.send(new ListBucketsCommand({})))).toBe('done');
  expect(await read(asUser)).toBe('404 NoSuchKey');
  expect(await read(under.client(under.credentialsOf(`${token}x`)))).toBe('400 ExpiredToken');
  expect(await read(under.client({ ...under.credentialsOf(token), secretAccessKey: 'x' }))).toBe(
    '403 SignatureDoesNotMatch',
  );
  expect(await read(under.client({ ...under.keyOf(under.project), sessionToken: token }))).toBe(
    '403 InvalidAccessKeyId',
  );
  const { sessionToken: _, ...without } = under.credentialsOf(token);
  expect(await read(under.client(without))).toBe('403 InvalidAccessKeyId');
  const foreign = await under.token({ role: 'service_role' }, under.otherProject);
  expect(await read(under.client(under.credentialsOf(foreign)))).toBe('400 ExpiredToken');
});

test('policies decide for users, and the owner’s keys are above them', async () => {
  const { token, sub } = await under.user();
  const asUser = under.client(under.credentialsOf(token));
  const mine = `${sub}/a`;
  const put = (Key: string) =>
    refusal(asUser.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ContentType: 'text/x' })));
  expect(await put(mine)).toBe('403 AccessDenied');
  await under.owner(`CREATE POLICY s3_mine ON storage.objects FOR ALL TO authenticated
    USING ((storage.foldername(name))[1] = auth.uid()::text)
    WITH CHECK ((storage.foldername(name))[1] = auth.uid()::text AND metadata->>'mimetype' = 'text/x')`);
  try {
    expect(await put(mine)).toBe('done');
    expect(await put('elsewhere/a')).toBe('403 AccessDenied');
    const list = await asUser.send(new ListObjectsV2Command({ Bucket }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual([mine]);
    const { Deleted } = await asUser.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'secret' }, { Key: mine }] } }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['secret', mine]);
    expect(await read(s3)).toBe('done');
    await under.owner('CREATE POLICY s3_seen ON storage.objects FOR SELECT TO authenticated USING (true)');
    expect(await refusal(asUser.send(new DeleteObjectCommand({ Bucket, Key: 'secret' })))).toBe(
      '403 AccessDenied',
    );
  } finally {
    await under.owner('DROP POLICY IF EXISTS s3_seen ON storage.objects');
    await under.owner('DROP POLICY IF EXISTS s3_mine ON storage.objects');
  }
});

test('uploads in parts are of who began them', async () => {
  await under.owner(
    'CREATE POLICY s3_all ON storage.objects FOR ALL TO authenticated USING (true) WITH CHECK (true)',
  );
  try {
    const [one, other] = [await under.user(), await under.user()].map(({ token }) =>
      under.client(under.credentialsOf(token)),
    ) as [S3Client, S3Client];
    const { UploadId } = await one.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const upload = { Bucket, Key: 'parts', UploadId };
    await one.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }));
    const put = refusal(other.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'y' })));
    expect(await put).toBe('404 NoSuchUpload');
    expect(await refusal(other.send(new ListPartsCommand(upload)))).toBe('404 NoSuchUpload');
    expect(await refusal(s3.send(new ListPartsCommand(upload)))).toBe('done');
    // no policy shows them to anybody
    expect((await one.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toHaveLength(1);
  } finally {
    await under.owner('DROP POLICY s3_all ON storage.objects');
  }
});

test('a signature is good once more for the same, and never for anything else', async () => {
  const asked = signed({ path: `/${Bucket}/secret` });
  expect(await told(asked)).toBe('200 secret');
  expect(await told(asked)).toBe('200 secret');
  expect(await told({ ...asked, method: 'DELETE' })).toBe('403 SignatureDoesNotMatch');
  expect(await told({ ...asked, url: new URL(`${under.url}/${Bucket}/other`) })).toBe(
    '403 SignatureDoesNotMatch',
  );
  const elsewhere = new URL(asked.url.href.replace(under.project, under.otherProject));
  expect(await told({ ...asked, url: elsewhere })).toBe('403 InvalidAccessKeyId');
  const minutes = (count: number) => new Date(new Date().getTime() + count * 60_000);
  expect(await told(signed({ path: `/${Bucket}/secret`, at: minutes(-16) }))).toBe(
    '403 RequestTimeTooSkewed',
  );
  expect(await told(signed({ path: `/${Bucket}/secret`, at: minutes(16) }))).toBe('403 RequestTimeTooSkewed');
  const { authorization: _, ...unsigned } = asked.headers;
  expect(await told({ ...asked, headers: unsigned })).toBe('403 AccessDenied');
});

test('nothing is kept of a body that is not what was signed', async () => {
  const before = await under.versions();
  const put = (path: string, more: Partial<Asked>) =>
    signed({ method: 'PUT', path: `/${Bucket}${path}`, ...more });
  expect(await told({ ...put('/t', { body: 'hello' }), body: 'hallo' })).toBe(
    '400 XAmzContentSHA256Mismatch',
  );
  const md5 = { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' };
  expect(await told(put('/t', { body: 'hallo', headers: md5 }))).toBe('400 BadDigest');
  const chunked = (length: string, body: string) =>
    put('/t', {
      body,
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: { 'x-amz-decoded-content-length': length, 'x-amz-trailer': 'x-amz-checksum-crc32' },
    });
  const whole = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';
  expect(await told(chunked('6', whole))).toBe('400 IncompleteBody');
  expect(await told(chunked('5', whole.replace('NhCm', 'NhCn')))).toBe('400 BadDigest');
  expect(await told(chunked('5', whole.slice(0, 8)))).toBe('400 IncompleteBody');
  const streaming = put('/t', {
    body: `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`,
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    headers: { 'x-amz-decoded-content-length': '5' },
  });
  expect(await told(streaming)).toBe('403 SignatureDoesNotMatch');
  expect(await told(signed({ path: `/${Bucket}/t` }))).toBe('404 NoSuchKey');
  expect(await told(chunked('5', whole))).toBe('200 ');
  expect(await told(signed({ path: `/${Bucket}/t` }))).toBe('200 hello');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 't' }));
  expect(await under.versions()).toEqual(before);
});

test('documents that are too large, or more than they seem', async () => {
  const post = (body: string) => told(signed({ method: 'POST', path: `/${Bucket}?delete=`, body }));
  const bomb =
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Delete>&b;</Delete>';
  expect(await post(bomb)).toBe('400 MalformedXML');
  expect(await post('<!DOCTYPE a SYSTEM "file:///etc/passwd"><Delete/>')).toBe('400 MalformedXML');
  expect(await post('<Delete></Delete>')).toBe('400 MalformedXML');
  expect(await post(`<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`)).toBe(
    '400 MalformedXML',
  );
  expect(await post(`<Delete>${' '.repeat(3 * 1024 * 1024)}</Delete>`)).toBe('400 MaxMessageLengthExceeded');
  expect(await post('<Delete>'.repeat(200_000))).toBe('400 MalformedXML');
  expect(under.warned).toEqual([]);
});

const parts = (count: number, first = 1) =>
  Array.from(
    { length: count },
    (_, at) => `<Part><PartNumber>${first + at}</PartNumber><ETag>${'0'.repeat(32)}</ETag></Part>`,
  ).join('');

test('lists of parts that are too many, bombs, or none', async () => {
  const Key = 'in-parts';
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const complete = (body: string) =>
    told(signed({ method: 'POST', path: `/${Bucket}/${Key}?uploadId=${UploadId}`, body }));
  const list = (inner: string) => `<CompleteMultipartUpload>${inner}</CompleteMultipartUpload>`;
  expect(await complete(list(parts(10_001)))).toBe('400 MalformedXML');
  expect(await complete(list(parts(10_000)))).toBe('400 InvalidPart');
  expect(await complete(list(parts(1, 0)))).toBe('400 InvalidPartOrder');
  expect(await complete(list(parts(1) + parts(1)))).toBe('400 InvalidPartOrder');
  expect(await complete(list(''))).toBe('400 MalformedXML');
  expect(await complete(list('<Part/>'.repeat(200_000)))).toBe('400 MalformedXML');
  expect(await complete(list('<a/>'.repeat(400_000)))).toBe('400 MalformedXML');
  expect(await complete(list(' '.repeat(3 * 1024 * 1024)))).toBe('400 MaxMessageLengthExceeded');
  const bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>';
  expect(await complete(`${bomb}${list('&b;')}`)).toBe('400 MalformedXML');
  const part = (number: string) =>
    told(
      signed({
        method: 'PUT',
        path: `/${Bucket}/${Key}?partNumber=${number}&uploadId=${UploadId}`,
        body: 'x',
      }),
    );
  for (const number of ['0', '10001', '-1', '1.5', 'x', '1e3'])
    expect([number, await part(number)]).toEqual([number, '400 InvalidArgument']);
  for (const id of ['..', '../../about', 'x', UploadId.toUpperCase()])
    expect(await told(signed({ path: `/${Bucket}/${Key}?uploadId=${encodeURIComponent(id)}` }))).toBe(
      '404 NoSuchUpload',
    );
  // nothing of all that is a file, or has ended it
  expect(await part('1')).toBe('200 ');
  expect(await told(signed({ path: `/${Bucket}/${Key}` }))).toBe('404 NoSuchKey');
  expect(under.warned).toEqual([]);
});

test('lengths that lie, and what no text may hold', async () => {
  const before = await under.versions();
  const chunked = (length: string, body: string) =>
    told(
      signed({
        method: 'PUT',
        path: `/${Bucket}/l`,
        body,
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: { 'x-amz-decoded-content-length': length },
      }),
    );
  expect(await chunked('4', '5\r\nhello\r\n0\r\n\r\n')).toBe('400 IncompleteBody');
  expect(await chunked('0', '5\r\nhello\r\n0\r\n\r\n')).toBe('400 IncompleteBody');
  expect(await chunked('-5', '5\r\nhello\r\n0\r\n\r\n')).toBe('400 InvalidArgument');
  expect(await chunked('5', 'ffffffffffff\r\nhello')).toBe('400 IncompleteBody');
  expect(await chunked(String(60 * 1024 * 1024), '0\r\n\r\n')).toBe('400 EntityTooLarge');
  expect(await chunked('999999999999999', '0\r\n\r\n')).toBe('400 EntityTooLarge');
  const lists = ['prefix=%00', 'list-type=2&start-after=a%00', 'marker=%00', 'uploads=&key-marker=%00'];
  for (const query of lists)
    expect(await told(signed({ path: `/${Bucket}?${query}` }))).toBe('400 InvalidURI');
  const headers = { 'x-amz-meta-a': 'a'.repeat(60_000) };
  const { status } = await send(signed({ method: 'PUT', path: `/${Bucket}/l`, headers }));
  expect(status).toBe(431);
  expect(await under.versions()).toEqual(before);
  expect(under.warned).toEqual([]);
});

test('of a project so many large documents are read at once, and others beside them', async () => {
  const { method, url, headers } = signed({ method: 'POST', path: `/${Bucket}?delete=`, body: 'x' });
  const held = Array.from({ length: 8 }, () => httpRequest(url, { method, headers }));
  for (const request of held) {
    request.on('error', () => {});
    request.write(' '.repeat(200_000));
  }
  const large = () =>
    told(
      signed({ method: 'POST', path: `/${Bucket}?delete=`, body: `<Delete>${' '.repeat(200_000)}</Delete>` }),
    );
  await expect.poll(large).toBe('503 SlowDown');
  const small = signed({ method: 'POST', path: `/${Bucket}?delete=`, body: '<Delete></Delete>' });
  expect(await told(small)).toBe('400 MalformedXML');
  for (const request of held) request.destroy();
  await expect.poll(large).toBe('400 MalformedXML');
});
