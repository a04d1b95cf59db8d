/** How objects are served: parts, what is no news, headers, and that nothing of it runs. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
let id: string;
const bytes = randomBytes(300_000);
beforeAll(async () => {
  under = await storageUnderTest();
  id = `b-${randomUUID().slice(0, 8)}`;
  const files = under.service.from(id);
  const made = [
    await under.service.createBucket(id, { public: true }),
    await files.upload('bin', bytes, { contentType: 'application/x-bin', cacheControl: '77' }),
    await files.upload('empty', ''),
  ];
  for (const { error } of made) if (error) throw error;
});
afterAll(() => under.close());

const WAYS = ['public/', 'authenticated/', ''];
const get = (way: string, key: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${under.url}/object/${way}${id}/${key}`, {
    method,
    headers: { authorization: `Bearer ${under.serviceKey}`, ...headers },
  });

test.each(WAYS)('all of it, by /object/%s', async (way) => {
  const answer = await get(way, 'bin');
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  const headers = Object.fromEntries(answer.headers);
  expect(headers).toMatchObject({
    'content-type': 'application/x-bin',
    'content-length': '300000',
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'max-age=77',
    'x-robots-tag': 'none',
    'x-content-type-options': 'nosniff',
    'last-modified': expect.stringMatching(/GMT$/) as string,
  });
  const head = await get(way, 'bin', {}, 'HEAD');
  const own = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);
  const ofHead = Object.fromEntries([...head.headers].filter(([name]) => !own.has(name)));
  expect(head.status).toBe(200);
  expect(headers).toMatchObject(ofHead);
  expect(ofHead['content-length']).toBe('300000');
});

describe('parts', () => {
  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=5-9', 5, 9],
    ['bytes=299990-', 299_990, 299_999],
    ['bytes=-5', 299_995, 299_999],
    ['bytes=299990-400000', 299_990, 299_999],
  ])('%s', async (range, first, last) => {
    const answer = await get('', 'bin', { range });
    expect([
      answer.status,
      answer.headers.get('content-range'),
      answer.headers.get('content-length'),
    ]).toEqual([206, `bytes ${first}-${last}/300000`, String(last - first + 1)]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(first, last + 1))).toBe(true);
  });

  test.each([
    ['an end before its beginning', 'bytes=2-1'],
    ['another unit', 'items=1-2'],
    ['two', 'bytes=0-1,5-6'],
    ['two that overlap', 'bytes=0-9,5-14'],
    ['a thousand', `bytes=${'0-1,'.repeat(1000)}5-6`],
    ['nonsense', 'nonsense'],
  ])('all of it for %s', async (_what, range) => {
    const answer = await get('public/', 'bin', { range });
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, 300_000]);
  });

  test('nothing of it is there', async () => {
    const answer = await get('', 'bin', { range: 'bytes=300000-' });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
    expect(await answer.json()).toMatchObject({ statusCode: '416', error: 'invalid_range' });
    expect((await get('', 'empty', { range: 'bytes=0-0' })).status).toBe(416);
    const empty = await get('', 'empty');
    expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', '']);
  });

  test('are those of what it was, or all of what it is', async () => {
    const etag = (await get('', 'bin', {}, 'HEAD')).headers.get('etag') ?? '';
    const range = 'bytes=0-9';
    expect((await get('', 'bin', { range, 'if-range': etag })).status).toBe(206);
    expect((await get('', 'bin', { range, 'if-range': '"other"' })).status).toBe(200);
    expect((await get('', 'bin', { range, 'if-range': `W/${etag}` })).status).toBe(200);
  });
});

test('what is no news is not sent', async () => {
  const first = await get('', 'bin', {}, 'HEAD');
  const etag = first.headers.get('etag') ?? '';
  const modified = first.headers.get('last-modified') ?? '';
  for (const method of ['GET', 'HEAD']) {
    for (const value of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const answer = await get('', 'bin', { 'if-none-match': value }, method);
      expect([value, answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([
        value,
        304,
        etag,
        '',
      ]);
    }
    expect((await get('', 'bin', { 'if-modified-since': modified }, method)).status).toBe(304);
    expect(
      (await get('', 'bin', { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, method)).status,
    ).toBe(200);
  }
  const news = await get('', 'bin', { 'if-none-match': '"old"', 'if-modified-since': modified });
  expect([news.status, news.headers.get('cache-control')]).toEqual([
    200,
    'max-age=77, stale-while-revalidate=30',
  ]);
  expect((await get('', 'bin', { 'if-match': '"old"' })).status).toBe(412);
  expect((await get('', 'bin', { 'if-match': etag })).status).toBe(200);
});

test('after it was replaced everybody gets the new one, and after it went nobody does', async () => {
  const files = under.service.from(id);
  await files.upload('turns', 'one', { cacheControl: '10' });
  const before = (await get('', 'turns', {}, 'HEAD')).headers.get('etag') ?? '';
  await files.update('turns', 'two', { cacheControl: '20' });
  for (const way of WAYS) {
    const answer = await get(way, 'turns', { 'if-none-match': before });
    expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([
      200,
      'two',
      'max-age=20, stale-while-revalidate=30',
    ]);
  }
  // onto itself: other headers, the same bytes
  const versions = await under.versions();
  const copy = await fetch(`${under.url}/object/copy`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${under.serviceKey}`,
      'content-type': 'application/json',
      'x-upsert': 'true',
    },
    body: JSON.stringify({
      bucketId: id,
      sourceKey: 'turns',
      destinationKey: 'turns',
      copyMetadata: false,
      metadata: { cacheControl: 'max-age=30', mimetype: 'text/x-turned' },
    }),
  });
  expect(copy.status).toBe(200);
  const turned = await get('', 'turns');
  expect([
    turned.headers.get('cache-control'),
    turned.headers.get('content-type'),
    await turned.text(),
  ]).toEqual(['max-age=30', 'text/x-turned', 'two']);
  expect(await under.versions()).toEqual(versions);
  expect((await files.copy('turns', 'turns')).error).toMatchObject({ statusCode: '409' });
  await files.remove(['turns']);
  for (const way of [...WAYS, 'info/', 'info/public/'])
    for (const method of ['GET', 'HEAD'])
      expect([way, (await get(way, 'turns', {}, method)).status]).toEqual([way, 400]);
  expect((await files.exists('turns')).data).toBe(false);
});

test('nothing runs on this origin', async () => {
  const files = under.service.from(id);
  await files.upload('page', '<script>1</script>', { contentType: 'text/html; charset=utf-8' });
  await files.upload('x.svg', '<svg/>', { contentType: 'image/svg+xml' });
  await files.upload('x.pdf', '%PDF', { contentType: 'application/pdf' });
  const page = await get('public/', 'page');
  expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  for (const key of ['page', 'x.svg', 'bin'])
    expect((await get('public/', key)).headers.get('content-security-policy')).toMatch(
      /^default-src 'none';.*; sandbox$/,
    );
  const pdf = await get('public/', 'x.pdf');
  expect(pdf.headers.get('content-security-policy')).toBe('frame-ancestors *');
});

test('a name to save it by', async () => {
  const name = async (query: string) => (await get('', `bin${query}`)).headers.get('content-disposition');
  expect(await name('')).toBeNull();
  expect(await name('?download=')).toBe('attachment;');
  expect(await name('?download=a.png')).toBe("attachment; filename=a.png; filename*=UTF-8''a.png");
  expect(await name(`?download=${encodeURIComponent("John's (1)\r\nx: y.pdf")}`)).toBe(
    `attachment; filename="John's (1)__x: y.pdf"; filename*=UTF-8''John%27s%20%281%29%0D%0Ax%3A%20y.pdf`,
  );
});

test('what is encoded stays so, and says so', async () => {
  const path = `${under.url}/object/${id}/packed`;
  const upload = await fetch(path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${under.serviceKey}`,
      'content-encoding': 'gzip',
      'content-type': 'text/plain',
    },
    body: Buffer.from('H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==', 'base64'),
  });
  expect(upload.status).toBe(200);
  const answer = await get('', 'packed', {}, 'HEAD');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
});

test('who shows no good token gets what is public, and no more', async () => {
  const own = `p-${randomUUID().slice(0, 8)}`;
  await under.service.createBucket(own, { public: false });
  await under.service.from(own).upload('a', 'private');
  const nobody = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${under.url}${path}`, { headers });
  for (const headers of [{}, { authorization: 'Bearer nonsense' }]) {
    expect((await nobody(`/object/${id}/bin`, headers)).status).toBe(200);
    expect((await nobody(`/object/info/${id}/bin`, headers)).status).toBe(200);
    expect((await nobody(`/object/${own}/a`, headers)).status).toBe(400);
    expect((await nobody(`/object/authenticated/${id}/bin`, headers)).status).toBe(400);
  }
  expect(await (await nobody(`/object/public/${own}/a`)).json()).toMatchObject({ code: 'NoSuchBucket' });
  // what is judged is kept apart by who asks
  const varies = async (way: string) => (await get(way, 'bin')).headers.get('vary');
  expect([await varies(''), await varies('authenticated/'), await varies('public/')]).toEqual([
    'authorization, apikey',
    'authorization, apikey',
    null,
  ]);
  expect((await under.anon.from(id).list()).data).toEqual([]);
});

test('a row that says what is not so is served as its bytes are', async () => {
  await under.service.from(id).upload('lies', 'four');
  const lie = (sql: string) =>
    under.owner(`UPDATE storage.objects SET ${sql} WHERE name = 'lies' AND bucket_id = '${id}'`);
  await lie(`metadata = metadata || '{"size": 400}'`);
  const answer = await get('', 'lies', { range: 'bytes=1-300' });
  expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
    206,
    'bytes 1-3/4',
    'our',
  ]);
  await lie(
    `metadata = '{"mimetype": "a\\r\\nb: c", "cacheControl": "x\\r\\ny: z", "eTag": 5, "lastModified": "never"}'`,
  );
  const odd = await get('', 'lies');
  expect([
    odd.status,
    odd.headers.get('content-type'),
    odd.headers.get('cache-control'),
    await odd.text(),
  ]).toEqual([200, 'application/octet-stream', 'no-cache', 'four']);
  await lie(`metadata = NULL, created_at = 'infinity', updated_at = '-infinity'`);
  expect((await get('', 'lies')).status).toBe(200);
  expect((await under.service.from(id).list()).error).toBeNull();
  await lie(`version = '../../../etc/passwd'`);
  expect((await get('', 'lies')).status).toBe(400);
  await lie(`version = '${randomUUID()}'`);
  expect(await (await get('', 'lies')).json()).toMatchObject({ code: 'NoSuchKey' });
  expect((await under.service.from(id).remove(['lies'])).data).toHaveLength(1);
});
