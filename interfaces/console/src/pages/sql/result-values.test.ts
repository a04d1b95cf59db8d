import { expect, test } from 'vitest';
import { parseExact } from '../../api/exact-json.ts';
import { csvOf, typeName, unknownTypes, valueText } from './result-values.ts';

test('no value loses a digit, a document stays JSON', () => {
  const values = parseExact(
    '["9007199254740993",1.10,-0,true,null,"",{"n":12345678901234567890,"text":"a"},["a",null],[1.50]]',
  ) as unknown[];
  expect(values.map(valueText)).toEqual([
    '9007199254740993',
    '1.10',
    '-0',
    'true',
    null,
    '',
    '{"n":12345678901234567890,"text":"a"}',
    '["a",null]',
    '[1.50]',
  ]);
  expect(valueText({ text: 'a' })).toBe('{"text":"a"}');
});

test('types have names, and those that are nobody’s are asked for', () => {
  const fields = [
    { name: 'a', type_id: 20 },
    { name: 'b', type_id: 99_999 },
    { name: 'c', type_id: 99_999 },
  ];
  expect(unknownTypes(fields)).toEqual([99_999]);
  expect(fields.map((field) => typeName(field, { 99_999: 'mood' }))).toEqual(['int8', 'mood', 'mood']);
  expect(typeName(fields[1]!, {})).toBe('99999');
});

test('a file for spreadsheets tells NULL from an empty text', () => {
  expect(
    csvOf(
      ['a', 'b "c"'],
      [
        ['1,2', null],
        ['', 'x\ny'],
      ],
    ),
  ).toBe('a,"b ""c"""\r\n"1,2",\r\n"","x\ny"\r\n');
});
