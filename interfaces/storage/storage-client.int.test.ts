/** Every call of an unmodified storage-js, against a real database and real files. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
beforeAll(async () => {
  under = await storageUnderTest();
});
afterAll(() => under.close());

const name = () => `b-${randomUUID().slice(0, 8)}`;

async function bucket(options: Parameters<typeof under.service.createBucket>[1] = { public: false }) {
  const id = name();
  const { error } = await under.service.createBucket(id, options);
  expect(error).toBeNull();
  return { id, files: under.service.from(id) };
}

test('buckets: made, read, listed, changed, emptied, deleted', async () => {
  const id = name();
  const made = await under.service.createBucket(id, {
    public: true,
    fileSizeLimit: '20MB',
    allowedMimeTypes: ['image/*', 'text/plain'],
  });
  expect(made).toEqual({ data: { name: id }, error: null });
  expect((await under.service.createBucket(id)).error).toMatchObject({ status: 400, statusCode: '409' });
  const { data } = await under.service.getBucket(id);
  expect(data).toMatchObject({
    id,
    name: id,
    owner: '',
    public: true,
    file_size_limit: 20_000_000,
    allowed_mime_types: ['image/*', 'text/plain'],
  });
  await under.service.createBucket(`${id}-2`);
  const listed = await under.service.listBuckets({
    search: id.toUpperCase(),
    sortColumn: 'name',
    sortOrder: 'desc',
  });
  expect(listed.data?.map((one) => [one.id, one.type])).toEqual([
    [`${id}-2`, 'STANDARD'],
    [id, 'STANDARD'],
  ]);
  expect((await under.service.listBuckets({ search: id, limit: 1, offset: 1 })).data).toHaveLength(1);
  // absent is unchanged, null is cleared
  const raw = (body: object) =>
    fetch(`${under.url}/bucket/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${under.serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then((answer) => answer.json());
  expect(await raw({ public: false })).toEqual({ message: 'Successfully updated' });
  expect((await under.service.getBucket(id)).data).toMatchObject({
    public: false,
    file_size_limit: 20_000_000,
    allowed_mime_types: ['image/*', 'text/plain'],
  });
  await raw({ file_size_limit: null });
  expect((await under.service.getBucket(id)).data).toMatchObject({ file_size_limit: null });
  expect(await raw({})).toMatchObject({ statusCode: '400', code: 'InvalidRequest' });
  await under.service.from(id).upload('a', 'text');
  expect((await under.service.deleteBucket(id)).error).toMatchObject({
    status: 400,
    statusCode: '409',
    message: 'The bucket you tried to delete is not empty',
  });
  expect((await under.anon.emptyBucket(id)).error).toMatchObject({ statusCode: '403' });
  expect((await under.service.emptyBucket(id)).error).toBeNull();
  expect((await under.service.deleteBucket(id)).data).toEqual({ message: 'Successfully deleted' });
  expect((await under.service.getBucket(id)).error).toMatchObject({
    status: 400,
    statusCode: '404',
    message: 'Bucket not found',
  });
});

test('an object: uploaded, read, replaced, described, deleted', async () => {
  const { id, files } = await bucket();
  const path = 'folder/a b (1)&c.txt';
  const { data, error } = await files.upload(path, new Blob(['hello'], { type: 'text/x-mine;a=b' }), {
    cacheControl: '60',
    metadata: { mine: 'yes' },
  });
  expect(error).toBeNull();
  expect(data).toMatchObject({ path, fullPath: `${id}/${path}` });
  expect((await files.upload(path, 'again')).error).toMatchObject({ status: 400, statusCode: '409' });
  expect(await (await files.download(path)).data?.text()).toBe('hello');
  const info = await files.info(path);
  expect(info.data).toMatchObject({
    id: data?.id,
    name: path,
    bucketId: id,
    size: 5,
    contentType: 'text/x-mine;a=b',
    cacheControl: 'max-age=60',
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    metadata: { mine: 'yes' },
  });
  expect(await files.exists(path)).toMatchObject({ data: true });
  expect(await files.exists(`${path}x`)).toMatchObject({ data: false });
  const [before] = await under.versions();
  expect(
    (await files.update(path, JSON.stringify({ a: 1 }), { contentType: 'application/json' })).error,
  ).toBeNull();
  expect(await (await files.download(path)).data?.text()).toBe('{"a":1}');
  expect(await under.versions()).not.toContain(before);
  expect((await files.upload(path, 'third', { upsert: true })).error).toBeNull();
  const { data: removed } = await files.remove([path, 'not there', 'folder']);
  expect(removed).toMatchObject([{ name: path, bucket_id: id }]);
  expect((await files.download(path)).error).toBeTruthy();
  expect(await under.versions()).toEqual([]);
});

test('lists', async () => {
  const { files } = await bucket();
  for (const path of ['a', 'a/b', 'a/c/d', 'z.txt', 'dir/Two', 'dir/one'])
    expect((await files.upload(path, path)).error).toBeNull();
  const shown = async (...asked: Parameters<typeof files.list>) =>
    (await files.list(...asked)).data?.map((one) => `${one.name}${one.id === null ? '/' : ''}`);
  expect(await shown()).toEqual(['a', 'a/', 'dir/', 'z.txt']);
  expect(await shown('', { sortBy: { column: 'name', order: 'desc' } })).toEqual([
    'z.txt',
    'dir/',
    'a/',
    'a',
  ]);
  expect(await shown('a')).toEqual(['b', 'c/']);
  expect(await shown('dir', { search: 'ON' })).toEqual(['one']);
  expect(await shown('', { search: 'd' })).toEqual(['dir/']);
  expect(await shown('', { limit: 1, offset: 2 })).toEqual(['dir/']);
  expect(await shown('', { limit: 1, sortBy: { column: 'created_at', order: 'desc' }, offset: 2 })).toEqual([
    'z.txt',
  ]);
  expect(await shown('', { sortBy: { column: 'created_at', order: 'asc' } })).toEqual([
    'a/',
    'dir/',
    'a',
    'z.txt',
  ]);
  expect(await shown('nothing')).toEqual([]);
  expect((await under.service.from('no-bucket').list()).data).toEqual([]);
});

test('lists page by page', async () => {
  const { files } = await bucket();
  for (const path of ['a', 'a/b', 'a/c', 'b', 'c/d', 'e']) await files.upload(path, path);
  const pages = async (options: Parameters<typeof files.listV2>[0]) => {
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, error } = await files.listV2({ ...options, ...(cursor && { cursor }) });
      if (!data) throw error;
      seen.push(...data.folders.map((one) => one.name), ...data.objects.map((one) => one.name));
      cursor = data.nextCursor;
      if (!data.hasNext) return seen;
    }
  };
  const all = ['a', 'a/b', 'a/c', 'b', 'c/d', 'e'];
  for (const limit of [1, 2, 6]) {
    expect(await pages({ limit })).toEqual(all);
    expect(await pages({ limit, sortBy: { column: 'name', order: 'desc' } })).toEqual(all.toReversed());
    expect(await pages({ limit, sortBy: { column: 'created_at', order: 'desc' } })).toEqual(all.toReversed());
    const entries = ['a', 'a/', 'b', 'c/', 'e'];
    expect((await pages({ limit, with_delimiter: true })).toSorted()).toEqual(entries);
    expect(
      (
        await pages({ limit, with_delimiter: true, sortBy: { column: 'created_at', order: 'asc' } })
      ).toSorted(),
    ).toEqual(entries);
    expect(
      (await pages({ limit, with_delimiter: true, sortBy: { column: 'name', order: 'desc' } })).toSorted(),
    ).toEqual(entries);
  }
  expect(await pages({ prefix: 'a/' })).toEqual(['a/b', 'a/c']);
});

test('move keeps, copy makes', async () => {
  const { id, files } = await bucket();
  const other = await bucket();
  await files.upload('from', 'text', { metadata: { mine: 1 } });
  const before = (await files.info('from')).data;
  expect((await files.move('from', 'to/it')).data).toMatchObject({ message: 'Successfully moved' });
  const after = (await files.info('to/it')).data;
  expect([after?.id, after?.version]).toEqual([before?.id, before?.version]);
  expect((await files.move('from', 'x')).error).toMatchObject({ statusCode: '404' });
  expect((await files.copy('to/it', 'two')).data).toEqual({ path: `${id}/two` });
  expect((await files.info('two')).data).toMatchObject({ metadata: { mine: 1 }, size: 4 });
  expect((await files.copy('to/it', 'two')).error).toMatchObject({ statusCode: '409' });
  expect((await files.move('to/it', 'two')).error).toMatchObject({ statusCode: '409' });
  expect((await files.copy('two', 'three', { destinationBucket: other.id })).error).toBeNull();
  expect(await (await other.files.download('three')).data?.text()).toBe('text');
  expect((await files.copy('two', 'x', { destinationBucket: 'nowhere' })).error).toMatchObject({
    statusCode: '404',
  });
});

test('links', async () => {
  const { id, files } = await bucket();
  const path = 'in/a b (1)&c.txt';
  await files.upload(path, 'linked');
  const { data } = await files.createSignedUrl(path, 60, { download: "John's.txt" });
  const answer = await fetch(data?.signedUrl ?? '');
  expect([answer.status, await answer.text()]).toEqual([200, 'linked']);
  expect(answer.headers.get('content-disposition')).toContain("filename*=UTF-8''John%27s.txt");
  expect(answer.headers.get('expires')).toBeTruthy();
  const many = await files.createSignedUrls([path, 'none'], 60);
  expect(many.data?.map(({ error }) => error)).toEqual([
    null,
    'Either the object does not exist or you do not have access to it',
  ]);
  expect(await (await fetch(many.data?.[0]?.signedUrl ?? '')).text()).toBe('linked');
  const upload = await files.createSignedUploadUrl('up/load');
  const token = upload.data?.token ?? '';
  const anon = under.anon.from(id);
  expect((await anon.uploadToSignedUrl('up/load', token, 'by link')).data).toMatchObject({ path: 'up/load' });
  expect((await anon.uploadToSignedUrl('up/load', token, 'again')).error).toMatchObject({
    statusCode: '409',
  });
  expect((await anon.uploadToSignedUrl('up/other', token, 'x')).error).toMatchObject({
    status: 400,
    statusCode: '400',
  });
  expect(await (await files.download('up/load')).data?.text()).toBe('by link');
  const again = await files.createSignedUploadUrl('up/load', { upsert: true });
  expect((await anon.uploadToSignedUrl('up/load', again.data?.token ?? '', 'third')).error).toBeNull();
  expect(await (await files.download('up/load')).data?.text()).toBe('third');
});

test('policies decide, and see the row as it will be', async () => {
  const { id } = await bucket();
  await under.owner(`
    CREATE POLICY "own ${id}" ON storage.objects FOR ALL TO authenticated
      USING (bucket_id = '${id}' AND (storage.foldername(name))[1] = auth.uid()::text)
      WITH CHECK (bucket_id = '${id}' AND (storage.foldername(name))[1] = auth.uid()::text
        AND owner_id = auth.uid()::text AND coalesce(user_metadata ->> 'mine', 'yes') = 'yes'
        AND metadata ->> 'mimetype' LIKE 'text/%')`);
  const one = await under.user();
  const files = one.storage.from(id);
  expect((await files.upload(`${one.sub}/a`, 'mine', { metadata: { mine: 'yes' } })).error).toBeNull();
  const denied = {
    status: 400,
    statusCode: '403',
    message: expect.stringContaining('row-level security') as string,
  };
  expect((await files.upload('elsewhere/a', 'x')).error).toMatchObject(denied);
  expect((await files.upload(`${one.sub}/b`, 'x', { metadata: { mine: 'no' } })).error).toMatchObject(denied);
  expect((await files.upload(`${one.sub}/b`, 'x', { contentType: 'image/png' })).error).toMatchObject(denied);
  const form = new FormData();
  form.append('file', new Blob(['form'], { type: 'text/plain' }));
  form.append('cacheControl', '5');
  form.append('metadata', JSON.stringify({ mine: 'no' }));
  const post = (path: string, body: FormData) =>
    fetch(`${under.url}/object/${id}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${one.token}` },
      body,
    });
  expect(await (await post(`${one.sub}/c`, form)).json()).toMatchObject({ statusCode: '403' });
  form.set('metadata', JSON.stringify({ mine: 'yes' }));
  expect((await post(`${one.sub}/c`, form)).status).toBe(200);
  expect((await files.info(`${one.sub}/c`)).data).toMatchObject({
    cacheControl: 'max-age=5',
    metadata: { mine: 'yes' },
  });
  // what stands behind a file too large to wait for is judged when it has come
  const large = new FormData();
  large.append('file', new Blob(['x'.repeat(600_000)], { type: 'text/plain' }));
  large.append('metadata', JSON.stringify({ mine: 'no' }));
  const before = await under.versions();
  expect(await (await post(`${one.sub}/large`, large)).json()).toMatchObject({ statusCode: '403' });
  expect(await under.versions()).toEqual(before);
  const two = await under.user();
  const theirs = two.storage.from(id);
  expect((await theirs.download(`${one.sub}/a`)).error).toBeTruthy();
  expect((await theirs.list(one.sub)).data).toEqual([]);
  expect((await theirs.remove([`${one.sub}/a`])).data).toEqual([]);
  expect((await theirs.createSignedUrl(`${one.sub}/a`, 60)).error).toMatchObject({ statusCode: '404' });
  expect((await under.anon.from(id).upload(`${one.sub}/d`, 'x')).error).toMatchObject(denied);
  expect((await files.upload(`${one.sub}/a`, 'other', { upsert: true })).error).toBeNull();
  expect((await files.move(`${one.sub}/a`, `${two.sub}/a`)).error).toMatchObject(denied);
  const { sub } = await under.user('no-uuid');
  const odd = (await under.user(sub)).storage;
  expect((await odd.from(id).list()).error).toBeTruthy();
  expect((await files.remove([`${one.sub}/a`, `${one.sub}/c`])).data).toHaveLength(2);
});

test('who is no UUID owns what they upload', async () => {
  const { id } = await bucket();
  await under.owner(
    `CREATE POLICY "all ${id}" ON storage.objects FOR ALL TO authenticated USING (bucket_id = '${id}')`,
  );
  const { storage } = await under.user('no-uuid');
  expect((await storage.from(id).upload('a', 'x')).error).toBeNull();
  expect(await under.owner(`SELECT owner, owner_id FROM storage.objects WHERE bucket_id = '${id}'`)).toEqual([
    { owner: null, owner_id: 'no-uuid' },
  ]);
});

test('a hundred files at the same moment are stored, and read', async () => {
  const { files } = await bucket();
  const paths = Array.from({ length: 100 }, (_, at) => `many/${at}`);
  const stored = await Promise.all(paths.map((path) => files.upload(path, path)));
  expect(stored.filter(({ error }) => error)).toEqual([]);
  const read = await Promise.all(
    paths.map(async (path) => {
      const { data, error } = await files.download(path);
      return data ? data.text() : error;
    }),
  );
  expect(read).toEqual(paths);
  expect((await files.list('many', { limit: 1000 })).data).toHaveLength(100);
});

const post = async (path: string, body: unknown) => {
  const answer = await fetch(`${under.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${under.serviceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, string> & Record<string, string>[];
};

test('a link holds the path as it is called, since the client encodes it', async () => {
  const { id, files } = await bucket();
  const path = "it's/a b (1)&c.txt";
  await files.upload(path, 'x');
  const starts = `/object/sign/${id}/${path}?token=`;
  expect((await post(`/object/sign/${id}/${encodeURI(path)}`, { expiresIn: 60 }))['signedURL']).toContain(
    starts,
  );
  const [one] = await post(`/object/sign/${id}`, { expiresIn: 60, paths: [path] });
  expect(one?.['signedURL']).toContain(starts);
  const upload = await post(`/object/upload/sign/${id}/${encodeURI('a b/c d')}`, {});
  expect(upload['url']).toContain(`/object/upload/sign/${id}/a b/c d?token=`);
});

test('a type is allowed with whatever parameters, and stored with them', async () => {
  const { files } = await bucket({ public: false, allowedMimeTypes: ['text/plain', 'audio/webm'] });
  expect((await files.upload('default', 'x')).error).toBeNull();
  const opus = 'audio/webm;codecs=opus';
  expect((await files.upload('raw', Buffer.from('x'), { contentType: opus })).error).toBeNull();
  expect((await files.upload('form', new Blob(['x'], { type: opus }))).error).toBeNull();
  expect((await files.info('default')).data?.contentType).toBe('text/plain;charset=UTF-8');
  for (const path of ['raw', 'form']) expect((await files.info(path)).data?.contentType).toBe(opus);
  expect((await files.upload('html', 'x', { contentType: 'text/html' })).error).toMatchObject({
    status: 400,
    statusCode: '415',
    message: 'mime type text/html is not supported',
  });
  // what apps keep an empty folder by is of no type
  const empty = await files.upload('folder/.emptyFolderPlaceholder', new Blob([], { type: 'application/x' }));
  expect(empty.error).toBeNull();
});

test('a list is cut after it is sorted, and says by default what it says', async () => {
  const { id, files } = await bucket();
  for (const path of ['c', 'a', 'b']) await files.upload(path, path);
  const newest = await files.list('', { limit: 1, sortBy: { column: 'created_at', order: 'desc' } });
  expect(newest.data?.map((one) => one.name)).toEqual(['b']);
  const usual = await post(`/object/list/${id}`, { prefix: '' });
  expect(usual.map((one) => one['name'])).toEqual(['a', 'b', 'c']);
  expect(usual[0]).toMatchObject({
    metadata: { eTag: '"0cc175b9c0f1b6a831c399e269772661"', size: 1, contentLength: 1, httpStatusCode: 200 },
  });
});
