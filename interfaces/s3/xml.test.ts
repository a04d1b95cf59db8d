import { expect, test } from 'vitest';
import { childrenOf, readXml, textIn } from './read-xml.ts';
import { xmlDocument } from './xml.ts';

const NAMES = [' a & b <c>', `"'`, ']]>', 'ä \u{1f600}', '\r\n\tx', '&amp;', ''];

test('what is written is what is read', () => {
  const written = xmlDocument(
    'Delete',
    NAMES.map((name) => ['Key', name] as const),
  );
  const read = readXml(written);
  expect(read.name).toBe('Delete');
  expect(childrenOf(read, 'Key').map(({ text }) => text)).toEqual(NAMES);
});

test('what XML cannot hold is not written', () => {
  expect(readXml(xmlDocument('a', [['b', 'x\0\u0001\ud800\uffffy']])).children[0]?.text).toBe(
    'x\ufffd\ufffd\ufffd\ufffdy',
  );
  expect(xmlDocument('a', [['b', undefined]], null)).toMatch(/<a><\/a>$/);
});

test('what SDKs send is read', () => {
  const sent = `<?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment -->
    <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">
      <Object><Key>a&#x26;b&#38;<![CDATA[<&>]]></Key><VersionId/></Object>
      <Object><Key> c </Key></Object><Quiet>true</Quiet>
    </s3:Delete>`;
  const read = readXml(sent);
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
])('%.40s is malformed', (text) =>
  expect(() => readXml(text)).toThrow(expect.objectContaining({ code: 'MalformedXML' })),
);
