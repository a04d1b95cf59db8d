/** What every adapter of StorageDirectory keeps to. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { StorageError } from '../storage/storage-error.ts';
import type {
  FolderEntry,
  NewObject,
  Place,
  PrefixListing,
  StorageCaller,
  StorageDirectory,
  StorageRows,
} from './storage-directory.ts';

const REQUEST = { method: 'GET', path: '/x', headers: {} };

/** @param sub undefined: an API key */
export const callerOf = (role: string, sub?: string): StorageCaller => ({
  role,
  claims: { role, ...(sub !== undefined && { sub }) },
  token: undefined,
  request: REQUEST,
});

export const newObject = (bucketId: string, name: string, more: Partial<NewObject> = {}): NewObject => ({
  bucketId,
  name,
  ownerId: null,
  version: randomUUID(),
  metadata: { size: 1, mimetype: 'text/plain' },
  userMetadata: null,
  ...more,
});

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof StorageError ? error.code : String(error)),
  );

export const nameOf = (entry: FolderEntry): string =>
  'folder' in entry ? `${entry.folder}/` : entry.object.name;

export function storageDirectoryContract(
  name: string,
  make: () => Promise<{
    readonly directory: StorageDirectory;
    /** nobody but the service may anything in it */
    readonly project: ProjectId;
    close(): Promise<void>;
  }>,
): void {
  describe(`${name}: files of a project`, () => {
    let under: Awaited<ReturnType<typeof make>>;
    beforeAll(async () => (under = await make()));
    afterAll(() => under.close());

    const as = <T>(role: string, work: (rows: StorageRows) => Promise<T>, sub?: string) =>
      under.directory.as(under.project, callerOf(role, sub), 'storage.object.list', work);
    const service = <T>(work: (rows: StorageRows) => Promise<T>) => as('service_role', work);

    async function bucket(): Promise<string> {
      const id = `b-${randomUUID()}`;
      await service(({ buckets }) =>
        buckets.insert({
          id,
          name: id,
          ownerId: 'no-uuid',
          public: false,
          fileSizeLimit: 5_000_000_000,
          allowedMimeTypes: ['image/*'],
        }),
      );
      return id;
    }
    const put = (id: string, object: string, upsert = false) =>
      service(({ objects }) => objects.put(newObject(id, object), { upsert }));

    test('a bucket is as it was made, and is changed in what is named', async () => {
      const id = await bucket();
      const made = await service(({ buckets }) => buckets.find(id));
      expect(made).toMatchObject({
        id,
        owner: null,
        ownerId: 'no-uuid',
        public: false,
        fileSizeLimit: 5_000_000_000,
        allowedMimeTypes: ['image/*'],
      });
      expect(
        await service(({ buckets }) => buckets.update(id, { public: true, allowedMimeTypes: null })),
      ).toBe(true);
      expect(await service(({ buckets }) => buckets.rules(id))).toMatchObject({
        public: true,
        fileSizeLimit: 5_000_000_000,
        allowedMimeTypes: null,
      });
      expect(await service(({ buckets }) => buckets.update(`${id}x`, { public: true }))).toBe(false);
    });

    test('a bucket is there once, and goes when it is empty', async () => {
      const id = await bucket();
      const again = service(({ buckets }) =>
        buckets.insert({
          id,
          name: id,
          ownerId: null,
          public: true,
          fileSizeLimit: null,
          allowedMimeTypes: null,
        }),
      );
      expect(await codeOf(again)).toBe('BucketAlreadyExists');
      await put(id, 'a');
      expect(await codeOf(service(({ buckets }) => buckets.delete(id)))).toBe('ResourceNotEmpty');
      await service(({ objects }) => objects.delete(id, ['a']));
      expect(await service(({ buckets }) => buckets.delete(id))).toBe(true);
      expect(await service(({ buckets }) => buckets.delete(id))).toBe(false);
    });

    test('who has no policy sees nothing and may nothing, but the rules of buckets are known', async () => {
      const id = await bucket();
      await put(id, 'a');
      for (const role of ['anon', 'authenticated']) {
        const seen = await as(role, async ({ buckets, objects, unjudged }) => [
          await buckets.find(id),
          await buckets.list({ limit: undefined, offset: 0, column: 'name', order: 'asc', search: '' }),
          await objects.find({ bucketId: id, name: 'a' }),
          await objects.delete(id, ['a']),
          (await buckets.rules(id))?.id,
          (await unjudged.objects.find({ bucketId: id, name: 'a' }))?.name,
        ]);
        expect(seen).toEqual([undefined, [], undefined, [], id, 'a']);
        expect(
          await codeOf(as(role, ({ objects }) => objects.tryInsert(newObject(id, 'b'), { upsert: false }))),
        ).toBe('AccessDenied');
      }
    });

    test.each(['', 'none', 'nobody_at_all', 'postgres', 'proj_0000000000000000_owner'])(
      'nobody is %j',
      async (role) =>
        expect(await codeOf(as(role, ({ buckets }) => buckets.rules('x')))).toBe('AccessDenied'),
    );

    test('what is tried is not there, and nothing else of the transaction is lost by it', async () => {
      const id = await bucket();
      await put(id, 'taken');
      for (const upsert of [false, true]) {
        const found = await service(async ({ objects }) => {
          await objects.tryInsert(newObject(id, 'free'), { upsert });
          return [await objects.find({ bucketId: id, name: 'free' })];
        });
        expect(found).toEqual([undefined]);
      }
      const tried = (upsert: boolean) =>
        codeOf(service(({ objects }) => objects.tryInsert(newObject(id, 'taken'), { upsert })));
      expect([await tried(false), await tried(true)]).toEqual(['ResourceAlreadyExists', 'done']);
      const elsewhere = service(({ objects }) =>
        objects.tryInsert(newObject(`${id}x`, 'a'), { upsert: false }),
      );
      expect(await codeOf(elsewhere)).toBe('RelatedMissing');
    });

    test('of many who put the same name one does; with upsert each version but the last is told of once', async () => {
      const id = await bucket();
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => codeOf(put(id, 'a'))));
      expect(outcomes.toSorted()).toEqual(
        [...Array<string>(7).fill('ResourceAlreadyExists'), 'done'].toSorted(),
      );
      const first = await service(({ objects }) => objects.find({ bucketId: id, name: 'a' }));
      const replaced = await Promise.all(Array.from({ length: 8 }, () => put(id, 'a', true)));
      const last = await service(({ objects }) => objects.find({ bucketId: id, name: 'a' }));
      const told = replaced.map((one) => one.replaced);
      expect(new Set(told).size).toBe(8);
      expect(told).toContain(first?.version);
      expect(told).not.toContain(last?.version);
      expect([last?.id, last?.createdAt]).toEqual([first?.id, first?.createdAt]);
    });

    test('an owner that is a UUID stands in both columns', async () => {
      const id = await bucket();
      const ownerId = randomUUID();
      const { object } = await service(({ objects }) =>
        objects.put(newObject(id, 'a', { ownerId, userMetadata: { 'ä "b"': [1, null] } }), { upsert: false }),
      );
      expect(object).toMatchObject({ owner: ownerId, ownerId, userMetadata: { 'ä "b"': [1, null] } });
      const other = await service(({ objects }) =>
        objects.put(newObject(id, 'b', { ownerId: 'me' }), { upsert: false }),
      );
      expect(other.object).toMatchObject({ owner: null, ownerId: 'me' });
    });

    test('an object that moves is the same', async () => {
      const [from, to] = [await bucket(), await bucket()];
      const { object } = await put(from, 'a');
      await put(to, 'taken');
      const move = (name: string, bucketId = to) =>
        service(({ objects }) => objects.move({ bucketId: from, name: 'a' }, { bucketId, name }));
      expect(await codeOf(move('taken'))).toBe('ResourceAlreadyExists');
      expect(await codeOf(move('x', 'nowhere'))).toBe('RelatedMissing');
      expect(await move('b/c')).toMatchObject({
        id: object.id,
        version: object.version,
        bucketId: to,
        name: 'b/c',
        createdAt: object.createdAt,
      });
      expect(await move('d')).toBeUndefined();
    });

    test('it is known which versions rows name, and all rows are in one order', async () => {
      const [one, other] = [await bucket(), await bucket()].toSorted();
      const [first = '', second = ''] = [one, other];
      const made: string[] = [];
      for (const [id, name] of [
        [first, 'a'],
        [first, 'b'],
        [second, 'a'],
      ] as const)
        made.push(String((await put(id, name)).object.version));
      const asked = [...made.slice(0, 2), randomUUID(), 'no version'];
      expect(await service(({ objects }) => objects.named(asked))).toEqual(new Set(made.slice(0, 2)));
      expect(await service(({ objects }) => objects.named([]))).toEqual(new Set());
      const found: string[] = [];
      for (let after: Place | undefined; ;) {
        const from = after;
        const rows = await service(({ objects }) => objects.inOrder(from, 1));
        if (rows.length === 0) break;
        found.push(...rows.map(({ version }) => String(version)));
        after = rows.at(-1);
      }
      // others of this file are there, too
      expect(found.filter((version) => made.includes(version))).toEqual(made);
      expect(new Set(found).size).toBe(found.length);
    });

    test('exactly those that are named go', async () => {
      const id = await bucket();
      for (const object of ['f', 'f/x', 'F', 'f%', 'f_']) await put(id, object);
      const gone = await service(({ objects }) => objects.delete(id, ['f', 'f', 'g', 'f/']));
      expect(gone.map((one) => one.name)).toEqual(['f']);
      const rest = await service(({ objects }) => objects.deleteSome(id, 3));
      expect(rest).toHaveLength(3);
      expect(await service(({ objects }) => objects.deleteSome(id, 3))).toHaveLength(1);
    });

    describe('lists', () => {
      const names = ['a', 'a b', 'a-b', 'a/1', 'a/2/3', 'b/c/d', 'b0', 'c', 'd/e', 'z~', 'ü/x'];
      const entries = ['a', 'a b', 'a-b', 'a/', 'b/', 'b0', 'c', 'd/', 'z~', 'ü/'];
      let id: string;
      beforeAll(async () => {
        id = await bucket();
        for (const object of names) await put(id, object);
      });
      const USUAL = { folder: '', search: '', limit: 100, offset: 0, column: 'name', order: 'asc' } as const;
      const folder = async (more: object) =>
        (await service(({ objects }) => objects.folder({ bucketId: id, ...USUAL, ...more }))).map(nameOf);

      test('folders and objects are in one order, each once', async () => {
        expect(await folder({})).toEqual(entries);
        expect(await folder({ order: 'desc' })).toEqual(entries.toReversed());
        expect(await folder({ folder: 'a/' })).toEqual(['a/1', 'a/2/']);
        expect(await folder({ folder: 'nothing/' })).toEqual([]);
      });

      test.each([1, 3, 9])('is cut after it is sorted, %d at a time', async (limit) => {
        for (const order of ['asc', 'desc'] as const) {
          const seen: string[] = [];
          for (let offset = 0; offset < entries.length; offset += limit)
            seen.push(...(await folder({ limit, offset, order })));
          expect(seen).toEqual(order === 'asc' ? entries : entries.toReversed());
        }
      });

      test('by a time folders come first', async () => {
        expect(await folder({ column: 'created_at' })).toEqual([
          ...entries.filter((one) => one.endsWith('/')),
          ...entries.filter((one) => !one.endsWith('/')),
        ]);
        expect((await folder({ column: 'created_at', order: 'desc' })).at(-1)).toBe('a');
      });

      test('what names begin with is sought in any case, and no pattern', async () => {
        expect(await folder({ search: 'A' })).toEqual(['a', 'a b', 'a-b', 'a/']);
        expect(await folder({ search: '%' })).toEqual([]);
        expect(await folder({ folder: 'a/', search: '2' })).toEqual(['a/2/']);
      });

      test('pages follow one another', async () => {
        const pages = async (more: Partial<PrefixListing>) => {
          const seen: string[] = [];
          let after: PrefixListing['after'];
          do {
            const page = await service(({ objects }) =>
              objects.page({
                bucketId: id,
                prefix: '',
                byFolder: false,
                limit: 2,
                column: 'name',
                order: 'asc',
                ...more,
                after,
              }),
            );
            seen.push(...page.entries.map(nameOf));
            after = page.next;
          } while (after);
          return seen;
        };
        const sorted = ['a', 'a b', 'a-b', 'a/1', 'a/2/3', 'b/c/d', 'b0', 'c', 'd/e', 'z~', 'ü/x'];
        expect(await pages({})).toEqual(sorted);
        expect(await pages({ order: 'desc' })).toEqual(sorted.toReversed());
        expect(await pages({ byFolder: true })).toEqual(entries);
        expect(await pages({ byFolder: true, order: 'desc' })).toEqual(entries.toReversed());
        expect(await pages({ column: 'created_at' })).toEqual(names);
        expect(await pages({ column: 'updated_at', order: 'desc' })).toEqual(names.toReversed());
        expect((await pages({ column: 'created_at', byFolder: true })).toSorted()).toEqual(
          entries.toSorted(),
        );
        expect(await pages({ prefix: 'a/' })).toEqual(['a/1', 'a/2/3']);
        expect(await pages({ prefix: 'a', byFolder: true })).toEqual(['a', 'a b', 'a-b', 'a/']);
        expect(await pages({ startAfter: 'b0' })).toEqual(['c', 'd/e', 'z~', 'ü/x']);
      });
    });
  });
}
