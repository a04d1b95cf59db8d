/** Pictures by an unmodified storage-js, and by those who ask for what they may not have. */
import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { twoColours } from '../../application/ports/image-transformer.contract.ts';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
let hidden: string;
let shown: string;
let picture: Buffer;
beforeAll(async () => {
  under = await storageUnderTest();
  [hidden, shown] = [`h-${randomUUID().slice(0, 8)}`, `s-${randomUUID().slice(0, 8)}`];
  await under.service.createBucket(hidden, { public: false });
  await under.service.createBucket(shown, { public: true });
  picture = await twoColours(200, 100).png().toBuffer();
  for (const bucket of [hidden, shown]) await put(bucket, 'a b.png', picture);
});
afterAll(() => under.close());

async function put(bucket: string, name: string, bytes: Buffer | string, contentType = 'image/png') {
  const options = { contentType, upsert: true, cacheControl: '60' };
  expect((await under.service.from(bucket).upload(name, bytes, options)).error).toBeNull();
}
const get = (
  path: string,
  token?: string,
  init: { headers?: Record<string, string>; method?: string } = {},
) =>
  fetch(`${under.url}/render/image/${path}`, {
    ...init,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...init.headers },
  });
const sizeOf = async (bytes: Buffer | ArrayBuffer | Blob) => {
  const given = bytes instanceof Blob ? await bytes.arrayBuffer() : bytes;
  const { width, height, format } = await sharp(Buffer.from(given as ArrayBuffer)).metadata();
  return [width, height, format];
};
const refused = async (answer: Response) => {
  const { code, statusCode } = (await answer.json()) as { code: string; statusCode: string };
  return [answer.status, statusCode, code];
};

test('a public one, smaller and in another format, with its headers', async () => {
  const { publicUrl } = under.anon.from(shown).getPublicUrl('a b.png', {
    transform: { width: 50, height: 50, resize: 'contain', quality: 60 },
  }).data;
  const answer = await fetch(publicUrl);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/png',
    'cache-control': 'max-age=60',
    'x-transformations': 'width:50,height:50,resize:contain,format:origin,quality:60',
    'accept-ranges': 'none',
    'x-content-type-options': 'nosniff',
  });
  const bytes = await answer.arrayBuffer();
  expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
  expect(await sizeOf(bytes)).toEqual([50, 25, 'png']);
  const head = await fetch(publicUrl, { method: 'HEAD' });
  expect([head.status, head.headers.get('etag')]).toEqual([200, answer.headers.get('etag')]);
  const webp = await get(`public/${shown}/a%20b.png?format=webp&width=20&download=b.webp`);
  expect(webp.headers.get('content-disposition')).toContain('filename=b.webp');
  expect(await sizeOf(await webp.arrayBuffer())).toEqual([20, 10, 'webp']);
});

test('one that has not changed is not sent again; its tag is not that of the picture, nor of another size', async () => {
  const at = (width: number) => `public/${shown}/a%20b.png?width=${width}`;
  const tag = (await get(at(10))).headers.get('etag') ?? '';
  const again = await get(at(10), undefined, { headers: { 'if-none-match': tag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const other = await get(at(11), undefined, { headers: { 'if-none-match': tag } });
  expect([other.status, other.headers.get('etag') === tag]).toEqual([200, false]);
  const whole = await fetch(`${under.url}/object/public/${shown}/a%20b.png`);
  expect(whole.headers.get('etag')).not.toBe(tag);
  await put(shown, 'a b.png', await twoColours(100, 100).png().toBuffer());
  const changed = await get(at(10), undefined, { headers: { 'if-none-match': tag } });
  expect([changed.status, await sizeOf(await changed.arrayBuffer())]).toEqual([200, [10, 10, 'png']]);
  await put(shown, 'a b.png', picture);
});

test('who may not see the object does not see it smaller', async () => {
  const path = `authenticated/${hidden}/a%20b.png?width=10`;
  expect((await get(path, under.serviceKey)).status).toBe(200);
  const { token, storage } = await under.user();
  expect(await refused(await get(path, token))).toEqual([400, '404', 'NoSuchKey']);
  expect((await refused(await get(path))).slice(0, 2)).toEqual([400, '400']);
  expect(await refused(await get(`public/${hidden}/a%20b.png?width=10`))).toEqual([
    400,
    '404',
    'NoSuchBucket',
  ]);
  const otherKey = await under.token({ role: 'service_role' }, under.otherProject);
  const elsewhere = `${under.otherUrl}/render/image/${path}`;
  const other = await fetch(elsewhere, { headers: { authorization: `Bearer ${otherKey}` } });
  expect((await refused(other))[1]).toBe('404');
  const policy = `see_${randomUUID().slice(0, 8)}`;
  await under.owner(`CREATE POLICY ${policy} ON storage.objects FOR SELECT TO authenticated
    USING (bucket_id = '${hidden}' AND storage.operation() = 'storage.render.image_authenticated')`);
  const { data } = await storage.from(hidden).download('a b.png', { transform: { width: 10 } });
  expect(data && (await sizeOf(data))).toEqual([10, 5, 'png']);
  await under.owner(`DROP POLICY ${policy} ON storage.objects`);
});

test('a link fixes how it is changed, and gives nothing else of the picture', async () => {
  const files = under.service.from(hidden);
  const { data } = await files.createSignedUrl('a b.png', 60, { transform: { width: 30, height: 30 } });
  const url = data?.signedUrl ?? '';
  expect(url).toContain(`/render/image/sign/${hidden}/a%20b.png?token=`);
  const answer = await fetch(`${url}&width=200`);
  expect(await sizeOf(await answer.arrayBuffer())).toEqual([30, 30, 'png']);
  expect(answer.headers.get('expires')).not.toBeNull();
  const whole = await fetch(url.replace('/render/image/', '/object/'));
  expect(await refused(whole)).toEqual([400, '400', 'InvalidSignature']);
  const { data: plain } = await files.createSignedUrl('a b.png', 60);
  const unsaid = await fetch((plain?.signedUrl ?? '').replace('/object/', '/render/image/'));
  expect(await refused(unsaid)).toEqual([400, '400', 'InvalidRequest']);
  await put(hidden, 'other.png', picture);
  expect((await refused(await fetch(url.replace('a%20b.png', 'other.png'))))[2]).toBe('InvalidSignature');
  expect((await refused(await get(`sign/${hidden}/a%20b.png`)))[2]).toBe('InvalidJWT');
  under.advance(100);
  expect((await refused(await fetch(url)))[2]).toBe('InvalidJWT');
  under.advance(-100);
  const bad = await files.createSignedUrl('a b.png', 60, { transform: { width: 99_999 } });
  expect(bad.error).toMatchObject({ status: 400 });
});

test.each([
  'width=0',
  'width=2501',
  'height=-1',
  'width=1e3',
  'quality=19',
  'quality=101',
  'resize=crop',
  'format=svg',
  'width=1&width=2',
])('?%s', async (query) => {
  expect(await refused(await get(`public/${shown}/a%20b.png?${query}`))).toEqual([
    400,
    '400',
    'InvalidRequest',
  ]);
});

test('what is no picture, is broken, moves, or is too large is told so, and costs nobody else anything', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  const bomb = await sharp({ create: { width: 10_000, height: 6_000, channels: 3, background: '#fff' } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  const frames = await Promise.all(
    [twoColours(9, 9), sharp(picture).resize(9, 9)].map((one) => one.png().toBuffer()),
  );
  const moving = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  const cases: readonly (readonly [string, Buffer | string, string, string])[] = [
    ['svg', svg, '415', 'InvalidMimeType'],
    ['text', 'no picture at all', '415', 'InvalidMimeType'],
    ['empty', '', '415', 'InvalidMimeType'],
    ['broken', picture.subarray(0, picture.length - 60), '400', 'InvalidRequest'],
    ['moving', moving, '400', 'InvalidRequest'],
    ['bomb', bomb, '413', 'EntityTooLarge'],
  ];
  for (const [name, bytes, statusCode, code] of cases) {
    await put(shown, name, bytes);
    expect([name, ...(await refused(await get(`public/${shown}/${name}?width=5`)))]).toEqual([
      name,
      400,
      statusCode,
      code,
    ]);
  }
  expect((await get(`public/${shown}/a%20b.png?width=5`)).status).toBe(200);
  expect(under.warned).toEqual([]);
});

test('what is not there is told as of any object', async () => {
  expect(await refused(await get(`public/${shown}/nothing?width=5`))).toEqual([400, '404', 'NoSuchKey']);
  expect(await refused(await get(`public/${shown}/..%2fa?width=5`))).toEqual([400, '400', 'InvalidKey']);
  // a row that an owner wrote, with bytes that are none, or another project's
  const { data } = await under.service.from(hidden).info('a b.png');
  await under.owner(`INSERT INTO storage.objects (bucket_id, name, version) VALUES ('${shown}', 'none', 'x'),
    ('${shown}', 'gone', '${randomUUID()}')`);
  expect(data).not.toBeNull();
  for (const name of ['none', 'gone'])
    expect(await refused(await get(`public/${shown}/${name}?width=5`))).toEqual([400, '404', 'NoSuchKey']);
});

test('where it is off there is no such place', async () => {
  under.setting({ imageTransformation: false });
  const answer = await get(`public/${shown}/a%20b.png?width=5`);
  expect([answer.status, (await refused(answer))[2]]).toEqual([404, 'NoSuchRoute']);
  under.setting({ imageTransformation: true });
});
