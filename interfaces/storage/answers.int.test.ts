/** Answers to the letter: each error as clients tell it apart, and the members that they read. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
const id = `b-${randomUUID().slice(0, 8)}`;
const open = `o-${randomUUID().slice(0, 8)}`;
const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
const OBJECT_TIMES = { updated_at: TIME, created_at: TIME, last_accessed_at: TIME };
const METADATA = {
  eTag: '"5d41402abc4b2a76b9719d911017c592"',
  size: 5,
  mimetype: 'text/plain',
  cacheControl: 'max-age=60',
  lastModified: TIME,
  contentLength: 5,
  httpStatusCode: 200,
};

beforeAll(async () => {
  under = await storageUnderTest();
  const rules = { public: false, file_size_limit: 100, allowed_mime_types: ['text/*'] };
  await call('POST', '/bucket', { name: id, ...rules });
  await call('POST', '/bucket', { name: open, public: true });
  for (const bucket of [id, open]) await upload(`/object/${bucket}/dir/a`, 'hello');
});
afterAll(() => under.close());

type Told = readonly [
  statusCode: string,
  error: unknown,
  code: unknown,
  message: unknown,
  httpStatus?: number,
];

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: string | undefined;
}

async function ask(
  method: string,
  path: string,
  init: Omit<RequestInit, 'headers'> & Sent = {},
): Promise<Answer> {
  const { headers, as = under.serviceKey, ...rest } = init;
  const authorization = as === '' ? undefined : `Bearer ${as}`;
  const answer = await fetch(`${under.url}${path}`, {
    method,
    ...rest,
    headers: { ...(authorization && { authorization }), ...headers },
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json');
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? (JSON.parse(text) as unknown) : text,
  };
}
const call = (method: string, path: string, body?: unknown, sent: Sent = {}) =>
  ask(method, path, {
    ...sent,
    headers: { 'content-type': 'application/json', ...sent.headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const upload = (path: string, body: string, headers: Record<string, string> = {}, as?: string) =>
  ask('POST', path, {
    body,
    as,
    headers: { 'content-type': 'text/plain', 'cache-control': 'max-age=60', ...headers },
  });
const link = async (path = 'dir/a') => {
  const { body } = await call('POST', `/object/sign/${id}/${path}`, { expiresIn: 60 });
  return (body as { signedURL: string }).signedURL;
};

describe('errors', () => {
  const NO_BUCKET: Told = ['404', 'Bucket not found', 'NoSuchBucket', 'Bucket not found'];
  const NO_OBJECT: Told = ['404', 'not_found', 'NoSuchKey', 'Object not found'];
  const EXISTS: Told = [
    '409',
    'Duplicate',
    expect.stringMatching(/^(Resource|Key|Bucket)AlreadyExists$/),
    'The resource already exists',
  ];
  const DENIED: Told = ['403', 'Unauthorized', 'AccessDenied', 'new row violates row-level security policy'];
  const BAD_TOKEN: Told = ['403', 'Unauthorized', 'AccessDenied', expect.stringMatching(/^jwt is not valid/)];
  const NO_TOKEN: Told = [
    '400',
    expect.any(String),
    'InvalidRequest',
    "headers must have required property 'authorization'",
  ];
  const TOO_LARGE: Told = [
    '413',
    'Payload too large',
    'EntityTooLarge',
    'The object exceeded the maximum allowed size',
  ];
  const signature: Told = ['400', 'InvalidSignature', 'InvalidSignature', 'Invalid signature'];
  const nobody = { as: '' };
  const fromTo = (sourceKey: string, destinationKey: string, more = {}) => ({
    bucketId: id,
    sourceKey,
    destinationKey,
    ...more,
  });

  const ERRORS: readonly (readonly [string, () => Promise<Answer>, Told])[] = [
    ['a bucket that is not there', () => call('GET', '/bucket/nowhere'), NO_BUCKET],
    ['nor changed', () => call('PUT', '/bucket/nowhere', { public: true }), NO_BUCKET],
    ['nor emptied', () => call('POST', '/bucket/nowhere/empty', {}), NO_BUCKET],
    ['nor deleted', () => call('DELETE', '/bucket/nowhere', {}), NO_BUCKET],
    ['nor uploaded to', () => upload('/object/nowhere/a', 'x'), NO_BUCKET],
    ['nor downloaded from', () => ask('GET', '/object/nowhere/a'), NO_BUCKET],
    ['nor public', () => ask('GET', '/object/public/nowhere/a', nobody), NO_BUCKET],
    ['one that is not public', () => ask('GET', `/object/public/${id}/dir/a`, nobody), NO_BUCKET],
    ['an object that is not there', () => ask('GET', `/object/${id}/b`), NO_OBJECT],
    ['nor public', () => ask('GET', `/object/public/${open}/b`, nobody), NO_OBJECT],
    ['nor known', () => ask('GET', `/object/info/${id}/b`), NO_OBJECT],
    ['nor signed', () => call('POST', `/object/sign/${id}/b`, { expiresIn: 60 }), NO_OBJECT],
    ['nor deleted', () => ask('DELETE', `/object/${id}/b`), NO_OBJECT],
    ['nor moved', () => call('POST', '/object/move', fromTo('b', 'c')), NO_OBJECT],
    ['nor copied', () => call('POST', '/object/copy', fromTo('b', 'c')), NO_OBJECT],
    ['one that policies hide', () => ask('GET', `/object/${id}/dir/a`, { as: under.anonKey }), NO_OBJECT],
    ['an object that is there', () => upload(`/object/${id}/dir/a`, 'x'), EXISTS],
    ['a bucket that is there', () => call('POST', '/bucket', { name: id }), EXISTS],
    [
      'a bucket with files',
      () => call('DELETE', `/bucket/${id}`, {}),
      ['409', 'ResourceNotEmpty', 'ResourceNotEmpty', 'The bucket you tried to delete is not empty'],
    ],
    ['a policy’s no', () => upload(`/object/${id}/b`, 'x', {}, under.anonKey), DENIED],
    ['of a bucket, too', () => call('POST', '/bucket', { name: 'mine' }, { as: under.anonKey }), DENIED],
    ['a token that is none', () => call('GET', '/bucket', undefined, { as: 'x.y.z' }), BAD_TOKEN],
    ['where anybody may ask', () => ask('GET', `/object/${id}/dir/a`, { as: 'x.y.z' }), BAD_TOKEN],
    ['no token', () => ask('GET', '/bucket', nobody), NO_TOKEN],
    ['no token for an object', () => ask('GET', `/object/${id}/dir/a`, nobody), NO_TOKEN],
    ['too many bytes', () => upload(`/object/${id}/b`, 'x'.repeat(101)), TOO_LARGE],
    [
      'a type that is not allowed',
      () => upload(`/object/${id}/b`, 'x', { 'content-type': 'image/png' }),
      ['415', 'invalid_mime_type', 'InvalidMimeType', 'mime type image/png is not supported'],
    ],
    [
      'a name that is none',
      () => upload(`/object/${id}/a[1]`, 'x'),
      ['400', 'InvalidKey', 'InvalidKey', 'Invalid key: a[1]'],
    ],
    [
      'nor one to move to',
      () => call('POST', '/object/move', fromTo('dir/a', 'ä')),
      ['400', 'InvalidKey', 'InvalidKey', 'Invalid key: ä'],
    ],
    [
      'a name that is no bucket’s',
      () => call('POST', '/bucket', { name: 'a/b' }),
      ['400', 'Invalid Input', 'InvalidBucketName', 'Bucket name invalid'],
    ],
    [
      'a link that is none',
      () => ask('GET', `/object/sign/${id}/dir/a?token=x`),
      ['400', 'InvalidJWT', 'InvalidJWT', 'Invalid Compact JWS'],
    ],
    [
      'another’s signature',
      async () => ask('GET', `${(await link()).slice(0, -8)}xxxxxxxx`),
      ['400', 'InvalidJWT', 'InvalidJWT', 'signature verification failed'],
    ],
    ['a link to something else', async () => ask('GET', (await link()).replace('dir/a', 'dir/b')), signature],
    [
      'a link for something else',
      async () => ask('PUT', (await link()).replace('/sign', '/upload/sign'), { body: 'x' }),
      signature,
    ],
    [
      'a bucket to move to that is not there',
      () => call('POST', '/object/move', fromTo('dir/a', 'b', { destinationBucket: 'nowhere' })),
      ['404', 'InvalidRequest', 'InvalidRequest', 'The related resource does not exist'],
    ],
    [
      'nothing within a range',
      () => ask('GET', `/object/${id}/dir/a`, { headers: { range: 'bytes=5-' } }),
      ['416', 'invalid_range', 'InvalidRange', expect.any(String), 416],
    ],
    [
      'a bucket with versions',
      () => call('POST', '/bucket', { name: 'v', versioning_status: 'ENABLED' }),
      ['400', 'InvalidRequest', 'InvalidRequest', 'Versioning is not available.'],
    ],
    [
      'nothing at this path',
      () => ask('GET', '/nothing'),
      ['404', 'Not Found', 'NoSuchRoute', expect.any(String), 404],
    ],
    [
      'lifecycles',
      () => ask('GET', `/bucket/${id}/lifecycle`),
      ['404', 'Not Found', 'NoSuchRoute', expect.any(String), 404],
    ],
    [
      'a body that is not what is needed',
      () => call('POST', `/object/sign/${id}/dir/a`, {}),
      ['400', 'Invalid Input', 'InvalidRequest', expect.any(String)],
    ],
    [
      'of another type',
      () => ask('POST', '/bucket', { body: 'x', headers: { 'content-type': 'text/csv' } }),
      ['415', 'Unsupported Media Type', 'InvalidMimeType', expect.any(String), 415],
    ],
  ];

  test.each(ERRORS)('%s', async (_what, asking, [statusCode, error, code, message, status = 400]) => {
    const answer = await asking();
    expect(answer).toMatchObject({ status, body: { statusCode, error, code, message } });
    expect(Object.keys(answer.body as object).toSorted()).toEqual(['code', 'error', 'message', 'statusCode']);
  });

  test('are kept by nobody', async () => {
    for (const path of [`/object/public/${open}/b`, `/object/sign/${id}/dir/a?token=x`, `/object/${id}/b`])
      expect((await ask('GET', path)).headers.get('cache-control')).toBe('no-store');
  });
});

describe('answers', () => {
  test('of buckets', async () => {
    const bucket = {
      id,
      name: id,
      owner: '',
      public: false,
      type: 'STANDARD',
      file_size_limit: 100,
      allowed_mime_types: ['text/*'],
      created_at: TIME,
      updated_at: TIME,
    };
    expect((await call('GET', `/bucket/${id}`)).body).toEqual(bucket);
    expect((await call('GET', `/bucket?search=${id}`)).body).toEqual([bucket]);
    const name = `n-${randomUUID().slice(0, 8)}`;
    const made = { name, public: true, versioning_status: 'DISABLED', file_size_limit: '1.5KB' };
    expect(await call('POST', '/bucket', made)).toMatchObject({ status: 200, body: { name } });
    expect((await call('GET', `/bucket/${name}`)).body).toMatchObject({
      file_size_limit: 1500,
      public: true,
    });
    expect((await call('PUT', `/bucket/${name}`, { public: false })).body).toEqual({
      message: 'Successfully updated',
    });
    expect((await call('POST', `/bucket/${name}/empty`, {})).body).toEqual({
      message: expect.stringMatching(/^Empty bucket has been queued\. /) as string,
    });
    // nobody sends a body with this one
    expect((await ask('DELETE', `/bucket/${name}`)).body).toEqual({ message: 'Successfully deleted' });
  });

  test('of an upload, and what is known of it', async () => {
    const mine = Buffer.from('{"mine":"ä"}').toString('base64');
    const stored = await upload(`/object/${id}/known`, 'hello', { 'x-metadata': mine });
    expect(stored).toMatchObject({ status: 200, body: { Id: UUID, Key: `${id}/known` } });
    const { body } = await ask('GET', `/object/info/${id}/known`);
    expect(body).toEqual({
      id: (stored.body as { Id: string }).Id,
      name: 'known',
      version: UUID,
      bucket_id: id,
      size: 5,
      content_type: 'text/plain',
      cache_control: 'max-age=60',
      etag: METADATA.eTag,
      metadata: { mine: 'ä' },
      last_modified: TIME,
      created_at: TIME,
    });
    const [row] = await under.owner(
      `SELECT metadata FROM storage.objects WHERE bucket_id = '${id}' AND name = 'known'`,
    );
    expect(row?.['metadata']).toEqual(METADATA);
    // who says nothing of it
    const plain = await fetch(`${under.url}/object/${open}/plain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${under.serviceKey}` },
      body: new Uint8Array([1]),
    });
    expect(plain.status).toBe(200);
    const served = await ask('GET', `/object/public/${open}/plain?cacheNonce=x&versionId=y`, { as: '' });
    expect([served.headers.get('content-type'), served.headers.get('cache-control')]).toEqual([
      'application/octet-stream',
      'no-cache',
    ]);
  });

  test('of lists', async () => {
    const folder = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };
    const file = { id: UUID, ...OBJECT_TIMES, metadata: METADATA };
    const list = (prefix: string) => call('POST', `/object/list/${open}`, { prefix, search: '' });
    expect((await list('')).body).toEqual(expect.arrayContaining([{ name: 'dir', ...folder }]));
    for (const prefix of ['dir', 'dir/', '/dir'])
      expect((await list(prefix)).body).toEqual([{ name: 'a', ...file }]);
    const page = (body: object) => call('POST', `/object/list-v2/${open}`, body);
    expect((await page({ prefix: 'd', with_delimiter: true })).body).toEqual({
      hasNext: false,
      folders: [{ name: 'dir/', key: 'dir/', ...folder }],
      objects: [],
    });
    const { body } = await page({ limit: 1 });
    expect(body).toEqual({
      hasNext: true,
      nextCursor: expect.any(String) as string,
      folders: [],
      objects: [{ name: 'dir/a', key: 'dir/a', ...file }],
    });
    expect((await call('POST', '/object/list/nowhere', { prefix: '' })).body).toEqual([]);
  });

  test('of what is moved, copied and removed', async () => {
    await upload(`/object/${id}/m`, 'hello', { 'x-metadata': Buffer.from('{"a":1}').toString('base64') });
    const fromTo = { bucketId: id, sourceKey: 'm', destinationKey: 'm/2', sourceVersionId: 'x' };
    expect((await call('POST', '/object/move', fromTo)).body).toEqual({
      message: 'Successfully moved',
      Id: UUID,
      Key: `${id}/m/2`,
    });
    const row = {
      id: UUID,
      bucket_id: id,
      owner: null,
      owner_id: null,
      version: UUID,
      ...OBJECT_TIMES,
      metadata: { ...METADATA, lastModified: TIME },
      user_metadata: { a: 1 },
    };
    const copied = await call('POST', '/object/copy', {
      bucketId: id,
      sourceKey: 'm/2',
      destinationKey: 'm/3',
    });
    expect(copied.body).toEqual({ Id: UUID, Key: `${id}/m/3`, ...row, name: 'm/3' });
    // anew: what the client says in place of what was
    const described = { copyMetadata: false, metadata: { cacheControl: 'max-age=5', mimetype: 'text/css' } };
    const anew = await call('POST', '/object/copy', {
      bucketId: id,
      sourceKey: 'm/2',
      destinationKey: 'm/4',
      ...described,
    });
    expect(anew.body).toMatchObject({
      metadata: { ...METADATA, cacheControl: 'max-age=5', mimetype: 'text/css' },
      user_metadata: null,
    });
    const removed = await call('DELETE', `/object/${id}`, {
      prefixes: ['m/3', { path: 'm/4', versionId: 'x' }, 'm', 'none'],
    });
    expect((removed.body as { name: string }[]).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { ...row, name: 'm/3' },
      { ...row, name: 'm/4', metadata: expect.anything() as object, user_metadata: null },
    ]);
    expect((await ask('DELETE', `/object/${id}/m/2`)).body).toEqual({ message: 'Successfully deleted' });
  });

  test('of links, which are relative, and end', async () => {
    const signed = (await call('POST', `/object/sign/${id}/dir/a`, { expiresIn: '60' })).body as {
      signedURL: string;
    };
    expect(signed).toEqual({
      signedURL: expect.stringMatching(new RegExp(`^/object/sign/${id}/dir/a\\?token=`)) as string,
    });
    const claims = (url: string) =>
      JSON.parse(Buffer.from(url.split('token=')[1]?.split('.')[1] ?? '', 'base64url').toString()) as Record<
        'iat' | 'exp',
        number
      >;
    expect(claims(signed.signedURL)).toEqual({
      url: `${id}/dir/a`,
      scope: 'download',
      iat: expect.any(Number) as number,
      exp: claims(signed.signedURL).iat + 60,
    });
    const served = await ask('GET', `${signed.signedURL}&download=`, { as: '' });
    expect([served.status, served.body, served.headers.get('content-disposition')]).toEqual([
      200,
      'hello',
      'attachment;',
    ]);
    expect(new Date(served.headers.get('expires') ?? '').getTime()).toBeGreaterThan(Date.now());
    expect(served.headers.get('cache-control')).toMatch(/^max-age=(60|5\d)$/);
    expect((await call('POST', `/object/sign/${id}`, { expiresIn: 60, paths: [] })).body).toEqual([]);
    const forUpload = (
      await call('POST', `/object/upload/sign/${id}/up`, {}, { headers: { 'x-upsert': 'true' } })
    ).body as { url: string };
    const said = claims(forUpload.url);
    expect(said).toMatchObject({ url: `${id}/up`, scope: 'upload', upsert: true });
    expect(said.exp - said.iat).toBe(7_200);
    for (const text of ['one', 'two']) {
      const put = await ask('PUT', forUpload.url, {
        as: '',
        body: text,
        headers: { 'content-type': 'text/plain' },
      });
      expect(put).toMatchObject({ status: 200, body: { Key: `${id}/up` } });
    }
  });

  test('of the service itself', async () => {
    expect((await ask('GET', '/status', { as: '' })).status).toBe(200);
    expect((await ask('GET', '/version', { as: '' })).body).toBe('under test');
    expect(await ask('DELETE', `/cdn/${id}/dir/a`)).toMatchObject({
      status: 200,
      body: { message: 'success' },
    });
    expect(await ask('DELETE', `/cdn/${id}`)).toMatchObject({ status: 200 });
    expect(await ask('DELETE', `/cdn/${id}/dir/a`, { as: under.anonKey })).toMatchObject({
      status: 400,
      body: { statusCode: '403' },
    });
  });
});

test('a file that only describes a folder is of no type, and bytes are as they came, whatever they are', async () => {
  const client = under.service.from(id);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of ['in ', 'two']) controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });
  expect((await client.upload('streamed', stream)).error).toBeNull();
  expect((await ask('GET', `/object/${id}/streamed`)).body).toBe('in two');
  const packed = { contentType: 'text/plain', contentEncoding: 'br' };
  expect((await client.upload('packed-raw', 'not really', packed)).error).toBeNull();
  expect(
    (await client.upload('packed-form', new Blob(['not really'], { type: 'text/plain' }), packed)).error,
  ).toBeNull();
  for (const key of ['packed-raw', 'packed-form']) {
    const head = await ask('HEAD', `/object/${id}/${key}`);
    expect([head.headers.get('content-encoding'), head.headers.get('content-length')]).toEqual(['br', '10']);
  }
});
