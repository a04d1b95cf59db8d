/** Whatever is sent: the fault is the caller's, nobody else's files are touched, and nothing of ours is told. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { storageUnderTest } from '../acceptance/storage-under-test.ts';

let under: Awaited<ReturnType<typeof storageUnderTest>>;
let id: string;
beforeAll(async () => {
  under = await storageUnderTest();
  id = `b-${randomUUID().slice(0, 8)}`;
  await under.service.createBucket(id, { public: false });
  await under.service.from(id).upload('kept', 'the bytes');
});
afterAll(() => under.close());

interface Sent {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly base?: string;
}

/** The path goes out as it is. */
function send(
  path: string,
  { method = 'GET', token = under.serviceKey, headers = {}, body, base }: Sent = {},
) {
  const { hostname, port, pathname } = new URL(base ?? under.url);
  return new Promise<{ status: number; text: string; code: string | undefined }>((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path: pathname + path,
        method,
        headers: {
          authorization: `Bearer ${token}`,
          // Node leaves it out where a method usually has no body
          ...(body !== undefined &&
            !('transfer-encoding' in headers) && { 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, text, code: /"code":"(\w+)"/.exec(text)?.[1] });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const KEYS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a slash', '/'],
  ['an empty part', 'a//b'],
  ['a slash at the end', 'a/'],
  ['a way up', '../kept'],
  ['a way up, encoded', '%2e%2e/kept'],
  ['a way up, slash encoded', '..%2fkept'],
  ['a way up, encoded twice', '%252e%252e%252fkept'],
  ['a backslash', '..%5ckept'],
  ['a way far up', `${'../'.repeat(20)}etc/passwd`],
  ['a dot', './kept'],
  ['NUL', 'a%00b'],
  ['a line end', 'a%0d%0ab'],
  ['a letter composed', 'a%CC%88'],
  ['a letter as one', '%C3%A4'],
  ['a wide slash', 'a%EF%BC%8Fb'],
  ['a turn', '%E2%80%AEa'],
  ['bytes that are no text', '%ff%fe'],
  ['a percent sign alone', 'a%'],
  ['half a character', '%ED%A0%80'],
  ['too much', 'x'.repeat(1025)],
];

describe('names', () => {
  test.each(KEYS)('%s is none, at any door', async (_what, key) => {
    const before = await under.versions();
    const asked = [
      send(`/object/${id}/${key}`, { method: 'POST', body: 'x' }),
      send(`/object/${id}/${key}`, { method: 'PUT', body: 'x' }),
      send(`/object/${id}/${key}`),
      send(`/object/${id}/${key}`, { method: 'DELETE', ...(key === '' && { headers: {} }) }),
      send(`/object/public/${id}/${key}`),
      send(`/object/authenticated/${id}/${key}`),
      send(`/object/info/${id}/${key}`),
      send(`/object/upload/sign/${id}/${key}`, json({})),
      send(`/object/sign/${id}/${key}`, json({ expiresIn: 60 })),
    ];
    for (const { status, text } of await Promise.all(asked)) {
      expect([status, text]).toEqual([
        400,
        expect.not.stringMatching(/the bytes|root:|node_modules|storage\.objects/),
      ]);
    }
    expect(await under.versions()).toEqual(before);
  });

  test.each(['', '/', 'a//b', 'a/', '../kept', '%2e%2e/kept', '..%2fkept', './kept', '%C3%A4', 'a%0d%0ab'])(
    '%j is told to be none',
    async (key) => {
      for (const method of ['POST', 'PUT'])
        expect((await send(`/object/${id}/${key}`, { method, body: 'x' })).code).toBe('InvalidKey');
    },
  );

  test('are decoded once', async () => {
    // what is left is a percent sign, which no name has
    expect((await send(`/object/${id}/a%2541`, { method: 'POST', body: 'x' })).code).toBe('InvalidKey');
    const path = 'a%20%2B%3F%26b%27';
    expect((await send(`/object/${id}/${path}`, { method: 'POST', body: 'plus' })).status).toBe(200);
    expect((await under.service.from(id).list('', { search: 'a +' })).data).toMatchObject([
      { name: "a +?&b'" },
    ]);
    expect((await send(`/object/${id}/${path}`)).text).toBe('plus');
    expect((await send(`/object/${id}/a++&b'`)).status).toBe(400);
  });

  test.each(['', '/', 'a//b', '/a', 'a/', '../a', 'a\u0000b', 'ä', 'a[1]'])(
    '%j is none in a body',
    async (key) => {
      for (const path of ['/object/move', '/object/copy']) {
        const to = await send(path, json({ bucketId: id, sourceKey: 'kept', destinationKey: key }));
        const from = await send(path, json({ bucketId: id, sourceKey: key, destinationKey: 'x' }));
        expect([to.status, from.status]).toEqual([400, 400]);
      }
      const many = await send(`/object/sign/${id}`, json({ expiresIn: 60, paths: [key] }));
      if (key.includes('\0')) expect(many.status).toBe(400);
      else expect(JSON.parse(many.text)).toMatchObject([{ signedURL: null }]);
    },
  );

  test.each(['', ' a', 'a/b', '..', 'ä', 'x'.repeat(101), 'a\u0000'])(
    'a bucket is not called %j',
    async (name) => {
      expect((await send('/bucket', json({ name }))).status).toBe(400);
    },
  );

  test('no folder is one either', async () => {
    for (const prefix of ['..', '../', '/', '//', 'a%', '_', "'; DROP TABLE storage.objects; --", '\u202e']) {
      const list = await send(`/object/list/${id}`, json({ prefix, search: prefix }));
      expect([prefix, list.status]).toEqual([prefix, 200]);
      const page = await send(`/object/list-v2/${id}`, json({ prefix, with_delimiter: true }));
      expect([prefix, page.status]).toEqual([prefix, 200]);
    }
    for (const cursor of [
      'x',
      Buffer.from('["a"]').toString('base64url'),
      Buffer.from('["a","now()"]').toString('base64url'),
    ])
      expect(
        (await send(`/object/list-v2/${id}`, json({ cursor, sortBy: { column: 'created_at' } }))).status,
      ).toBe(400);
    expect(
      (await send(`/object/list/${id}`, json({ sortBy: { column: 'name; DROP TABLE x' } }))).status,
    ).toBe(400);
  });
});

test('what is removed is named, and not too much of it', async () => {
  const remove = (prefixes: unknown) => send(`/object/${id}`, { ...json({ prefixes }), method: 'DELETE' });
  expect(JSON.parse((await remove(['k', 'kep%', '*', '', '/', 'kept/', '../kept'])).text)).toEqual([]);
  expect((await remove(Array.from({ length: 10_000 }, (_, at) => `f${at}`))).status).toBe(400);
  const thousand = Array.from({ length: 999 }, (_, at) => `f${at}`);
  expect(JSON.parse((await remove(thousand)).text)).toEqual([]);
  expect((await remove('kept')).status).toBe(400);
  expect((await remove({})).status).toBe(400);
  expect(await (await under.service.from(id).download('kept')).data?.text()).toBe('the bytes');
});

describe('tokens', () => {
  test('of nobody, of another project, of a role that is none for callers', async () => {
    const other = await under.token({ role: 'service_role' }, under.otherProject);
    const roles = [
      'none',
      'postgres',
      'pg_read_all_data',
      `${under.project}_owner`,
      `${under.project}_storage`,
      'x"y',
    ];
    const wrong = await Promise.all(roles.map((role) => under.token({ role })));
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"role":"service_role"}').toString('base64url')}.`;
    for (const token of [other, unsigned, 'x', ...wrong]) {
      const list = await send('/bucket', { token });
      expect([list.status, list.text]).toEqual([400, expect.not.stringContaining(id)]);
      expect((await send(`/object/${id}/kept`, { token })).status).toBe(400);
      expect((await send(`/object/${id}/new`, { token, method: 'POST', body: 'x' })).status).toBe(400);
    }
  });

  test('that are over, or not yet good', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [{ exp: now - 60 }, { nbf: now + 600 }]) {
      const token = await under.token({ role: 'service_role', ...claims });
      expect((await send('/bucket', { token })).status).toBe(400);
    }
  });

  test('of links are good for one thing, here, for their time', async () => {
    const files = under.service.from(id);
    const { data } = await files.createSignedUrl('kept', 60);
    const token = new URL(data?.signedUrl ?? '').searchParams.get('token') ?? '';
    const upload = (await files.createSignedUploadUrl('linked')).data?.token ?? '';
    const by = (path: string, one: string, more: Sent = {}) =>
      send(`${path}?token=${one}`, { token: 'x', ...more });
    expect((await by(`/object/sign/${id}/kept`, token)).text).toBe('the bytes');
    const put = { method: 'PUT', body: 'x' };
    const refused = await Promise.all([
      by(`/object/sign/${id}/other`, token),
      by(`/object/sign/${id}/kept`, upload),
      by(`/object/upload/sign/${id}/kept`, token, put),
      by(`/object/upload/sign/${id}/elsewhere`, upload, put),
      by(`/object/sign/${id}/kept`, token, { base: under.otherUrl }),
      by(`/object/sign/${id}/kept`, under.serviceKey),
      by(`/object/sign/${id}/kept`, `${token}x`),
      by(`/object/sign/${id}/kept`, ''),
      send(`/object/sign/${id}/kept`, { token: 'x' }),
    ]);
    for (const { status, text } of refused)
      expect([status, text]).toEqual([400, expect.not.stringContaining('the bytes')]);
    // a link is no key
    expect((await send('/bucket', { token })).status).toBe(400);
    // somebody else's hand
    const forged = await new SignJWT({ url: `${id}/kept`, scope: 'download' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(`the secret of ${under.project}, of more than 32 letters`));
    expect((await by(`/object/sign/${id}/kept`, forged)).status).toBe(400);
    under.advance(61);
    const over = await by(`/object/sign/${id}/kept`, token);
    expect([over.status, over.code]).toEqual([400, 'InvalidJWT']);
    under.advance(-61);
    under.advance(-600);
    expect((await by(`/object/sign/${id}/kept`, token)).status).toBe(400);
    under.advance(600);
  });
});

describe('bodies', () => {
  const left = async () => (await under.versions()).length;

  test('that are not what they say leave nothing', async () => {
    const before = await left();
    const { hostname, port, pathname } = new URL(under.url);
    const broken = (text: string) =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(text);
          setTimeout(() => socket.destroy(), 200);
        });
        socket.on('close', () => resolve());
        socket.on('error', () => {});
      });
    const head = `POST ${pathname}/object/${id}/broken HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${under.serviceKey}\r\n`;
    await broken(`${head}Content-Length: 1000\r\n\r\nonly this`);
    await broken(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    await broken(
      `${head}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name=""; filename="x"\r\n\r\nhalf`,
    );
    await vi.waitFor(async () => expect(await left()).toBe(before));
    expect((await under.service.from(id).exists('broken')).data).toBe(false);
  });

  test('of forms that are none', async () => {
    const before = await left();
    const form = (body: string, type = 'multipart/form-data; boundary=b') =>
      send(`/object/${id}/form`, { method: 'POST', headers: { 'content-type': type }, body });
    const part = (disposition: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
    const file = part('name=""; filename="x"', 'hello');
    const wrong = [
      form('', 'multipart/form-data'),
      form(''),
      form('nonsense'),
      form('--b--'),
      form(`${part('name="a"', 'b')}--b--`),
      form(file),
      form(`${file}${file}--b--`),
      form(`${part('name="metadata"', '{')}${file}--b--`),
      form(`${part('name="metadata"', '[1]')}${file}--b--`),
      form(`${part('name="metadata"', '{"a":"\\u0000"}')}${file}--b--`),
      form(`${part('name="cacheControl"', 'x'.repeat(300_000))}${file}--b--`),
      form(`${part('name="a"', 'b').repeat(60)}${file}--b--`),
      form(`${file}${part('name="metadata"', 'null]')}--b--`),
    ];
    for (const { status, code } of await Promise.all(wrong))
      expect([status, code]).toEqual([400, expect.stringMatching(/^Invalid/)]);
    expect(await left()).toBe(before);
    expect((await form(`${file}--b--`)).status).toBe(200);
  });

  test('over a limit are cut off, whatever they say', async () => {
    const small = `s-${randomUUID().slice(0, 8)}`;
    await under.service.createBucket(small, {
      public: false,
      fileSizeLimit: 1000,
      allowedMimeTypes: ['text/*'],
    });
    const before = await left();
    const post = (headers: Record<string, string>, body: string) =>
      send(`/object/${small}/a`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', ...headers },
        body,
      });
    expect((await post({}, 'x'.repeat(1001))).code).toBe('EntityTooLarge');
    expect((await post({ 'transfer-encoding': 'chunked' }, 'x'.repeat(1001))).code).toBe('EntityTooLarge');
    expect((await post({ 'content-type': 'image/png' }, 'x')).code).toBe('InvalidMimeType');
    expect((await post({ 'content-type': 'nonsense' }, 'x')).code).toBe('InvalidMimeType');
    under.limit(500);
    expect((await post({}, 'x'.repeat(501))).code).toBe('EntityTooLarge');
    under.limit();
    expect(await left()).toBe(before);
    expect((await post({ 'transfer-encoding': 'chunked' }, 'x'.repeat(1000))).status).toBe(200);
    // nor do they come from another bucket
    await under.service.from(id).upload('a picture', 'x', { contentType: 'image/png' });
    await under.service.from(id).upload('a book', 'x'.repeat(1001));
    for (const [key, statusCode] of [
      ['a picture', '415'],
      ['a book', '413'],
    ] as const) {
      const to = { destinationBucket: small };
      expect((await under.service.from(id).move(key, 'b', to)).error).toMatchObject({ statusCode });
      expect((await under.service.from(id).copy(key, 'b', to)).error).toMatchObject({ statusCode });
    }
  });

  test('nobody may store are not taken', async () => {
    const before = await left();
    const { error } = await under.anon.from(id).upload('a', Buffer.alloc(5_000_000));
    expect(error).toMatchObject({ statusCode: '403' });
    expect(await left()).toBe(before);
    // nobody waits for the bytes to say so
    const { hostname, port, pathname } = new URL(under.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${pathname}/object/${id}/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${under.anonKey}\r\nContent-Length: 5000000\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  test('of JSON are bytes', async () => {
    const text = '{"__proto__": 1,   "a": [1e999]}';
    const headers = { 'content-type': 'application/json' };
    expect((await send(`/object/${id}/j.json`, { method: 'POST', headers, body: text })).status).toBe(200);
    expect((await send(`/object/${id}/j.json`)).text).toBe(text);
  });

  test('have headers that are read, and others that are not', async () => {
    const post = (headers: Record<string, string>) =>
      send(`/object/${id}/headers-${randomUUID()}`, { method: 'POST', headers, body: 'x' });
    for (const metadata of ['!!!', Buffer.from('{').toString('base64'), Buffer.from('[]').toString('base64')])
      expect((await post({ 'x-metadata': metadata })).status).toBe(400);
    const deep = `{"a":${'['.repeat(3_000)}${']'.repeat(3_000)}}`;
    expect((await post({ 'x-metadata': Buffer.from(deep).toString('base64') })).status).toBe(400);
    const nul = Buffer.from('{"a":"\\u0000"}').toString('base64');
    expect((await post({ 'x-metadata': nul })).status).toBe(400);
    expect((await post({ 'x-role': 'service_role', 'x-forwarded-for': '1.1.1.1' })).status).toBe(200);
    expect((await post({ 'x-huge': 'x'.repeat(60_000) })).status).toBe(431);
  });
});

test('what is said of a file cannot break its answers', async () => {
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  const file = '--b\r\nContent-Disposition: form-data; name=""; filename="x"\r\n\r\nx\r\n--b--';
  const form = (fields: string) =>
    send(`/object/${id}/said`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'x-upsert': 'true' },
      body: fields + file,
    });
  const copy = (metadata: object) =>
    send(
      '/object/copy',
      json({ bucketId: id, sourceKey: 'kept', destinationKey: 'copied', copyMetadata: false, metadata }),
    );
  for (const text of ['text/plain\n;x', 'text/plain;\r\nx: y', 'ä/x', 'x'.repeat(1_000)]) {
    expect((await form(part('contentType', text))).code).toBe('InvalidMimeType');
    expect((await copy({ mimetype: text })).code).toBe('InvalidMimeType');
  }
  for (const text of ['a,\nb', 'gzip\r\nx: y', 'x'.repeat(1_000)]) {
    expect((await form(part('contentEncoding', text))).code).toBe('InvalidRequest');
    expect((await copy({ contentEncoding: text })).code).toBe('InvalidRequest');
  }
  // what is no field's value is none
  expect((await form(part('cacheControl', 'a\r\nx: y'))).status).toBe(200);
  expect((await send(`/object/${id}/said`)).text).toBe('x');
  // a row may say anything
  const odd = { mimetype: 'text/plain\n;x', contentEncoding: 'a,\nb', eTag: '"a\nb"', cacheControl: 'a\nb' };
  await under.owner(
    `UPDATE storage.objects SET metadata = metadata || '${JSON.stringify(odd)}' WHERE bucket_id = '${id}' AND name = 'said'`,
  );
  expect(await send(`/object/${id}/said`)).toMatchObject({ status: 200, text: 'x' });
});

test('of many uploads to a free name one is stored, whatever way they come', async () => {
  const path = `race-${randomUUID()}`;
  const raw = () => send(`/object/${id}/${path}`, { method: 'POST', body: 'raw' });
  const formed = () => under.service.from(id).upload(path, new Blob(['form']));
  const before = (await under.versions()).length;
  const outcomes = await Promise.all([raw(), formed(), raw(), formed(), raw(), formed()]);
  const done = outcomes.filter((one) => ('status' in one ? one.status === 200 : one.error === null));
  expect(done).toHaveLength(1);
  await vi.waitFor(async () => expect((await under.versions()).length).toBe(before + 1));
});

test('two projects have the same names for different files', async () => {
  const other = under.clientWith(
    await under.token({ role: 'service_role' }, under.otherProject),
    under.otherProject,
  );
  await other.createBucket(id, { public: true });
  expect((await other.from(id).download('kept')).error).toBeTruthy();
  await other.from(id).upload('kept', 'of the other');
  expect(await (await under.service.from(id).download('kept')).data?.text()).toBe('the bytes');
  expect(await (await other.from(id).download('kept')).data?.text()).toBe('of the other');
  // a row can only name bytes of its own project
  const [theirs] = await under.versions(under.otherProject);
  await under.owner(
    `UPDATE storage.objects SET version = '${theirs}' WHERE name = 'kept' AND bucket_id = '${id}'`,
  );
  expect((await under.service.from(id).download('kept')).error).toBeTruthy();
});

test('none of this was a mistake of ours', () => {
  expect(under.warned).toEqual([]);
});
