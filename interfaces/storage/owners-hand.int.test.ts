/** What owners do to the tables of their own project's files: it is theirs alone, they are told, and nothing is left behind. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { emptyBucket } from '../../application/storage/empty-bucket.ts';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
let theirs: ReturnType<typeof under.clientWith>;
let user: Awaited<ReturnType<typeof under.user>>;
const id = `b-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  under = await storageUnderTest();
  user = await under.user();
  const key = await under.token({ role: 'service_role' }, under.otherProject);
  theirs = under.clientWith(key, under.otherProject);
  for (const storage of [under.service, theirs]) {
    await storage.createBucket(id, { public: false });
    await storage.from(id).upload('kept', 'the bytes');
  }
});
afterAll(() => under.close());
let undo = '';
const doing = async (sql: string, undone: string) => {
  await under.owner(sql);
  undo = undone;
};
const FUNCTION = (body: string) =>
  `CREATE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${body} END $f$;`;
const DROP = 'DROP FUNCTION public.theirs() CASCADE';
const upload = (name: string = randomUUID()) => under.service.from(id).upload(name, 'x');
const refused = (code: string, message: RegExp, status = 500) => ({
  status,
  code,
  message: expect.stringMatching(message) as string,
});

describe('and takes back', () => {
  /** whatever was done is undone, and all is as it was */
  afterEach(async () => {
    await under.owner(undo);
    undo = '';
  });

  test.each([
    [
      'is renamed',
      'ALTER TABLE storage.objects RENAME COLUMN metadata TO other',
      'ALTER TABLE storage.objects RENAME COLUMN other TO metadata',
      /its owner has changed it: column .*metadata.* does not exist/,
    ],
    [
      'is of another type',
      'ALTER TABLE storage.objects ALTER COLUMN metadata TYPE int[] USING NULL',
      `ALTER TABLE storage.objects ALTER COLUMN metadata TYPE jsonb USING NULL; UPDATE storage.objects SET metadata = '{"size": 9}'`,
      /\(SQLSTATE 22P02\)/,
    ],
  ])('a column that %s', async (_what, sql, undone, message) => {
    await doing(sql, undone);
    expect((await upload()).error).toMatchObject(refused('DatabaseError', message));
    expect((await theirs.from(id).upload(randomUUID(), 'x')).error).toBeNull();
  });

  test('rights that are taken away from the service', async () => {
    await doing(
      'REVOKE ALL ON storage.objects FROM service_role',
      'GRANT ALL ON storage.objects TO service_role',
    );
    const denied = refused('AccessDenied', /permission denied for table objects/, 400);
    const files = under.service.from(id);
    expect((await upload()).error).toMatchObject(denied);
    expect((await files.list()).error).toMatchObject(denied);
    expect((await files.remove(['kept'])).error).toMatchObject(denied);
    // nothing of it is removed
    expect(await under.versions()).toHaveLength(1);
  });

  test.each([
    ['when the row is written', 'BEFORE INSERT ON storage.objects FOR EACH ROW'],
    ['when it is committed', 'AFTER INSERT ON storage.objects DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'],
  ])('a trigger that refuses %s leaves no bytes, and tells strangers nothing', async (_when, where) => {
    const kind = where.includes('DEFERRED') ? 'CONSTRAINT TRIGGER' : 'TRIGGER';
    const raise = `IF new.metadata ? 'eTag' THEN RAISE EXCEPTION 'a secret of the owner'; END IF; RETURN new;`;
    await doing(`${FUNCTION(raise)} CREATE ${kind} theirs ${where} EXECUTE FUNCTION public.theirs()`, DROP);
    const before = await under.versions();
    const answer = await upload('refused');
    expect(answer.error).toMatchObject(
      refused('DatabaseError', /^The database of the project refused this \(SQLSTATE P0001\)$/),
    );
    expect(await under.versions()).toEqual(before);
    expect((await under.service.from(id).exists('refused')).data).toBe(false);
  });

  test('a trigger that keeps rows out, or makes others of them, is told or lived with', async () => {
    await doing(
      `${FUNCTION('RETURN NULL;')} CREATE TRIGGER theirs BEFORE INSERT ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.theirs()`,
      DROP,
    );
    const before = await under.versions();
    expect((await upload('kept out')).error).toMatchObject(refused('DatabaseError', /keeps the row out/));
    expect(await under.versions()).toEqual(before);
    await under.owner(`CREATE OR REPLACE FUNCTION public.theirs() RETURNS trigger LANGUAGE plpgsql AS $f$
    BEGIN new.version = 'nonsense'; new.metadata = NULL; RETURN new; END $f$`);
    expect((await upload('odd')).error).toBeNull();
    const files = under.service.from(id);
    expect((await files.download('odd')).error).toMatchObject({ status: 400 });
    expect((await files.list()).data?.map(({ name }) => name)).toContain('odd');
    expect((await files.remove(['odd'])).data).toHaveLength(1);
  });

  test.each([
    [
      'asks itself',
      'EXISTS (SELECT FROM storage.objects)',
      refused('DatabaseError', /its owner has changed it: infinite recursion/),
    ],
    [
      'casts what cannot be',
      `name::uuid = '${randomUUID()}'`,
      refused('DatabaseError', /\(SQLSTATE 22P02\)/),
    ],
    ['divides by nothing', '1 / 0 > length(name)', refused('DatabaseError', /\(SQLSTATE 22012\)/)],
    [
      'looks where callers may not',
      'EXISTS (SELECT FROM public.hidden)',
      refused('AccessDenied', /permission denied for table hidden/, 400),
    ],
  ])('a policy that %s', async (_what, condition, told) => {
    await doing(
      `CREATE TABLE public.hidden (); REVOKE ALL ON public.hidden FROM authenticated; CREATE POLICY theirs ON storage.objects FOR SELECT TO authenticated USING (${condition})`,
      'DROP POLICY theirs ON storage.objects; DROP TABLE public.hidden',
    );
    const files = user.storage.from(id);
    expect((await files.list()).error).toMatchObject(told);
    const { error } = await files.createSignedUrl('kept', 60);
    expect(error).toMatchObject(told);
  });

  test('a bucket that fills itself again is emptied for some time, and not for ever', async () => {
    const own = `f-${randomUUID().slice(0, 8)}`;
    await under.service.createBucket(own);
    await under.service.from(own).upload('a', 'x');
    const body = `IF old.bucket_id = '${own}' THEN INSERT INTO storage.objects (bucket_id, name) VALUES ('${own}', gen_random_uuid()); END IF; RETURN NULL;`;
    await doing(
      `${FUNCTION(body)} CREATE TRIGGER theirs AFTER DELETE ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.theirs()`,
      DROP,
    );
    let now = 0;
    let atOnce = 0;
    let most = 0;
    const clock = { ...under.storage.clock, elapsedMs: () => now, sleep: () => Promise.resolve() };
    const directory: typeof under.storage.directory = {
      as: (...asked) => {
        most = Math.max(most, ++atOnce);
        return under.storage.directory.as(...asked).finally(() => atOnce--);
      },
    };
    const caller = {
      role: 'service_role',
      claims: {},
      token: undefined,
      request: { method: 'POST', path: '/', headers: {} },
    };
    const deps = { ...under.storage, clock, directory };
    for (let times = 0; times < 5; times++) await emptyBucket(deps, { id: under.project }, caller, own);
    await expect.poll(() => atOnce).toBe(1);
    now = 3_600_000;
    await expect.poll(() => atOnce).toBe(0);
    // who asks, and what is under way: never two of these
    expect(most).toBeLessThanOrEqual(2);
    expect((await under.service.from(own).list()).data).toHaveLength(1);
  });

  test('what a trigger leaves set is over with its request', async () => {
    const body = `PERFORM set_config('role', 'service_role', false); PERFORM set_config('search_path', 'nowhere', false);
    PERFORM set_config('default_transaction_read_only', 'on', false); PERFORM set_config('row_security', 'off', false);
    PERFORM set_config('request.jwt.claims', '{"role":"service_role"}', false); RETURN new;`;
    await doing(
      `${FUNCTION(body)} CREATE TRIGGER theirs BEFORE INSERT ON storage.objects FOR EACH ROW EXECUTE FUNCTION public.theirs()`,
      DROP,
    );
    await Promise.all(Array.from({ length: 10 }, () => upload()));
    await under.owner('DROP TRIGGER theirs ON storage.objects');
    for (let times = 0; times < 10; times++) {
      expect((await user.storage.from(id).list()).data).toEqual([]);
      expect((await upload()).error).toBeNull();
    }
  });

  test('buckets that are no buckets of ours are listed, and nothing comes into them', async () => {
    const name = `ö/${randomUUID()}`;
    await doing(
      `INSERT INTO storage.buckets (id, name, file_size_limit, allowed_mime_types) VALUES ('${name}', '${name}', -1, '{nonsense}')`,
      `SET storage.allow_delete_query = 'true'; DELETE FROM storage.buckets WHERE name = '${name}'`,
    );
    expect((await under.service.listBuckets({ search: name })).data).toMatchObject([{ id: name }]);
    const answer = await fetch(`${under.url}/object/${encodeURIComponent(name)}/a`, {
      method: 'POST',
      headers: { authorization: `Bearer ${under.serviceKey}` },
      body: 'x',
    });
    expect(await answer.json()).toMatchObject({ code: 'NoSuchBucket' });
  });

  test('rules that they write by SQL are kept to: nothing is less than nothing', async () => {
    await doing(
      `UPDATE storage.buckets SET file_size_limit = 0, allowed_mime_types = '{nonsense}' WHERE id = '${id}'`,
      `UPDATE storage.buckets SET file_size_limit = NULL, allowed_mime_types = NULL WHERE id = '${id}'`,
    );
    const before = await under.versions();
    expect((await upload()).error).toMatchObject({ code: 'EntityTooLarge' });
    expect((await under.service.from(id).upload('nothing', '')).error).toMatchObject({
      code: 'InvalidMimeType',
    });
    expect(await under.versions()).toEqual(before);
  });

  test('all is as it was', async () => {
    expect(await (await under.service.from(id).download('kept')).data?.text()).toBe('the bytes');
    expect((await upload()).error).toBeNull();
  });
});

test('a table that is gone: they hear which at every call, and the others hear nothing', async () => {
  await under.owner('DROP TABLE storage.objects CASCADE');
  const told = refused(
    'DatabaseError',
    /its owner has changed it: relation "storage.objects" does not exist/,
  );
  const files = under.service.from(id);
  const calls = [
    files.upload('a', 'x'),
    files.download('kept'),
    files.info('kept'),
    files.list(),
    files.listV2(),
    files.remove(['kept']),
    files.move('kept', 'b'),
    files.copy('kept', 'b'),
    files.createSignedUrl('kept', 60),
    files.createSignedUploadUrl('b'),
    under.service.emptyBucket(id),
  ];
  for (const { error } of await Promise.all(calls)) expect(error).toMatchObject(told);
  // its bytes wait for whoever brings the table back
  expect(await under.versions()).not.toEqual([]);
  expect((await under.service.getBucket(id)).error).toBeNull();
  expect(await (await theirs.from(id).download('kept')).data?.text()).toBe('the bytes');
});

test('none of it was a mistake of the platform’s', () => {
  expect(JSON.stringify(under.warned)).not.toMatch(/platform\/bug/);
});
