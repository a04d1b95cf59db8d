import { expect, test } from 'vitest';
import { ExactNumber, parseExact } from './exact-json.ts';

test.each(['12345678901234567890', '0.1000', '1e400', '-0.0', '3.14159265358979323846'])(
  '%s keeps its digits, there and back',
  (text) => {
    const read = parseExact(`{"n":${text}}`) as { n: unknown };
    expect(String(read.n)).toBe(text);
    expect(read.n).toBeInstanceOf(ExactNumber);
    expect(JSON.stringify(read)).toBe(`{"n":${text}}`);
  },
);

test('what a double has whole is a number', () => {
  expect(parseExact('[1,-2.5,0,"12345678901234567890",null]')).toEqual([
    1,
    -2.5,
    0,
    '12345678901234567890',
    null,
  ]);
});
