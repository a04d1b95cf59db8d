import { expect, test } from 'vitest';
import { childrenOf, readXml, textIn } from './read-xml.ts';
import { xmlDocument } from './xml.ts';

const NAMES = [' a & b <c>', `"'`, ']]>', 'ä \u{1f600}', '\r\n\tx', '&amp;', ''];

test('what is written is what is read', async () => {
  const written = xmlDocument(
    'Delete',
    NAMES.map((name) => ['Key', name] as const),
  );
  const read = await readXml(written);
  expect(read.name).toBe('Delete');
  expect(childrenOf(read, 'Key').map(({ text }) => text)).toEqual(NAMES);
});

test('what XML cannot hold is not written', async () => {
  expect((await readXml(xmlDocument('a', [['b', 'x\0\u0001\ud800\uffffy']]))).children[0]?.text).toBe(
    'x\ufffd\ufffd\ufffd\ufffdy',
  );
  expect(xmlDocument('a', [['b', undefined]], null)).toMatch(/<a><\/a>$/);
});

test('what SDKs send is read', async () => {
  const sent = `<?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment -->
    <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">
      <Object><Key>a&#x26;b&#38;<![CDATA[<&>]]></Key><VersionId/></Object>
      <Object><Key> c </Key></Object><Quiet>true</Quiet>
    </s3:Delete>`;
  const read = await readXml(sent);
  expect(childrenOf(read, 'Object').map((object) => textIn(object, 'Key'))).toEqual(['a&b&<&>', ' c ']);
  expect(textIn(read, 'Quiet')).toBe('true');
  expect(textIn(read, 'Key')).toBeUndefined();
});

test.each([
  '',
  'x',
  '<a>',
  '</a>',
  '<a></b>',
  '<a/><b/>',
  '<a/>x',
  '<a><b></a></b>',
  '<a>&lol;</a>',
  '<a>&#x110000;</a>',
  '<a>& b</a>',
  '<a b=c/>',
  '<a b="<"/>',
  '<!DOCTYPE a [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><a>&lol2;</a>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  '<a><?php x ?></a>',
  '<a>'.repeat(20) + '</a>'.repeat(20),
  `<a>${'<'.repeat(100_000)}`,
  `<a ${'b '.repeat(100_000)}`,
  `<a>${'<!--'.repeat(50_000)}`,
  `<a>${'<b/>'.repeat(150_000)}</a>`,
])('%.40s is malformed', (text) =>
  expect(readXml(text)).rejects.toThrow(expect.objectContaining({ code: 'MalformedXML' })),
);

test('ten thousand parts with checksums are read, and others have their turn meanwhile', async () => {
  const part = (number: number) =>
    `<Part><ETag>&quot;${'a'.repeat(32)}&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32><PartNumber>${number}</PartNumber></Part>`;
  const document = `<C>${Array.from({ length: 10_000 }, (_, at) => part(at + 1)).join('\n')}</C>`;
  let turns = 0;
  const other = setInterval(() => turns++, 1);
  const read = await readXml(document);
  clearInterval(other);
  expect(childrenOf(read, 'Part')).toHaveLength(10_000);
  expect(turns).toBeGreaterThan(0);
});
