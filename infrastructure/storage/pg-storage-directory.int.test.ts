import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callerOf,
  codeOf,
  nameOf,
  newObject,
  storageDirectoryContract,
} from '../../application/ports/storage-directory.contract.ts';
import type { Place, StorageRows } from '../../application/ports/storage-directory.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { testUsers } from '../testing/users.ts';
import { PgStorageDirectory } from './pg-storage-directory.ts';

storageDirectoryContract('in a project’s own database', async () => {
  const users = await testUsers();
  return {
    directory: new PgStorageDirectory(users.connections),
    project: users.projects[0],
    close: () => users.close(),
  };
});

let users: Awaited<ReturnType<typeof testUsers>>;
let directory: PgStorageDirectory;
beforeAll(async () => {
  users = await testUsers();
  directory = new PgStorageDirectory(users.connections);
  await users.owner(`INSERT INTO storage.buckets (id, name) VALUES ('b', 'b')`);
});
afterAll(() => users.close());

const as = <T>(role: string, work: (rows: StorageRows) => Promise<T>, sub?: string) =>
  directory.as(users.projects[0], callerOf(role, sub), 'storage.object.upload', work);
const policy = (text: string) => users.owner(text);

describe('policies', () => {
  test('know who asks, what for, and by which request', async () => {
    const sub = randomUUID();
    await policy(`
      CREATE FUNCTION public.mine() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT auth.uid()::text = '${sub}' $$;
      CREATE POLICY knows ON storage.objects FOR INSERT TO authenticated WITH CHECK (
        mine() AND name = 'knows' AND auth.role() = 'authenticated' AND current_user = 'authenticated'
        AND storage.operation() = 'storage.object.upload'
        AND current_setting('request.method') = 'GET' AND current_setting('request.path') = '/x'
        AND current_setting('request.jwt.claims')::json ->> 'sub' = '${sub}')`);
    const tried = (who: string) =>
      codeOf(
        as(
          'authenticated',
          ({ objects }) => objects.tryInsert(newObject('b', 'knows'), { upsert: false }),
          who,
        ),
      );
    expect([await tried(sub), await tried(randomUUID())]).toEqual(['done', 'AccessDenied']);
  });

  test('of INSERT alone do for an upload, and not for one that replaces, also where there is nothing yet', async () => {
    await policy(
      `CREATE POLICY ins ON storage.objects FOR INSERT TO authenticated WITH CHECK (name LIKE 'up/%')`,
    );
    const tried = (upsert: boolean) =>
      codeOf(as('authenticated', ({ objects }) => objects.tryInsert(newObject('b', 'up/a'), { upsert })));
    expect([await tried(false), await tried(true)]).toEqual(['done', 'AccessDenied']);
    await policy(`CREATE POLICY sel ON storage.objects FOR SELECT TO authenticated USING (name LIKE 'up/%')`);
    expect(await tried(true)).toBe('AccessDenied');
    await policy(`CREATE POLICY upd ON storage.objects FOR UPDATE TO authenticated USING (name LIKE 'up/%')`);
    expect(await tried(true)).toBe('done');
  });

  test('that take too long are the project’s own trouble', async () => {
    await policy(`CREATE POLICY slow ON storage.objects FOR SELECT TO anon USING (pg_sleep(30) IS NOT NULL)`);
    await as('service_role', ({ objects }) => objects.put(newObject('b', 'slow'), { upsert: true }));
    const hurried = new PgStorageDirectory(users.connections, 2_500);
    const asked = hurried.as(users.projects[0], callerOf('anon'), 'storage.object.get', ({ objects }) =>
      objects.find({ bucketId: 'b', name: 'slow' }),
    );
    expect(await codeOf(asked)).toBe('DatabaseTimeout');
    await policy('DROP POLICY slow ON storage.objects');
  });
});

test('a page of a folder is found without a look at what is below the others, under policies', async () => {
  await policy(`
    INSERT INTO storage.buckets (id, name) VALUES ('many', 'many');
    INSERT INTO storage.objects (bucket_id, name)
      SELECT 'many', 'd' || n % 10 || '/' || n || '.txt' FROM generate_series(1, 20000) n;
    CREATE SEQUENCE public.looks;
    CREATE FUNCTION public.looked() RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER AS
      $$ SELECT nextval('public.looks') > 0 $$;
    CREATE POLICY many ON storage.objects FOR SELECT TO anon USING (public.looked())`);
  await policy('ANALYZE storage.objects');
  const listing = { search: '', limit: 5, offset: 1, column: 'name', order: 'asc' } as const;
  const [top, below] = await as('anon', async ({ objects }) => [
    await objects.folder({ bucketId: 'many', folder: '', ...listing }),
    await objects.folder({ bucketId: 'many', folder: 'd3/', ...listing }),
  ]);
  expect(top?.map(nameOf)).toEqual(['d1/', 'd2/', 'd3/', 'd4/', 'd5/']);
  expect(below?.map(nameOf)).toEqual([
    'd3/10013.txt',
    'd3/10023.txt',
    'd3/1003.txt',
    'd3/10033.txt',
    'd3/10043.txt',
  ]);
  // the policy was asked of few of the 20,000 rows
  const [looks] = await users.owner('SELECT last_value FROM public.looks');
  expect(Number(looks?.['last_value'])).toBeLessThan(100);
});

test('what is hung on the tables neither gains anything nor tells strangers', async () => {
  await policy(`
    CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF new.name = 'raise' THEN RAISE EXCEPTION 'a secret of the owner'; END IF;
      IF new.name = 'skip' THEN RETURN NULL; END IF;
      new.user_metadata = jsonb_build_object('session', session_user, 'current', current_user);
      RETURN new;
    END $$;
    CREATE TRIGGER spy BEFORE INSERT ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.spy()`);
  const put = (name: string) =>
    as('service_role', ({ objects }) => objects.put(newObject('b', name), { upsert: false }));
  expect((await put('spied')).object.userMetadata).toEqual({
    session: `${users.projects[0]}_storage`,
    current: 'service_role',
  });
  expect(await codeOf(put('skip'))).toBe('DatabaseError');
  const raised = await put('raise').catch((error: unknown) => error);
  expect(raised).toBeInstanceOf(StorageError);
  expect([(raised as StorageError).message, (raised as StorageError).sqlstate]).toEqual([
    'The database of the project refused this (SQLSTATE P0001)',
    'P0001',
  ]);
  await policy('DROP TRIGGER spy ON storage.objects');
});

describe('rows that an owner makes large', () => {
  const MIB = 1024 * 1024;
  const service = <T>(work: (rows: StorageRows) => Promise<T>) => as('service_role', work);
  const find = (name: string) => service(({ objects }) => objects.find({ bucketId: 'b', name }));

  test('are read as if what is large were not there', async () => {
    await policy(`INSERT INTO storage.objects (bucket_id, name, version, metadata, user_metadata) VALUES
      ('b', 'large', repeat('v', ${MIB}), jsonb_build_object('size', 1, 'x', repeat('x', 20000)), jsonb_build_object('x', repeat('x', ${MIB})));
      INSERT INTO storage.buckets (id, name, allowed_mime_types)
        SELECT 'types', 'types', array_agg('a/' || number) FROM generate_series(1, 1000000) number`);
    const large = await find('large');
    expect(large).toMatchObject({ name: 'large', metadata: null, userMetadata: null });
    expect(large?.version).toHaveLength(2_048);
    const types = await service(({ buckets }) => buckets.rules('types'));
    expect(types?.allowedMimeTypes).toHaveLength(1_000);
    const [deleted] = await service(({ objects }) => objects.delete('b', ['large']));
    expect(deleted).toMatchObject({ name: 'large', metadata: null });
  });

  test('or have no names, are none that lists go on from', async () => {
    const names = ['NULL', "'a'", "repeat('n', 100000)"];
    for (const [index, name] of names.entries())
      await policy(`INSERT INTO storage.objects (bucket_id, name, version) VALUES ('b', ${name}, 'odd ${index}'),
        (NULL, ${name}, 'nowhere ${index}')`);
    const seen: string[] = [];
    let last: Place | undefined = { bucketId: 'b', name: '' };
    for (; last?.bucketId === 'b' && seen.length < 50; seen.push(last?.name ?? '')) {
      const after: Place = last;
      [last] = await service(({ objects }) => objects.inOrder(after, 1));
    }
    expect(seen.length).toBeLessThan(50);
    expect(seen.filter((name) => name === 'a' || name.length > 1_000)).toEqual(['a']);
    await policy(`SET storage.allow_delete_query = 'true';
      DELETE FROM storage.objects WHERE version LIKE 'odd %' OR version LIKE 'nowhere %'`);
  });

  test('all together are their own trouble', async () => {
    await policy(`INSERT INTO storage.objects (bucket_id, name, user_metadata)
      SELECT 'b', 'many/' || number, jsonb_build_object('x', repeat('x', 200000)) FROM generate_series(1, 200) number`);
    const names = Array.from({ length: 200 }, (_, index) => `many/${index + 1}`);
    const asked = service(({ objects }) => objects.delete('b', names)).catch((error: unknown) => error);
    expect(await asked).toMatchObject({ code: 'DatabaseError', sqlstate: '54000' });
    // nothing was done, and in lists they are as others
    expect(await service(({ objects }) => objects.findAll('b', names))).toHaveLength(200);
    expect(await service(({ objects }) => objects.deleteSome('b', 1_000))).not.toHaveLength(0);
  });

  test('when all is to end leave open whether it was done: bytes that a row names stay', async () => {
    await policy(`
      CREATE FUNCTION public.tells() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE NOTICE '%', repeat('x', ${34 * MIB}); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER tells AFTER INSERT ON storage.objects DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.tells()`);
    const put = service(({ objects }) => objects.put(newObject('b', 'told'), { upsert: false }));
    await expect(put).rejects.toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining('reach') as string,
    });
    await policy('DROP TRIGGER tells ON storage.objects; DROP FUNCTION public.tells()');
  });
});

test('an owner who drops what it takes hears so, and nobody else does', async () => {
  await policy('ALTER TABLE storage.objects RENAME COLUMN metadata TO other');
  const find = (project: (typeof users.projects)[number]) =>
    directory.as(project, callerOf('anon'), 'storage.object.get', ({ objects }) =>
      objects.find({ bucketId: 'b', name: 'a' }),
    );
  const told = await find(users.projects[0]).catch((error: unknown) => error);
  expect(told).toMatchObject({ code: 'DatabaseError', sqlstate: '42703' });
  expect((told as Error).message).toMatch(/its owner has changed it: column .*metadata/);
  expect(await find(users.projects[1])).toBeUndefined();
  await policy('ALTER TABLE storage.objects RENAME COLUMN other TO metadata');
});
