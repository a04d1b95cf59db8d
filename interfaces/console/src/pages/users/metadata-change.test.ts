import { expect, test } from 'vitest';
import { documentChange, readDocument } from './metadata-change.ts';

test.each([
  ['', {}],
  ['{"a": [1]}', { a: [1] }],
  ['[1]', undefined],
  ['null', undefined],
  ['{"a": }', undefined],
  ['"text"', undefined],
])('%j is read as %j', (text, value) => expect(readDocument(text)).toEqual(value));

test('what is gone is null, what is the same is left out', () => {
  const before = { keep: { a: 1 }, gone: true, other: 1 };
  expect(documentChange(before, { keep: { a: 1 }, other: 2, fresh: 'x' })).toEqual({
    gone: null,
    other: 2,
    fresh: 'x',
  });
  expect(documentChange(before, { ...before })).toBeUndefined();
  expect(documentChange({}, { toString: 1 })).toEqual({ toString: 1 });
});
