/** How the storage is asked; that it answers so is for the acceptance test. */
import { expect, test } from 'vitest';
import { storageClient } from './storage-client.ts';

function asking(...answers: readonly unknown[]) {
  const asked: (readonly [string, unknown])[] = [];
  const left = [...answers];
  const client = storageClient((path, init) => {
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
    asked.push([`${init?.method ?? 'GET'} ${path}`, body]);
    return Promise.resolve(Response.json(left.shift() ?? {}));
  });
  return { client, asked };
}

test('a link has its path encoded, also where the name has a question mark', async () => {
  const { client, asked } = asking({ signedURL: '/object/sign/my b/a?token=x/c d.txt?token=T.t-_' });
  expect(await client.link('my b', 'a?token=x/c d.txt', 60)).toBe(
    '/object/sign/my%20b/a%3Ftoken%3Dx/c%20d.txt?token=T.t-_',
  );
  expect(asked).toEqual([['POST /object/sign/my%20b/a%3Ftoken%3Dx/c%20d.txt', { expiresIn: 60 }]]);
});

test('what is in a folder, page by page', async () => {
  const metadata = { size: 3, mimetype: 'image/png' };
  const objects = [
    { name: 'a/b.png', updated_at: 'then', metadata },
    { name: 'a/c', updated_at: null, metadata: null },
  ];
  const { client, asked } = asking({ hasNext: true, nextCursor: 'N', folders: [{ name: 'a/d/' }], objects });
  expect(await client.folder('b', 'a/', null)).toEqual({
    folders: ['a/d/'],
    files: [
      { path: 'a/b.png', size: 3, type: 'image/png', changedAt: 'then' },
      { path: 'a/c', size: null, type: null, changedAt: null },
    ],
    next: 'N',
  });
  expect(asked[0]?.[1]).toMatchObject({ prefix: 'a/', cursor: null, with_delimiter: true });
});

test('everything below a folder, of all pages', async () => {
  const of = (name: string) => ({ name, updated_at: null, metadata: null });
  const { client, asked } = asking(
    { hasNext: true, nextCursor: 'N', folders: [], objects: [of('a/1')] },
    { hasNext: false, folders: [], objects: [of('a/b/2')] },
  );
  expect(await client.allBelow('b', 'a/')).toEqual(['a/1', 'a/b/2']);
  expect(asked[1]?.[1]).toMatchObject({ cursor: 'N', with_delimiter: false });
});

test('many are removed a thousand at a time, and none without asking', async () => {
  const { client, asked } = asking([], [], []);
  await client.remove('b', []);
  await client.remove(
    'b',
    Array.from({ length: 1_001 }, (_, at) => `f${at}`),
  );
  const counts = asked.map(([, body]) => (body as { readonly prefixes: readonly string[] }).prefixes.length);
  expect(counts).toEqual([1_000, 1]);
});
