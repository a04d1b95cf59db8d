import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { readForm } from './read-form.ts';
import { givenMetadata, readUpload } from './read-upload.ts';

const TYPE = 'multipart/form-data; boundary="a b"';
const part = (disposition: string, body: string, type = '') =>
  `--a b\r\nContent-Disposition: form-data; ${disposition}\r\n${type && `Content-Type: ${type}\r\n`}\r\n${body}\r\n`;
const FILE = part('name="any"; filename="x.webm"', 'the\r\n--a\r\nfile', 'audio/webm;codecs=opus');
const CACHE = part('name="cacheControl"', '60');
const METADATA = part('name="metadata"', '{"ä":1}');
const END = '--a b--\r\n';

/** As it may come from a network. */
const inPieces = (form: string, size: number): Readable => {
  const bytes = Buffer.from(form);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
  return Readable.from(pieces, { objectMode: false });
};
const upload = (form: string, size = 7) => readUpload({ 'content-type': TYPE }, inPieces(form, size));

test.each([1, 2, 5, 64, 10_000])('in any order, in pieces of %d bytes, all of it counts', async (size) => {
  for (const form of [CACHE + METADATA + FILE, FILE + CACHE + METADATA, METADATA + FILE + CACHE]) {
    const { description, source, describedAtEnd } = await upload(form + END, size);
    expect(await text(source)).toBe('the\r\n--a\r\nfile');
    expect(await (describedAtEnd?.() ?? description)).toEqual({
      mediaType: 'audio/webm;codecs=opus',
      cacheControl: 'max-age=60',
      contentEncoding: null,
      userMetadata: { ä: 1 },
    });
  }
});

test('what stands behind a small file is known before it is stored', async () => {
  const { description, size, describedAtEnd } = await upload(FILE + CACHE + METADATA + END);
  expect([description.cacheControl, size, describedAtEnd]).toEqual(['max-age=60', 14, undefined]);
});

test('what stands behind a large one is known when it was read', async () => {
  const body = 'x'.repeat(700_000);
  const { description, source, describedAtEnd } = await upload(
    part('name=""; filename="large"', body) + METADATA + END,
    60_000,
  );
  expect(description.userMetadata).toBeNull();
  expect(await text(source)).toBe(body);
  expect((await describedAtEnd?.())?.userMetadata).toEqual({ ä: 1 });
});

test('a file of nothing is a file', async () => {
  const { source } = await upload(part('name=""; filename="empty"', '') + END);
  expect(await text(source)).toBe('');
});

test.each([
  ['ends early', FILE],
  ['ends in a field', CACHE.slice(0, -4)],
  ['has no file', CACHE + END],
  ['has two', FILE + FILE + END],
  ['is none', 'nonsense'],
  ['has metadata that is none', part('name="metadata"', '[') + FILE + END],
])('one that %s is refused', async (_what, form) => {
  const read = async () => {
    const { source, describedAtEnd } = await upload(form);
    await text(source);
    await describedAtEnd?.();
  };
  await expect(read()).rejects.toMatchObject({ code: 'InvalidRequest' });
});

test('one whose sender goes away fails for whoever reads the file', async () => {
  const body = new PassThrough();
  const reading = readForm({ body, contentType: TYPE });
  body.write(CACHE + part('name=""; filename="x"', 'half').slice(0, -2));
  const { file, ended } = await reading;
  const read = text(file);
  body.destroy(new Error('gone'));
  await expect(read).rejects.toThrow('gone');
  await expect(ended).rejects.toThrow('gone');
});

test('who sends a form too slowly is ended, before its file, within it and behind it', async () => {
  const begun = part('name=""; filename="x"', 'x'.repeat(300_000));
  for (const sent of [
    '--a b\r\nContent-Disp',
    FILE,
    `${begun}--a b\r\nContent-Disposition: form-data; name="a"\r\n\r\n`,
  ]) {
    const body = new PassThrough();
    const reading = (async () => {
      const { source, describedAtEnd } = await readUpload({ 'content-type': TYPE }, body, {
        everyMs: 50,
        leastBytes: 10,
      });
      await text(source);
      await describedAtEnd?.();
    })();
    body.write(sent);
    await expect(reading).rejects.toMatchObject({ code: 'RequestTimeout' });
    expect(body.destroyed).toBe(true);
  }
});

test('all fields together have a bound', async () => {
  const fields = (size: number) => part('name="a"', 'x'.repeat(size)).repeat(4);
  const { description } = await upload(fields(60_000) + CACHE + FILE + END, 60_000);
  expect(description.cacheControl).toBe('max-age=60');
  await expect(upload(fields(70_000) + CACHE + FILE + END, 60_000)).rejects.toMatchObject({
    code: 'InvalidRequest',
    message: 'The fields of the form are too large.',
  });
});

test.each([
  ['too deep', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
  ['one level too deep', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ['NUL', '{"a":["\\u0000"]}'],
  ['NUL in a name', '{"a\\u0000":1}'],
  ['half a character', '{"a":"\\ud800"}'],
  ['too much', JSON.stringify({ a: 'x'.repeat(65_536) })],
])('metadata: %s', (_what, json) => {
  expect(() => givenMetadata(json)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
});

test('metadata that only looks like it', () => {
  for (const value of [
    { a: '\\u0000' },
    { a: '\\ud800' },
    JSON.parse('{"a":'.repeat(31) + '1' + '}'.repeat(31)),
  ])
    expect(givenMetadata(JSON.stringify(value))).toEqual(value);
});
