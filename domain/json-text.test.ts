import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactJson, JsonText, parseExactJson } from './json-text.ts';

test.each([
  ['9007199254740993', '9007199254740993'],
  ['1e400', '1e400'],
  ['-0', '-0'],
  ['1.10', '1.10'],
  ['0.1', '0.1'],
  ['1.0', '1'],
  ['1e3', '1000'],
  ['9007199254740990.5', '9007199254740990.5'],
  ['{"a":[12345678901234567890,{"b":0.30000000000000004441}]}', undefined],
  ['[1,"9007199254740993",null,true]', undefined],
])('%s comes out as %s', (json, out) => expect(exactJson(parseExactJson(json))).toBe(out ?? json));

test('no number is changed', () => {
  const number = fc
    .tuple(fc.bigInt(), fc.option(fc.stringMatching(/^\d{1,25}$/)))
    .map(([whole, fraction]) => (fraction === null ? `${whole}` : `${whole}.${fraction}`));
  fc.assert(
    fc.property(number, (text) => {
      const trimmed = (out: string) =>
        (out.includes('.') ? out.replace(/[.]?0+$/, '') : out).replace(/^-0$/, '0');
      expect(trimmed(exactJson(parseExactJson(text)))).toBe(trimmed(text));
    }),
  );
});

test('a document is as it was, and nothing that looks like a place is taken for one', () => {
  const document = String.raw`{"b": 1, "10": 2, "b": 3, "x": "\ud800", "__proto__": 1e999}`;
  const alike = ['\\u00410', '"\\u00410"', '\\"\\u00410', 'A0', '\u0001'];
  const { rows } = JSON.parse(exactJson({ rows: [new JsonText('1'), ...alike] })) as { rows: unknown[] };
  expect(rows).toEqual([1, ...alike]);
  expect(exactJson({ rows: [new JsonText(document)] })).toBe(`{"rows":[${document}]}`);
  expect(exactJson(new JsonText('$&'))).toBe('$&');
});
