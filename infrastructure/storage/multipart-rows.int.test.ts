import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerOf, codeOf, newObject } from '../../application/ports/storage-directory.contract.ts';
import type { MultipartListing, StorageRows } from '../../application/ports/storage-directory.ts';
import { testUsers } from '../testing/users.ts';
import { PgStorageDirectory } from './pg-storage-directory.ts';

let users: Awaited<ReturnType<typeof testUsers>>;
let directory: PgStorageDirectory;
beforeAll(async () => {
  users = await testUsers();
  directory = new PgStorageDirectory(users.connections);
});
afterAll(() => users.close());

const as = <T>(role: string, work: (rows: StorageRows) => Promise<T>, sub?: string) =>
  directory.as(users.projects[0], callerOf(role, sub), 'storage.s3.upload.part', work);
const service = <T>(work: (rows: StorageRows) => Promise<T>) => as('service_role', work);

async function bucket(): Promise<string> {
  const id = `b-${randomUUID()}`;
  await service(({ buckets }) =>
    buckets.insert({
      id,
      name: id,
      ownerId: null,
      public: false,
      fileSizeLimit: null,
      allowedMimeTypes: null,
    }),
  );
  return id;
}

async function begun(bucketId: string, key: string, ownerId: string | null = null): Promise<string> {
  const id = randomUUID();
  const row = { id, bucketId, key, ownerId, metadata: { mimetype: 'a/b' }, userMetadata: { m: 1 } };
  await service(({ uploads }) => uploads.insert(row));
  return id;
}

const listed = async (
  bucketId: string,
  more: Partial<MultipartListing> = {},
  role = 'service_role',
  sub?: string,
) => {
  const listing = { bucketId, prefix: '', limit: 100, after: undefined, ...more };
  return (await as(role, ({ uploads }) => uploads.list(listing), sub)).map(({ key, id }) => [key, id]);
};

test('parts take the place of one another, and their sizes are summed up', async () => {
  const id = await begun(await bucket(), 'k');
  const part = (number: number, size: number) =>
    service(({ uploads }) => uploads.putPart(id, { number, size, md5: 'a'.repeat(32) }));
  await Promise.all([part(1, 5), part(2, 3_000_000_000), part(3, 7)]);
  await part(1, 6);
  const rows = await users.owner(
    `SELECT part_number, size::text, u.in_progress_size::text AS sum, u.metadata, u.user_metadata
     FROM storage.s3_multipart_uploads_parts p JOIN storage.s3_multipart_uploads u ON u.id = upload_id
     WHERE upload_id = '${id}' ORDER BY part_number`,
  );
  const said = { sum: '3000000013', metadata: { mimetype: 'a/b' }, user_metadata: { m: 1 } };
  expect(rows).toEqual([
    { part_number: 1, size: '6', ...said },
    { part_number: 2, size: '3000000000', ...said },
    { part_number: 3, size: '7', ...said },
  ]);
  await service(({ uploads }) => uploads.delete(id));
  // of an upload that is gone there are no parts, and none come
  await part(1, 5);
  expect(
    await users.owner(`SELECT FROM storage.s3_multipart_uploads_parts WHERE upload_id = '${id}'`),
  ).toEqual([]);
});

test('lists go by key and id, and on behind both', async () => {
  const id = await bucket();
  const twice = [await begun(id, 'b'), await begun(id, 'b')].sort();
  const [a, z] = [await begun(id, 'a/%_1'), await begun(id, 'Z')];
  const all = [['Z', z], ['a/%_1', a], ...twice.map((each) => ['b', each])];
  expect(await listed(id)).toEqual(all);
  expect(await listed(id, { prefix: 'a/%_' })).toEqual([['a/%_1', a]]);
  expect(await listed(id, { limit: 2 })).toEqual(all.slice(0, 2));
  expect(await listed(id, { after: { key: 'a/%_1', id: undefined } })).toEqual(all.slice(2));
  expect(await listed(id, { after: { key: 'b', id: twice[0] } })).toEqual(all.slice(3));
  expect(await listed(await bucket())).toEqual([]);
});

test('one whose time is over is not listed, and goes when the next begins', async () => {
  const id = await bucket();
  const old = await begun(id, 'old');
  await users.owner(
    `UPDATE storage.s3_multipart_uploads SET created_at = now() - interval '26 hours' WHERE id = '${old}'`,
  );
  expect(await listed(id)).toEqual([]);
  const next = await begun(id, 'next');
  expect(
    await users.owner("SELECT id FROM storage.s3_multipart_uploads WHERE key IN ('old', 'next')"),
  ).toEqual([{ id: next }]);
});

test('who has no policy sees none and begins none; one that is theirs is seen by a policy', async () => {
  const id = await bucket();
  const sub = randomUUID();
  const theirs = await begun(id, 'k', sub);
  await begun(id, 'l', randomUUID());
  expect(await listed(id, {}, 'authenticated', sub)).toEqual([]);
  const row = { id: 'x', bucketId: id, key: 'k', ownerId: sub, metadata: {}, userMetadata: null };
  expect(await codeOf(as('authenticated', ({ uploads }) => uploads.insert(row), sub))).toBe('AccessDenied');
  await users.owner(`CREATE POLICY theirs ON storage.s3_multipart_uploads FOR SELECT TO authenticated
    USING (owner_id = auth.uid()::text)`);
  expect(await listed(id, {}, 'authenticated', sub)).toEqual([['k', theirs]]);
  await users.owner('DROP POLICY theirs ON storage.s3_multipart_uploads');
  expect(await codeOf(service(({ uploads }) => uploads.insert({ ...row, bucketId: `${id}x` })))).toBe(
    'RelatedMissing',
  );
});

test('a bucket goes with what was begun in it, and a bucket that stays keeps it', async () => {
  const id = await bucket();
  await begun(id, 'k');
  // none that a policy lets anybody delete
  expect(await as('authenticated', ({ buckets }) => buckets.delete(id))).toBe(false);
  expect(await listed(id)).toHaveLength(1);
  await service(({ objects }) => objects.put(newObject(id, 'a'), { upsert: false }));
  expect(await codeOf(service(({ buckets }) => buckets.delete(id)))).toBe('ResourceNotEmpty');
  expect(await listed(id)).toHaveLength(1);
  await service(({ objects }) => objects.delete(id, ['a']));
  const seen = await service(async ({ buckets }) => [await buckets.delete(id), await buckets.find(id)]);
  expect(seen).toEqual([true, undefined]);
  expect(await listed(id)).toEqual([]);
});
