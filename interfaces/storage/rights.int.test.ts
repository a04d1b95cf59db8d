/** What each call takes of policies: that much does, and each part of it is needed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

const COMMANDS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
type Command = (typeof COMMANDS)[number];

let under: Awaited<ReturnType<typeof storageUnderTest>>;
let token: string;
beforeAll(async () => {
  under = await storageUnderTest();
  ({ token } = await under.user());
  // a request says itself what it may
  const may = (command: Command) =>
    `strpos(current_setting('request.headers')::json ->> 'x-may', '${command}') > 0`;
  for (const table of ['objects', 'buckets'])
    for (const command of COMMANDS)
      await under.owner(
        `CREATE POLICY "may ${command}" ON storage.${table} FOR ${command} TO authenticated
           ${command === 'INSERT' ? 'WITH CHECK' : 'USING'} (${may(command)})`,
      );
});
afterAll(() => under.close());

type Client = typeof under.service;
type Files = ReturnType<Client['from']>;
/** @returns whether it did something, or told something */
type Call = (files: Files, bucket: string, client: Client) => Promise<unknown>;

const ok = async (work: PromiseLike<{ error: unknown }>) => (await work).error === null;
const some = async (work: PromiseLike<{ data: readonly unknown[] | null }>) =>
  ((await work).data?.length ?? 0) > 0;

const CALLS: readonly (readonly [string, readonly Command[], Call])[] = [
  ['upload', ['INSERT'], (files) => ok(files.upload('new', 'x'))],
  ['upload of a form', ['INSERT'], (files) => ok(files.upload('new', new Blob(['x'])))],
  [
    'upload over what is there',
    ['SELECT', 'INSERT', 'UPDATE'],
    (files) => ok(files.upload('a', 'x', { upsert: true })),
  ],
  ['update of nothing', ['SELECT', 'INSERT', 'UPDATE'], (files) => ok(files.update('new', 'x'))],
  ['download', ['SELECT'], (files) => ok(files.download('a'))],
  ['info', ['SELECT'], (files) => ok(files.info('a'))],
  ['exists', ['SELECT'], async (files) => (await files.exists('a')).data],
  ['list', ['SELECT'], (files) => some(files.list())],
  ['listV2', ['SELECT'], async (files) => ((await files.listV2()).data?.objects.length ?? 0) > 0],
  ['createSignedUrl', ['SELECT'], (files) => ok(files.createSignedUrl('a', 60))],
  [
    'createSignedUrls',
    ['SELECT'],
    async (files) => (await files.createSignedUrls(['a'], 60)).data?.[0]?.signedURL !== null,
  ],
  ['createSignedUploadUrl', ['INSERT'], (files) => ok(files.createSignedUploadUrl('new'))],
  [
    'createSignedUploadUrl over what is there',
    ['SELECT', 'INSERT', 'UPDATE'],
    (files) => ok(files.createSignedUploadUrl('a', { upsert: true })),
  ],
  ['move', ['SELECT', 'UPDATE'], (files) => ok(files.move('a', 'moved'))],
  ['copy', ['SELECT', 'INSERT'], (files) => ok(files.copy('a', 'copied'))],
  ['remove', ['SELECT', 'DELETE'], (files) => some(files.remove(['a']))],
  ['createBucket', ['INSERT'], (_files, bucket, client) => ok(client.createBucket(`${bucket}-2`))],
  ['getBucket', ['SELECT'], (_files, bucket, client) => ok(client.getBucket(bucket))],
  ['listBuckets', ['SELECT'], (_files, _bucket, client) => some(client.listBuckets())],
  [
    'updateBucket',
    ['SELECT', 'UPDATE'],
    (_files, bucket, client) => ok(client.updateBucket(bucket, { public: true })),
  ],
  ['deleteBucket', ['SELECT', 'DELETE'], (_files, bucket, client) => ok(client.deleteBucket(`${bucket}-0`))],
];

async function attempt(call: Call, may: readonly Command[]) {
  const bucket = `b-${randomUUID().slice(0, 8)}`;
  await under.service.createBucket(bucket, { public: false });
  await under.service.createBucket(`${bucket}-0`);
  await under.service.from(bucket).upload('a', 'kept');
  const client = under.clientWith(token, under.project, { 'x-may': may.join(' ') });
  const before = await under.versions();
  const done = await call(client.from(bucket), bucket, client);
  return { done, changed: JSON.stringify(before) !== JSON.stringify(await under.versions()) };
}

describe.each(CALLS)('%s', (_name, needed, call) => {
  test(`takes ${needed.join(', ')}`, async () => {
    expect(await attempt(call, needed)).toMatchObject({ done: true });
  });

  test.each(needed)('is refused without %s', async (missing) => {
    const rest = COMMANDS.filter((command) => command !== missing);
    expect(await attempt(call, rest)).toEqual({ done: false, changed: false });
  });
});

test('emptying a bucket takes the service role, whatever policies say', async () => {
  const call: Call = (_files, bucket, client) => ok(client.emptyBucket(bucket));
  expect(await attempt(call, COMMANDS)).toEqual({ done: false, changed: false });
});

test('what is uploaded by a link was judged when it was made, and is whose link it is', async () => {
  const bucket = `b-${randomUUID().slice(0, 8)}`;
  await under.service.createBucket(bucket);
  const own = await under.user();
  const files = under.clientWith(own.token, under.project, { 'x-may': 'INSERT' }).from(bucket);
  const { data } = await files.createSignedUploadUrl('new');
  expect(await ok(under.anon.from(bucket).uploadToSignedUrl('new', data?.token ?? '', 'x'))).toBe(true);
  expect(
    await under.owner(`SELECT owner, owner_id FROM storage.objects WHERE bucket_id = '${bucket}'`),
  ).toEqual([{ owner: own.sub, owner_id: own.sub }]);
});

test('policies see the request, but for what proves something to us', async () => {
  const bucket = `b-${randomUUID().slice(0, 8)}`;
  await under.service.createBucket(bucket);
  await under.owner(`CREATE TABLE public.asked (headers text, path text, method text, claims text, sub text);
    GRANT INSERT ON public.asked TO anon;
    CREATE FUNCTION public.note() RETURNS boolean LANGUAGE sql VOLATILE AS $$
      INSERT INTO public.asked SELECT current_setting('request.headers'), current_setting('request.path'),
        current_setting('request.method'), current_setting('request.jwt.claims'),
        current_setting('request.jwt.claim.role') || ' ' || current_setting('request.jwt.claim.sub') || ' '
          || current_setting('role') || ' ' || (current_setting('request.jwt') <> '')
      RETURNING true $$;
    CREATE POLICY note ON storage.objects FOR SELECT TO anon USING (public.note() AND bucket_id = '${bucket}')`);
  await under.service.from(bucket).upload('a b', 'x');
  const key = await under.token({ mine: 'yes' });
  const answer = await fetch(`${under.url}/object/${bucket}/a%20b?download=x`, {
    headers: { authorization: `Bearer ${key}`, apikey: 'a secret', cookie: 'a=secret', 'x-mine': 'ä' },
  });
  expect(answer.status).toBe(200);
  const [seen] = await under.owner('SELECT * FROM public.asked');
  expect(JSON.parse(String(seen?.['headers']))).toMatchObject({ 'x-mine': expect.any(String) as string });
  expect(String(seen?.['headers'])).not.toMatch(/secret|authorization|Bearer|apikey|cookie/);
  expect(JSON.parse(String(seen?.['claims']))).toMatchObject({ mine: 'yes' });
  expect([seen?.['path'], seen?.['method'], seen?.['sub']]).toEqual([
    `/object/${bucket}/a%20b`,
    'GET',
    // who has no role is anon
    'anon  anon true',
  ]);
  await under.owner('DROP POLICY note ON storage.objects');
});
