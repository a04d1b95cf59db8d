import { expect, test } from 'vitest';
import { limitOf, textOf } from './limit-texts.ts';

test('an empty field is the platform’s limit, 0 is none, and what is no number is no limit', () => {
  expect(['', '  ', '0', ' 700 '].map(limitOf)).toEqual([null, null, 0, 700]);
  for (const wrong of ['1.5', '-1', '1e3', 'none', '12345678901', '7 0'])
    expect(limitOf(wrong)).toBeUndefined();
  expect([null, 0, 700].map(textOf)).toEqual(['', '0', '700']);
});
